//! `tasks.toml`: from text to a valid set of tasks, with every problem of the file in one pass.

mod condition;
mod fields;
mod foreach;
mod graph;
mod group;
mod hypothesis;
mod ids;
mod race;
mod regenerate;
mod retry;
mod setup;
mod steps;
mod value;
mod work;
mod written;

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Claims, DEFAULT_TIMEOUT, PERSONAS, Task, TaskSet, agent_presets};
use crate::domain::diagnostic::{Checked, Diagnostic, Document, Placed, Problems, Table, quoted};
use fields::Fields;
use foreach::{Foreach, Items};
pub use hypothesis::HypothesisPlace;
pub use regenerate::regenerations;
pub use setup::setup_hooks;
use written::{Kind, Rest, Written};

/// What a tasks file may refer to, and what holds where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Roles declared in the settings, beside [`PERSONAS`].
    pub personas: Vec<String>,
    /// Names of agent presets.
    pub agents: Vec<String>,
    /// Countable things that the host offers.
    pub capacity: BTreeMap<String, u32>,
    /// `[run] timeout` of the settings.
    pub default_timeout: Duration,
    /// `[run] retries` of the settings.
    pub default_retries: u32,
    /// `[run] stall_timeout` of the settings.
    pub default_stall_timeout: Option<Duration>,
    /// Files of the base, for the globs of `foreach`; `None` while nobody has looked, which leaves
    /// one task in the place of all.
    pub paths: Option<Vec<String>>,
    /// The machine that the tasks are to run on; `None` when it does not matter.
    pub host: Option<KnownHost>,
}

/// What a machine has for one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownHost {
    /// Processor cores.
    pub cores: usize,
    /// Bytes of memory; 0 when unknown.
    pub memory: u64,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            personas: Vec::new(),
            agents: agent_presets().iter().map(|preset| preset.name.to_owned()).collect(),
            capacity: BTreeMap::new(),
            default_timeout: DEFAULT_TIMEOUT,
            default_retries: 0,
            default_stall_timeout: None,
            paths: None,
            host: None,
        }
    }
}

impl Known {
    fn personas(&self) -> impl Iterator<Item = &str> {
        PERSONAS.into_iter().chain(self.personas.iter().map(String::as_str))
    }
}

/// A tasks file as far as its text alone tells.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The tasks, or what is wrong with them.
    pub tasks: Checked<TaskSet>,
    /// `base` with its place, also when something else is wrong: whether git knows the revision
    /// is asked by the caller, who [adds](Checked::add) that problem to the others.
    pub base: Option<Placed<String>>,
    /// A `foreach` waits for [`Known::paths`].
    pub wants_paths: bool,
    /// Where each hypothesis of the race says what it begins with, in the order of the set: whether
    /// there is such a commit or patch is asked by the caller.
    pub hypotheses: Vec<HypothesisPlace>,
}

/// A task that neither a `check` nor a `[[validate]]` vouches for.
const NOT_TESTABLE: &str = "not_testable";

