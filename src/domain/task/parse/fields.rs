//! The keys that `[defaults]` and `[[task]]` share.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Claims, Known, KnownHost, retry, value};
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, closest, quoted};
use crate::domain::task::{Priority, RetryCause, human_size, parse_limit};

/// What was written; what was written wrongly is absent and recorded as a problem.
#[derive(Default, Clone)]
pub(super) struct Fields {
    pub(super) persona: Option<Placed<String>>,
    pub(super) owns: Option<Placed<Claims>>,
    pub(super) reads: Option<Vec<String>>,
    pub(super) read_only: Option<Placed<bool>>,
    pub(super) estimate: Option<Duration>,
    pub(super) priority: Option<Priority>,
    pub(super) phase: Option<Placed<String>>,
    pub(super) group: Option<Placed<String>>,
    pub(super) locks: Option<Vec<String>>,
    pub(super) cpus: Option<Placed<f64>>,
    pub(super) memory: Option<Placed<u64>>,
    pub(super) uses: Option<BTreeMap<String, Placed<u32>>>,
    pub(super) timeout: Option<Duration>,
    pub(super) retries: Option<u32>,
    pub(super) stall_timeout: Option<Option<Duration>>,
    pub(super) memory_limit: Option<u64>,
    pub(super) retry_on: Option<Placed<Vec<RetryCause>>>,
    pub(super) check: Option<String>,
    /// Whether a `check` was meant, right or wrong.
    pub(super) has_check: bool,
    pub(super) env: Option<BTreeMap<String, String>>,
}

/// Most cores that a task may ask for: more than any machine has.
const MOST_CPUS: f64 = 100_000.0;

/// Most retries of a task.
const MOST_RETRIES: u64 = 20;

impl Fields {
    /// Reads everything but `persona`, which stands beside `prompt` in a task.
    pub(super) fn read(table: &mut Table<'_>, problems: &Problems) -> Self {
        Self {
            persona: None,
            owns: value::claims(table, "owns", problems),
            reads: value::claims(table, "reads", problems)
                .map(|claims| claims.value.globs().map(str::to_owned).collect()),
            read_only: table.boolean("read_only"),
            estimate: value::duration(table, "estimate", problems),
            priority: value::priority(table, problems),
            phase: value::text(table, "phase", problems),
            group: value::text(table, "group", problems),
            locks: value::texts(table, "locks", problems),
            cpus: cpus(table, problems),
            memory: value::size(table, "memory", problems),
            uses: table.integer_map("uses", (0, u64::from(u32::MAX))).map(counted),
            timeout: value::duration(table, "timeout", problems),
            retries: table.integer("retries", (0, MOST_RETRIES)).map(|n| n.value as u32),
            stall_timeout: value::converted(
                table,
                "stall_timeout",
                ("bad_duration", problems),
                parse_limit,
            )
            .map(|limit| limit.value),
            memory_limit: value::size(table, "memory_limit", problems).map(|size| size.value),
            retry_on: retry::causes(table, problems),
            check: value::text(table, "check", problems).map(|check| check.value),
            has_check: table.key("check").is_some(),
            env: environment(table, problems),
        }
    }

    /// These fields where they say something, else the defaults. Of `env` each variable counts on
    /// its own; a task that is read-only by its own word does not inherit `owns`.
    pub(super) fn over(self, defaults: &Self, problems: &Problems) -> Self {
        let defaults = defaults.clone();
        let read_only = self.read_only.as_ref().is_some_and(|flag| flag.value);
        if let (Some(owns), None, Some(flag)) =
            (&self.owns, &self.read_only, defaults.read_only.as_ref().filter(|flag| flag.value))
        {
            problems.push(owns_and_read_only(owns, flag).help("add `read_only = false` here"));
        }
        let env = match (self.env, defaults.env) {
            (Some(own), Some(mut env)) => {
                env.extend(own);
                Some(env)
            }
            (own, inherited) => own.or(inherited),
        };
        Self {
            persona: self.persona.or(defaults.persona),
            owns: self.owns.or(defaults.owns.filter(|_| !read_only)),
            reads: self.reads.or(defaults.reads),
            read_only: self.read_only.or(defaults.read_only),
            estimate: self.estimate.or(defaults.estimate),
            priority: self.priority.or(defaults.priority),
            phase: self.phase.or(defaults.phase),
            group: self.group.or(defaults.group),
            locks: self.locks.or(defaults.locks),
            cpus: self.cpus.or(defaults.cpus),
            memory: self.memory.or(defaults.memory),
            uses: self.uses.or(defaults.uses),
            timeout: self.timeout.or(defaults.timeout),
            retries: self.retries.or(defaults.retries),
            stall_timeout: self.stall_timeout.or(defaults.stall_timeout),
            memory_limit: self.memory_limit.or(defaults.memory_limit),
            retry_on: self.retry_on.or(defaults.retry_on),
            check: self.check.or(defaults.check),
            has_check: self.has_check || defaults.has_check,
            env,
        }
    }

