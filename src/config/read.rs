//! One layer from wherever keys can be asked for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::test_modules::configured_modules;
use super::{ColorChoice, Layer, Names, Persona, Template};
use crate::domain::diagnostic::{Diagnostic, Document, Placed, Problems, Table, closest, quoted};
use crate::domain::id::TaskId;
use crate::domain::integrate::{Resolver, Strategy};
use crate::domain::plan::ReadsRule;
use crate::domain::run::{CacheSharing, Submodules};
use crate::domain::suite::ConfiguredModule;
use crate::domain::task::{
    Claims, Regenerate, SetupHook, parse_limit, parse_size, regenerations, setup_hooks,
};
use crate::domain::time::parse_duration;

/// Whole numbers that a key accepts, both ends included.
pub(super) type Limits = (u64, u64);

/// A list of texts, each with its place.
pub(super) type Texts = Placed<Vec<Placed<String>>>;

/// Values under names the user chose.
pub(super) type Named<T> = Vec<(Placed<String>, Placed<T>)>;

/// Something that settings can be read from: a file or the environment. The section of a key
/// outside of all sections is empty.
pub(super) trait Keys {
    fn text(&mut self, section: &'static str, key: &'static str) -> Option<Placed<String>>;
    fn texts(&mut self, section: &'static str, key: &'static str) -> Option<Texts>;
    fn number(
        &mut self,
        section: &'static str,
        key: &'static str,
        limits: Limits,
    ) -> Option<Placed<u64>>;
    fn boolean(&mut self, section: &'static str, key: &'static str) -> Option<Placed<bool>>;
    /// All of `[[setup]]`.
    fn hooks(&mut self) -> Option<Vec<SetupHook>>;
    /// All of `[[integrate.regenerate]]`.
    fn regenerations(&mut self) -> Option<Vec<Regenerate>>;
    /// All of `[test.modules.NAME]`.
    fn modules(&mut self) -> BTreeMap<String, ConfiguredModule>;
    /// All of `[capacity]`.
    fn numbers(&mut self, section: &'static str, limits: Limits) -> Named<u64>;
    /// The key of every `[persona.NAME]`.
    fn named_texts(&mut self, section: &'static str, key: &'static str) -> Named<String>;
}

/// Reads every setting there is.
pub(super) fn layer(keys: &mut dyn Keys, problems: &Problems) -> Layer {
    let read = &mut Reader { keys, problems };
    Layer {
        worktree_path: read.converted(("", "worktree_path"), "bad_template", Template::parse_path),
        branch: read.converted(("", "branch"), "bad_template", Template::parse_branch),
        setup: read.keys.hooks(),
        submodules: read.choice(("worktree", "submodules"), &Submodules::WORDS),
        disk_reserve: read.size(("worktree", "disk_reserve")),
        include: read.patterns(("worktree", "include")),
        include_limit: read.size(("worktree", "include_limit")),
        caches: read.patterns(("worktree", "caches")),
        share_caches: read.choice(("worktree", "share_caches"), &CacheSharing::WORDS),
        pool: read.number(("worktree", "pool"), (0, 1024)),
        slots: read.number(("run", "slots"), (1, 1024)),
        timeout: read.duration(("run", "timeout")),
        grace: read.duration(("run", "grace")),
        retries: read.number(("run", "retries"), (0, 20)),
        stall_timeout: read.converted(("run", "stall_timeout"), "bad_duration", parse_limit),
        keep: read.programs(("run", "keep")),
        jobserver: read.keys.boolean("run", "jobserver").map(|on| on.value),
        share_host: read.keys.boolean("run", "share_host").map(|on| on.value),
        log_limit: read.log_limit(),
        env_deny: read.names(("run", "env_deny")),
        env_pass: read.names(("run", "env_pass")),
        capacity: read.capacity(),
        strategy: read.choice(("integrate", "strategy"), &Strategy::WORDS),
        target_retries: read.number(("integrate", "target_retries"), (0, 100)),
        verify_merge: read.keys.boolean("integrate", "verify_merge").map(|on| on.value),
        speculate: read.keys.boolean("integrate", "speculate").map(|on| on.value),
        flake_runs: read.number(("integrate", "flake_runs"), (2, 1000)),
        resolver: read.resolver(),
        resolver_timeout: read.duration(("integrate", "resolver_timeout")),
        resolver_tries: read.number(("integrate", "resolver_tries"), (1, 20)),
        regenerate: read.keys.regenerations(),
        validation_slots: read.number(("integrate", "slots"), (0, 64)),
        pin: read.keys.boolean("integrate", "pin").map(|on| on.value),
        pinned: read.claims(("integrate", "pinned")),
        cache: read.keys.boolean("integrate", "cache").map(|on| on.value),
        draws: read.number(("plan", "draws"), (1, 100_000)),
        seed: read.keys.number("plan", "seed", (0, u64::MAX)).map(|seed| seed.value),
        probe: read.keys.boolean("plan", "probe").map(|probe| probe.value),
        serialise: read.claims(("plan", "serialise")),
        reads: read.choice(("plan", "reads"), &ReadsRule::WORDS),
        effort: read.duration(("plan", "effort")),
        personas: read.personas(),
        discover: read.keys.boolean("test", "discover").map(|on| on.value),
        exclude: read.keys.texts("test", "exclude").map(plain),
        modules: read.keys.modules(),
        color: read.choice(("ui", "color"), &ColorChoice::WORDS),
    }
}

/// Reads a settings file.
pub(super) fn file(text: &str) -> (Layer, Vec<Diagnostic>) {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(fault) => return (Layer::default(), vec![fault]),
    };
    let problems = Problems::default();
    let mut tables =
        Tables { root: document.root(&problems), sections: BTreeMap::new(), problems: &problems };
    let layer = layer(&mut tables, &problems);
    for section in tables.sections.into_values().flatten() {
        section.finish();
    }
    tables.root.finish();
    let mut problems = problems.into_vec();
    problems.sort_by_key(Diagnostic::offset);
    (layer, problems)
}

