//! Where each value comes from, and all of them as a list.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::Settings;
use crate::domain::integrate::Resolver;
use crate::domain::suite::ConfiguredModule;
use crate::domain::task::{Claims, Regenerate, SetupHook, human_size, parse_size};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// The user's own file.
    User(PathBuf),
    /// The repository's file.
    Repository(PathBuf),
    /// A `WT_ORCH_*` variable.
    Environment,
    /// The file given with `--config`.
    Given(PathBuf),
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::User(path) | Self::Repository(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Given(path) => write!(f, "--config {}", path.display()),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// The origin of each value, by its dotted key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// The origin of a key such as `run.slots`.
    pub fn of(&self, key: &str) -> &Origin {
        self.0.get(key).unwrap_or(&Origin::Default)
    }

    pub(super) fn note(&mut self, key: &str, origin: Origin) {
        self.0.insert(key.to_owned(), origin);
    }
}

/// One value for a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Dotted key, as TOML wants it.
    pub key: String,
    /// Value in TOML.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}  # {}", self.key, self.value, self.origin)
    }
}

/// Every setting in the order of `orchestrator.toml.example`. All lines together, without what
/// follows `#`, are a valid file with the same settings.
pub(super) fn entries(settings: &Settings, origins: &Origins) -> Vec<Entry> {
    let worktree = &settings.worktree;
    let run = &settings.run;
    let integrate = &settings.integrate;
    let resolution = &integrate.resolution;
    let mut all = vec![
        ("worktree_path".to_owned(), quoted(settings.worktree_path.as_str())),
        ("branch".to_owned(), quoted(settings.branch.as_str())),
        ("setup".to_owned(), hooks(&settings.setup)),
        ("worktree.submodules".to_owned(), quoted(worktree.submodules.as_str())),
        ("worktree.disk_reserve".to_owned(), quoted(&exact_size(worktree.disk_reserve))),
        ("worktree.include".to_owned(), list(worktree.include.iter().map(String::as_str))),
        ("worktree.include_limit".to_owned(), quoted(&exact_size(worktree.include_limit))),
        ("worktree.caches".to_owned(), list(worktree.caches.iter().map(String::as_str))),
        ("worktree.share_caches".to_owned(), quoted(worktree.share_caches.as_str())),
        ("worktree.pool".to_owned(), worktree.pool.to_string()),
        ("run.slots".to_owned(), run.slots.to_string()),
        ("run.timeout".to_owned(), quoted(&exact_duration(run.timeout))),
        ("run.grace".to_owned(), quoted(&exact_duration(run.grace))),
        ("run.retries".to_owned(), run.retries.to_string()),
        ("run.stall_timeout".to_owned(), quoted(&exact_limit(run.stall_timeout))),
        ("run.keep".to_owned(), list(run.keep.iter().map(String::as_str))),
        ("run.jobserver".to_owned(), run.jobserver.to_string()),
        ("run.share_host".to_owned(), run.share_host.to_string()),
        ("run.log_limit".to_owned(), quoted(&exact_size(run.log_limit))),
        ("run.env_deny".to_owned(), list(run.env_deny.iter())),
        ("run.env_pass".to_owned(), list(run.env_pass.iter())),
        ("integrate.strategy".to_owned(), quoted(integrate.strategy.as_str())),
        ("integrate.target_retries".to_owned(), integrate.target_retries.to_string()),
        ("integrate.verify_merge".to_owned(), integrate.verify_merge.to_string()),
        ("integrate.speculate".to_owned(), integrate.speculate.to_string()),
        ("integrate.flake_runs".to_owned(), integrate.flake_runs.to_string()),
        (
            "integrate.resolver".to_owned(),
            quoted(resolution.resolver.as_ref().map_or("", Resolver::as_str)),
        ),
        ("integrate.resolver_timeout".to_owned(), quoted(&exact_duration(resolution.timeout))),
        ("integrate.resolver_tries".to_owned(), resolution.tries.to_string()),
        ("integrate.regenerate".to_owned(), regenerations(&resolution.regenerate)),
        ("integrate.slots".to_owned(), integrate.slots.to_string()),
        ("integrate.pin".to_owned(), integrate.pin.to_string()),
        ("integrate.pinned".to_owned(), list(integrate.pinned.iter().flat_map(Claims::globs))),
        ("integrate.cache".to_owned(), integrate.cache.to_string()),
        ("plan.draws".to_owned(), settings.plan.draws.to_string()),
        ("plan.seed".to_owned(), settings.plan.seed.to_string()),
        ("plan.probe".to_owned(), settings.plan.probe.to_string()),
        (
            "plan.serialise".to_owned(),
            list(settings.plan.rules.serialise.iter().flat_map(Claims::globs)),
        ),
        ("plan.reads".to_owned(), quoted(settings.plan.rules.reads.as_str())),
        ("plan.effort".to_owned(), quoted(&exact_duration(settings.plan.effort))),
        ("test.discover".to_owned(), settings.test.discover.to_string()),
        ("test.exclude".to_owned(), list(settings.test.exclude.iter().map(String::as_str))),
        ("ui.color".to_owned(), quoted(settings.ui.color.as_str())),
    ];
    let capacity = settings.capacity.iter();
    all.extend(
        capacity.map(|(name, count)| (format!("capacity.{}", bare(name)), count.to_string())),
    );
    let modules = settings.test.modules.iter();
    all.extend(modules.map(|(name, module)| (module_key(name), inline_module(module))));
    let personas = settings.personas.iter();
    all.extend(
        personas.map(|(name, p)| (format!("persona.{}.prompt", bare(name)), quoted(&p.prompt))),
    );
    let entry =
        |(key, value): (String, String)| Entry { origin: origins.of(&key).clone(), key, value };
    all.into_iter().map(entry).collect()
}

