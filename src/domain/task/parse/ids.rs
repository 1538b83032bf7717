//! Ids of tasks: valid, unique without regard to case, and not those of gates.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Written};
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, quoted};
use crate::domain::id::{SlugError, TaskId, slugify};

/// How the ids of gates start.
const GATE_PREFIX: &str = "gate.";

/// The task of a race that runs the check on the base.
const CONTROL: &str = "control";

/// The ids in the order of the tasks; `None` where an error was recorded.
pub(super) fn checked(tasks: &[&Written], problems: &Problems) -> Vec<Option<TaskId>> {
    let mut check = Check::new(tasks);
    tasks.iter().map(|task| check.id(task.id.as_ref()?, task, problems)).collect()
}

struct Check<'t> {
    /// By lower-cased id: the one that keeps its name.
    owners: BTreeMap<String, &'t Placed<String>>,
    /// Names that a suggestion must avoid.
    taken: BTreeSet<String>,
    /// The last number tried behind a stem.
    numbers: BTreeMap<String, usize>,
}

impl<'t> Check<'t> {
    fn new(tasks: &[&'t Written]) -> Self {
        let mut owners: BTreeMap<String, &Placed<String>> = BTreeMap::new();
        let ids = || tasks.iter().filter_map(|task| task.id.as_ref());
        // A valid id keeps its name even when an invalid one comes first.
        let (valid, invalid): (Vec<_>, Vec<_>) =
            ids().partition(|id| id.value.parse::<TaskId>().is_ok());
        for id in valid.into_iter().chain(invalid) {
            owners.entry(id.value.to_lowercase()).or_insert(id);
        }
        let taken = ids().map(|id| id.value.clone()).collect();
        Self { owners, taken, numbers: BTreeMap::new() }
    }

    fn id(&mut self, id: &Placed<String>, of: &Written, problems: &Problems) -> Option<TaskId> {
        let shown = quoted(&id.value);
        let owner = self.owners.get(&id.value.to_lowercase()).filter(|owner| owner.span != id.span);
        let parsed = id.value.parse::<TaskId>();
        let problem = match (owner, &parsed) {
            (Some(owner), _) if owner.value == id.value => Diagnostic::error(
                "duplicate_id",
                id.span.clone(),
                format!("the id {shown} is used twice"),
            )
            .labelled("used again here")
            .also(owner.span.clone(), "first used here")
            .help(format!("rename one of them, to `{}` say", self.free_name(&id.value))),
            (Some(owner), _) => {
                let first = quoted(&owner.value);
                let message = format!("the ids {first} and {shown} differ by case only");
                let rule = "ids are lower-case, and unique without regard to case";
                Diagnostic::error("duplicate_id", id.span.clone(), message)
                    .also(owner.span.clone(), "the other one")
                    .help(format!(
                        "{rule}; rename this one, to `{}` say",
                        self.free_name(&id.value)
                    ))
            }
            (None, Err(error)) => {
                let problem = Diagnostic::error("bad_id", id.span.clone(), bad_id(error, &shown));
                problem.help(format!("`{}` would be a good one", self.free_name(&id.value)))
            }
            (None, Ok(_)) if of.is_foreach && format!("{}.", id.value) == GATE_PREFIX => {
                let message = format!("the items of {shown} would be named like gates");
                let free = self.free_name("gate-of");
                Diagnostic::error("reserved_id", id.span.clone(), message)
                    .help(format!("rename it, to `{free}` say"))
            }
            (None, Ok(_)) if id.value.starts_with(GATE_PREFIX) => {
                let message = format!("the id {shown} is reserved: `gate.` is for gates");
                let free = self.free_name(id.value.trim_start_matches(GATE_PREFIX));
                Diagnostic::error("reserved_id", id.span.clone(), message)
                    .help(format!("rename it, to `{free}` say"))
            }
            (None, Ok(_)) if of.kind == Kind::Hypothesis && id.value == CONTROL => {
                let message = format!("the id {shown} is reserved: the race itself has a control");
                let free = self.free_name(&id.value);
                Diagnostic::error("reserved_id", id.span.clone(), message)
                    .help(format!("rename it, to `{free}` say"))
            }
            (None, Ok(_)) => return parsed.ok(),
        };
        problems.push(problem);
        None
    }

    /// A valid id near `text` that no task has and nobody was told to take.
    fn free_name(&mut self, text: &str) -> String {
        let mut stem = slugify(text);
        if stem == "run" && !text.eq_ignore_ascii_case("run") {
            "task".clone_into(&mut stem);
        }
        let last = self.numbers.entry(stem.clone()).or_insert(0);
        loop {
            *last += 1;
            let name = if *last == 1 { stem.clone() } else { format!("{stem}-{last}") };
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

fn bad_id(error: &SlugError, shown: &str) -> String {
    match error {
        SlugError::Empty => "the id is empty".to_owned(),
        SlugError::TooLong
        | SlugError::Character { .. }
        | SlugError::Start { .. }
        | SlugError::Ref { .. } => {
            format!("the id {shown} {error}")
        }
    }
}