/// Texts without their places.
fn plain(texts: Texts) -> Vec<String> {
    texts.value.into_iter().map(|text| text.value).collect()
}

/// The keys of a TOML file.
struct Tables<'d> {
    root: Table<'d>,
    /// Opened when first asked for; `None` for a section that the file does not have.
    sections: BTreeMap<&'static str, Option<Table<'d>>>,
    problems: &'d Problems,
}

impl<'d> Tables<'d> {
    fn section(&mut self, name: &'static str) -> Option<&mut Table<'d>> {
        if name.is_empty() {
            return Some(&mut self.root);
        }
        let Self { root, sections, .. } = self;
        sections.entry(name).or_insert_with(|| root.table(name)).as_mut()
    }
}

impl Keys for Tables<'_> {
    fn text(&mut self, section: &'static str, key: &'static str) -> Option<Placed<String>> {
        self.section(section)?.string(key)
    }

    fn texts(&mut self, section: &'static str, key: &'static str) -> Option<Texts> {
        self.section(section)?.strings(key)
    }

    fn number(
        &mut self,
        section: &'static str,
        key: &'static str,
        limits: Limits,
    ) -> Option<Placed<u64>> {
        self.section(section)?.integer(key, limits)
    }

    fn boolean(&mut self, section: &'static str, key: &'static str) -> Option<Placed<bool>> {
        self.section(section)?.boolean(key)
    }

    fn hooks(&mut self) -> Option<Vec<SetupHook>> {
        let hooks = setup_hooks(&mut self.root, self.problems);
        self.root.key("setup").map(|_| hooks)
    }

    fn regenerations(&mut self) -> Option<Vec<Regenerate>> {
        let problems = self.problems;
        let integrate = self.section("integrate")?;
        let rules = regenerations(integrate, problems);
        integrate.key("regenerate").map(|_| rules)
    }

    fn modules(&mut self) -> BTreeMap<String, ConfiguredModule> {
        let problems = self.problems;
        self.section("test").map(|test| configured_modules(test, problems)).unwrap_or_default()
    }

    fn numbers(&mut self, section: &'static str, limits: Limits) -> Named<u64> {
        self.root.integer_map(section, limits).unwrap_or_default()
    }

    fn named_texts(&mut self, section: &'static str, key: &'static str) -> Named<String> {
        let mut texts = Vec::new();
        for (name, mut table) in self.root.table_map(section).unwrap_or_default() {
            let text = table.string(key);
            if table.key(key).is_none() {
                let message = format!("`{key}` is missing here");
                self.problems.push(Diagnostic::error("missing_key", table.span(), message));
            }
            table.finish();
            texts.extend(text.map(|text| (name, text)));
        }
        texts
    }
}

struct Reader<'a> {
    keys: &'a mut dyn Keys,
    problems: &'a Problems,
}