/// The key of `[test.modules.NAME]`.
pub(super) fn module_key(name: &str) -> String {
    format!("test.modules.{}", bare(name))
}

/// A name as part of a dotted key.
pub(super) fn bare(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if name.chars().all(plain) { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    // A basic string on one line, whatever the text holds.
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out + "\""
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}

/// Hooks as a list of inline tables.
fn hooks(hooks: &[SetupHook]) -> String {
    let one = |hook: &SetupHook| {
        let name = hook.name.as_ref().map(|name| format!("name = {}", quoted(name)));
        let when = hook.when.as_ref().map(|when| format!("when = {}", list(when.globs())));
        let run = format!("run = {}", quoted(&hook.run));
        let timeout = format!("timeout = {}", quoted(&exact_duration(hook.timeout)));
        let keys: Vec<String> =
            name.into_iter().chain([run]).chain(when).chain([timeout]).collect();
        format!("{{ {} }}", keys.join(", "))
    };
    format!("[{}]", hooks.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// A module as an inline table.
fn inline_module(module: &ConfiguredModule) -> String {
    let report = module.report.iter().map(|report| format!("report = {}", quoted(report)));
    let paths = module.paths.iter().map(|paths| format!("paths = {}", list(paths.globs())));
    let depends_on = list(module.depends_on.iter().map(String::as_str));
    let run = format!("run = {}", quoted(&module.run));
    let keys: Vec<String> = [run].into_iter().chain(report).chain(paths).collect();
    format!("{{ {}, depends_on = {depends_on} }}", keys.join(", "))
}

/// Rules as a list of inline tables.
fn regenerations(rules: &[Regenerate]) -> String {
    let one = |rule: &Regenerate| {
        let (paths, run) = (list(rule.paths.globs()), quoted(&rule.run));
        let timeout = quoted(&exact_duration(rule.timeout));
        format!("{{ paths = {paths}, run = {run}, timeout = {timeout} }}")
    };
    format!("[{}]", rules.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// A duration that reads back as the same one.
fn exact_duration(duration: Duration) -> String {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
        (u64::from(nanos / 1_000_000), "ms"),
        (u64::from(nanos / 1_000 % 1_000), "us"),
        (u64::from(nanos % 1_000), "ns"),
    ];
    let shown: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}

/// A limit that reads back as the same one.
fn exact_limit(limit: Option<Duration>) -> String {
    limit.map_or_else(|| "never".to_owned(), exact_duration)
}

/// A size that reads back as the same one.
fn exact_size(bytes: u64) -> String {
    let short = human_size(bytes);
    if parse_size(&short) == Ok(bytes) { short } else { format!("{bytes}B") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::parse_duration;

    #[test]
    fn durations_and_sizes_are_shown_as_people_write_them() {
        assert_eq!(exact_duration(Duration::from_secs(5_400)), "1h 30m");
        assert_eq!(exact_size(64 << 20), "64MiB");
        assert_eq!(exact_size((64 << 20) + 1), "67108865B");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_as_the_same(
            nanos in 1..30 * 24 * 3_600_000_000_000u64,
            bytes: u64,
            text in "\\PC*|[\u{0}-\u{a0}]*",
        ) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&exact_duration(duration)), Ok(duration));
            prop_assert_eq!(parse_size(&exact_size(bytes)), Ok(bytes));
            let document = format!("a = {}", quoted(&text));
            let read: std::collections::BTreeMap<String, String> = toml::from_str(&document).unwrap();
            prop_assert_eq!(&read["a"], &text);
        }
    }
}