/// Reads a tasks file.
pub fn parse(text: &str, known: &Known) -> Parsed {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(fault) => {
            let tasks = Checked::new(None, vec![fault]);
            return Parsed { tasks, base: None, wants_paths: false, hypotheses: Vec::new() };
        }
    };
    let problems = Problems::default();
    let mut root = document.root(&problems);
    let name = value::text(&mut root, "name", &problems);
    let base = value::revision(&mut root, "base", &problems);
    let groups = group::read(&mut root, &problems);
    let defaults = defaults(&mut root, known, &problems);
    let mut written: Vec<Written> = root
        .tables("task")
        .into_iter()
        .map(|table| Written::read(table, text, known, &problems))
        .collect();
    let gates = steps::gates(&mut root, known, &problems);
    let validations = steps::validations(&mut root, known, &problems);
    let setup = setup_hooks(&mut root, &problems);
    let race = race::read(&mut root, known, &problems);
    let told_of_tasks = root.key("task").is_some();
    let validated = root.key("validate").is_some();
    let meant = root.finish();

    let all: Vec<&Written> = written.iter().chain(race.written()).collect();
    let mut ids = ids::checked(&all, &problems);
    let race_ids = ids.split_off(written.len());
    graph::check(&written, &problems);
    check_reduce(&written, &problems);
    let fields = || written.iter().map(|task| &task.fields).chain([&defaults]);
    let members = fields().filter_map(|fields| fields.group.as_ref());
    let (fail_fast, time_limits) = groups.settled(members, &problems);
    let phases =
        fields().filter_map(|fields| fields.phase.as_ref()).map(|phase| phase.value.as_str());
    steps::check_phases(&gates, phases, &problems);
    let wants_paths = known.paths.is_none()
        && written.iter().any(|task| task.foreach.as_ref().is_some_and(Foreach::is_glob));
    let foreach = items(&mut written, known, &problems);
    let tasks: Vec<Option<Task>> = written
        .into_iter()
        .zip(ids)
        .map(|(task, id)| {
            task.settled(id, &Rest { defaults: &defaults, known, validated }, &problems)
        })
        .collect();
    let tasks = tasks.into_iter().collect::<Option<Vec<Task>>>();
    let race = race.settled((race_ids, &meant), (&defaults, known), &problems);
    let of_tasks = tasks.iter().flatten().map(|task| task.retries);
    let retries: Vec<u32> = of_tasks.chain(race.retries()).collect();
    retry::check_defaults(&defaults, &retries, &problems);
    let tasks = tasks.and_then(|tasks| foreach::expanded(tasks, &foreach, &problems));
    let problems = untestable_as_one(problems.into_vec());
    let mut tasks = Checked::new(
        tasks.map(|tasks| TaskSet {
            name: name.map(|name| name.value),
            base: base.as_ref().map(|base| base.value.clone()),
            tasks,
            gates: gates.into_iter().map(|gate| gate.value).collect(),
            validations,
            setup,
            fail_fast,
            time_limits,
            race: race.set,
        }),
        problems,
    );
    let empty = tasks.value.as_ref().is_some_and(|set| set.tasks.is_empty() && set.race.is_none());
    if empty {
        let place = if told_of_tasks { "`task` is empty" } else { "there is no `[[task]]`" };
        let problem = Diagnostic::error("no_tasks", 0..0, format!("nothing to do: {place}"));
        tasks.add(problem.without_place().help("add `[[task]]` with `id` and `run`"));
    }
    Parsed { tasks, base, wants_paths, hypotheses: race.places }
}

/// The items of every `foreach`; `None` also where an error was recorded.
fn items(written: &mut [Written], known: &Known, problems: &Problems) -> Vec<Option<Items>> {
    let of_task = |task: &mut Written| {
        let foreach = task.foreach.take()?;
        let items = foreach.items(known.paths.as_deref(), problems)?;
        Some((foreach, items))
    };
    written.iter_mut().map(of_task).collect()
}

/// Reports `reduce` of what is no `foreach`.
fn check_reduce(tasks: &[Written], problems: &Problems) {
    for reduce in tasks.iter().filter_map(|task| task.reduce.as_ref()) {
        let named = |task: &&Written| task.id.as_ref().is_some_and(|id| id.value == reduce.value);
        if tasks.iter().find(named).is_some_and(|task| !task.is_foreach) {
            let message = format!("task {} has no `foreach` to reduce", quoted(&reduce.value));
            let problem = Diagnostic::error("bad_reduce", reduce.span.clone(), message);
            problems.push(problem.help("write `depends_on` to wait for a single task"));
        }
    }
}

/// Places shown of tasks that nothing tests.
const UNTESTABLE_SHOWN: usize = 3;

/// A file without any test would bury everything else under one warning a task.
fn untestable_as_one(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let (untestable, mut rest): (Vec<_>, Vec<_>) =
        problems.into_iter().partition(|problem| problem.code == NOT_TESTABLE);
    let count = untestable.len();
    let mut places = untestable.into_iter();
    if let Some(mut first) = places.next() {
        if count > 1 {
            first.message = format!("{count} tasks can't be tested on their own");
        }
        let more = places.take(UNTESTABLE_SHOWN - 1).flat_map(|problem| problem.labels);
        first.labels.extend(more);
        rest.push(first);
    }
    rest
}

fn defaults(root: &mut Table<'_>, known: &Known, problems: &Problems) -> Fields {
    let Some(mut table) = root.table("defaults") else { return Fields::default() };
    let mut fields = Fields::read(&mut table, problems);
    fields.persona = value::persona(&mut table, known, problems);
    fields.check_capacity("`[defaults]`", known, problems);
    if let Some(host) = known.host {
        fields.check_host("`[defaults]`", host, problems);
    }
    fields.check_read_only(problems);
    fields.has_check |= table.finish().contains(&"check");
    fields
}

#[cfg(test)]
mod tests;