impl Reader<'_> {
    fn number(
        &mut self,
        (section, key): (&'static str, &'static str),
        limits: Limits,
    ) -> Option<u32> {
        let number = self.keys.number(section, key, limits)?;
        u32::try_from(number.value).ok()
    }

    fn duration(&mut self, key: (&'static str, &'static str)) -> Option<Duration> {
        self.converted(key, "bad_duration", parse_duration)
    }

    fn converted<T, E: std::fmt::Display>(
        &mut self,
        (section, key): (&'static str, &'static str),
        code: &'static str,
        convert: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.keys.text(section, key)?;
        match convert(&text.value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.reject(code, text.span, format!("{} {error}", quoted(&text.value)));
                None
            }
        }
    }

    fn size(&mut self, key: (&'static str, &'static str)) -> Option<u64> {
        self.converted(key, "bad_size", parse_size)
    }

    /// Lines of a `.gitignore`; one that says nothing is a slip of the pen.
    fn patterns(&mut self, (section, key): (&'static str, &'static str)) -> Option<Vec<String>> {
        let mut patterns = Vec::new();
        for text in self.keys.texts(section, key)?.value {
            if text.value.trim().is_empty() || text.value.starts_with('#') {
                let message = format!("{} matches nothing", quoted(&text.value));
                self.reject("bad_pattern", text.span, message);
            } else {
                patterns.push(text.value);
            }
        }
        Some(patterns)
    }

    /// Names of programs, without their folders.
    fn programs(&mut self, (section, key): (&'static str, &'static str)) -> Option<Vec<String>> {
        let mut programs = Vec::new();
        for text in self.keys.texts(section, key)?.value {
            if text.value.trim().is_empty() || text.value.contains('/') {
                let message = format!("{} is no name of a program", quoted(&text.value));
                self.reject("bad_program", text.span, message);
            } else {
                programs.push(text.value);
            }
        }
        Some(programs)
    }

    /// The name of an agent or a command.
    fn resolver(&mut self) -> Option<Option<Resolver>> {
        let text = self.keys.text("integrate", "resolver")?;
        if text.value.contains('\0') {
            let message = "`resolver` has a NUL byte, which no command can be given";
            self.reject("nul", text.span, message.to_owned());
            return None;
        }
        Some(Resolver::parse(&text.value))
    }

    fn log_limit(&mut self) -> Option<u64> {
        self.converted(("run", "log_limit"), "bad_size", |text| match parse_size(text) {
            Ok(0..1024) => Err("is too little: a log keeps at least `1KiB`".to_owned()),
            Ok(size) => Ok(size),
            Err(error) => Err(error.to_string()),
        })
    }

    fn choice<T: Copy>(
        &mut self,
        (section, key): (&'static str, &'static str),
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.keys.text(section, key)?;
        let chosen = words.iter().find(|(word, _)| *word == text.value);
        if chosen.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let message = format!("unknown {key} {}", quoted(&text.value));
            let problem = Diagnostic::error("unknown_choice", text.span, message)
                .help(format!("known: {}", known.join(", ")));
            self.problems.push(match closest(&text.value, known) {
                Some(meant) => problem.labelled(format!("did you mean `{meant}`?")),
                None => problem,
            });
        }
        chosen.map(|(_, value)| *value)
    }

    fn names(&mut self, (section, key): (&'static str, &'static str)) -> Option<Names> {
        let mut globs = Vec::new();
        for text in self.keys.texts(section, key)?.value {
            match Names::parse_one(&text.value) {
                Ok(glob) => globs.push(glob),
                Err(error) => {
                    let message = format!("the glob {} {error}", quoted(&text.value));
                    self.reject("bad_glob", text.span, message);
                }
            }
        }
        Some(globs.into_iter().collect())
    }

    /// Globs of paths; an empty list stands for none at all.
    fn claims(&mut self, (section, key): (&'static str, &'static str)) -> Option<Option<Claims>> {
        let texts = self.keys.texts(section, key)?.value;
        if texts.is_empty() {
            return Some(None);
        }
        let globs: Vec<&str> = texts.iter().map(|text| text.value.as_str()).collect();
        match Claims::parse(&globs) {
            Ok(claims) => Some(Some(claims)),
            Err(errors) => {
                for (index, error) in errors {
                    let text = &texts[index];
                    let message = format!("the glob {} {error}", quoted(&text.value));
                    self.reject("bad_glob", text.span.clone(), message);
                }
                None
            }
        }
    }

    fn capacity(&mut self) -> BTreeMap<String, u32> {
        let counts = self.keys.numbers("capacity", (0, u64::from(u32::MAX)));
        let sound = |(name, count): (Placed<String>, Placed<u64>)| {
            self.is_name(&name).then(|| Some((name.value, u32::try_from(count.value).ok()?)))?
        };
        counts.into_iter().filter_map(sound).collect()
    }

    fn personas(&mut self) -> BTreeMap<String, Persona> {
        let mut personas = BTreeMap::new();
        for (name, prompt) in self.keys.named_texts("persona", "prompt") {
            if prompt.value.trim().is_empty() {
                self.reject("empty", prompt.span, "`prompt` is empty".to_owned());
            } else if self.is_name(&name) {
                personas.insert(name.value, Persona { prompt: prompt.value });
            }
        }
        personas
    }

    /// Whether a name the user chose has the form of an id.
    fn is_name(&self, name: &Placed<String>) -> bool {
        let error = name.value.parse::<TaskId>().err();
        if let Some(error) = &error {
            self.reject(
                "bad_name",
                name.span.clone(),
                format!("the name {} {error}", quoted(&name.value)),
            );
        }
        error.is_none()
    }

    fn reject(&self, code: &'static str, span: Range<usize>, message: String) {
        self.problems.push(Diagnostic::error(code, span, message));
    }
}