    /// Reports `read_only` beside `owns`.
    pub(super) fn check_read_only(&self, problems: &Problems) {
        let flag = self.read_only.as_ref().filter(|flag| flag.value);
        if let (Some(owns), Some(flag)) = (&self.owns, flag) {
            problems.push(owns_and_read_only(owns, flag).help("remove one of the two"));
        }
    }

    /// Reports what no machine of this size can give to one task: memory that is not there is an
    /// error, more cores than there are only a warning, since it then has them all to itself.
    pub(super) fn check_host(&self, subject: &str, host: KnownHost, problems: &Problems) {
        let memory = self.memory.as_ref().filter(|wanted| wanted.value > host.memory);
        if let Some(wanted) = memory.filter(|_| host.memory > 0) {
            let message = format!(
                "{subject} needs {} of memory, but this machine has {}",
                human_size(wanted.value),
                human_size(host.memory)
            );
            let problem = Diagnostic::error("capacity", wanted.span.clone(), message);
            problems.push(problem.help("lower `memory`, or run it on a machine that has it"));
        }
        if let Some(wanted) = self.cpus.as_ref().filter(|cpus| cpus.value > host.cores as f64) {
            let cores =
                if host.cores == 1 { "1 core".into() } else { format!("{} cores", host.cores) };
            let message = format!(
                "{subject} keeps {} cores busy, but this machine has {cores}: nothing else runs \
                 beside it",
                wanted.value
            );
            let problem = Diagnostic::warning("cores", wanted.span.clone(), message);
            problems.push(problem.help("lower `cpus` to what it really uses"));
        }
    }

    /// Reports what is used beyond the declared capacity.
    pub(super) fn check_capacity(&self, subject: &str, known: &Known, problems: &Problems) {
        for (name, wanted) in self.uses.iter().flatten() {
            let capacity = known.capacity.get(name).copied();
            if wanted.value <= capacity.unwrap_or(0) {
                continue;
            }
            let shown = quoted(name);
            let limit = match capacity {
                Some(limit) => format!("but the declared capacity is {limit}"),
                None => "but no capacity is declared for it".to_owned(),
            };
            let message = format!("{subject} uses {} of {shown}, {limit}", wanted.value);
            let problem = Diagnostic::error("capacity", wanted.span.clone(), message);
            let names = known.capacity.keys().map(String::as_str);
            let problem = match closest(name, names).filter(|_| capacity.is_none()) {
                Some(meant) => problem.labelled(format!("did you mean `{meant}`?")),
                None => problem,
            };
            let line = format!("`{name} = {}` under `[capacity]`", wanted.value);
            problems.push(problem.help(format!("declare it in orchestrator.toml: {line}")));
        }
    }
}

fn owns_and_read_only(owns: &Placed<Claims>, flag: &Placed<bool>) -> Diagnostic {
    let message = "a read-only task changes nothing, so it can't own paths";
    Diagnostic::error("read_only_owns", owns.span.clone(), message)
        .also(flag.span.clone(), "read-only by this")
}

fn counted(uses: Vec<(Placed<String>, Placed<u64>)>) -> BTreeMap<String, Placed<u32>> {
    let narrow = |count: &Placed<u64>| count.with(u32::try_from(count.value).unwrap_or(u32::MAX));
    uses.into_iter().map(|(name, count)| (name.value, narrow(&count))).collect()
}

fn cpus(table: &mut Table<'_>, problems: &Problems) -> Option<Placed<f64>> {
    let cpus = table.number("cpus")?;
    if (0.0..=MOST_CPUS).contains(&cpus.value) {
        return Some(cpus);
    }
    let message = format!("`cpus` must be a number of cores, 0 to {MOST_CPUS}");
    problems.push(Diagnostic::error("out_of_range", cpus.span, message));
    None
}

fn environment(table: &mut Table<'_>, problems: &Problems) -> Option<BTreeMap<String, String>> {
    let entries = table.string_map("env")?;
    for (name, text) in &entries {
        if name.value.is_empty() || name.value.contains(['=', '\0']) {
            let message = match name.value.as_str() {
                "" => "a variable has an empty name".to_owned(),
                name => format!("{} is no name of a variable", quoted(name)),
            };
            let problem = Diagnostic::error("bad_env", name.span.clone(), message);
            problems.push(problem.help("a name is not empty and has no `=`"));
        }
        value::without_nul(&format!("`{}`", name.value), text, problems);
    }
    Some(entries.into_iter().map(|(name, text)| (name.value, text.value)).collect())
}
