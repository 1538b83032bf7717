//! `[[hypothesis]]`: one competing theory, or several arms of it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::fields::Fields;
use super::foreach::MOST_TASKS;
use super::{Kind, Known, Rest, Written, value};
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, quoted};
use crate::domain::id::TaskId;
use crate::domain::task::hypothesis::ARM_WORD;
use crate::domain::task::{Hypothesis, Work};

/// Most arms of one hypothesis.
const MOST_ARMS: u64 = 1000;

/// Keys of a task that a hypothesis must not have: why, and what to do.
const REFUSED: [(&str, &str, &str); 8] = [
    ("depends_on", "hypotheses don't depend on anything: all of them run at once", "remove it"),
    (
        "foreach",
        "a hypothesis has no `foreach`",
        "write `arms = N` for several tries of one command",
    ),
    ("reduce", "hypotheses don't depend on anything: all of them run at once", "remove it"),
    ("when", "every hypothesis runs", "remove it"),
    ("read_only", "a hypothesis is there to change something", "remove it"),
    ("check", "all hypotheses have the same check", "write it as `check` under `[race]`"),
    ("phase", "hypotheses have no phases: all of them run at once", "remove it"),
    ("group", "hypotheses have no groups: all of them run at once", "remove it"),
];

/// Where a hypothesis says what it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HypothesisPlace {
    /// Its id.
    pub id: Range<usize>,
    /// `patch`, as written.
    pub patch: Option<Placed<String>>,
    /// `from`, as written.
    pub from: Option<Placed<String>>,
}

/// One `[[hypothesis]]` as written.
pub(super) struct WrittenHypothesis {
    pub(super) task: Written,
    patch: Option<Placed<String>>,
    from: Option<Placed<String>>,
    /// Several arms, where it says so.
    arms: Option<Placed<u64>>,
    /// It has something to try: a start of its own, or something to run.
    is_something: bool,
}

impl WrittenHypothesis {
    pub(super) fn read(mut table: Table<'_>, known: &Known, problems: &Problems) -> Self {
        let mut task = Written::begun(&mut table, (Kind::Hypothesis, &[ARM_WORD]), known, problems);
        let patch = value::text(&mut table, "patch", problems)
            .filter(|patch| value::without_nul("`patch`", patch, problems));
        let from = value::revision(&mut table, "from", problems);
        let arms = table.integer("arms", (1, MOST_ARMS));
        let told = ["patch", "from"].iter().any(|key| table.key(key).is_some());
        for (key, why, help) in REFUSED {
            table.refuse(key, why, help);
        }
        let meant = task.ended(table, problems);
        let told = told || ["patch", "from"].iter().any(|key| meant.contains(key));
        let is_something = told || !task.work.is_absent();
        task.work.may_be_absent();
        Self { task, patch, from, arms, is_something }
    }
}

/// The arms that the hypotheses of a file stand for.
pub(super) struct Arms<'a> {
    defaults: Fields,
    known: &'a Known,
    /// Ids as written, and those that were made.
    taken: BTreeSet<String>,
    made: Vec<Hypothesis>,
    places: Vec<HypothesisPlace>,
    is_sound: bool,
}

impl<'a> Arms<'a> {
    /// Begins with none; what the defaults say about checks and phases is meant for tasks.
    pub(super) fn new<'t>(
        written: impl Iterator<Item = &'t Written>,
        defaults: &Fields,
        known: &'a Known,
    ) -> Self {
        let defaults =
            Fields { read_only: None, phase: None, group: None, check: None, ..defaults.clone() };
        let taken = written.filter_map(|task| Some(task.id.as_ref()?.value.clone())).collect();
        Self { defaults, known, taken, made: Vec::new(), places: Vec::new(), is_sound: true }
    }

    /// Adds the arms of one hypothesis, or records what is wrong with it.
    pub(super) fn add(
        &mut self,
        written: WrittenHypothesis,
        id: Option<TaskId>,
        problems: &Problems,
    ) {
        let added = self.added(written, id, problems);
        self.is_sound &= added.is_some();
    }

    /// All of them, unless an error was recorded.
    pub(super) fn finished(self) -> (Option<Vec<Hypothesis>>, Vec<HypothesisPlace>) {
        (self.is_sound.then_some(self.made), self.places)
    }

    fn added(
        &mut self,
        written: WrittenHypothesis,
        id: Option<TaskId>,
        problems: &Problems,
    ) -> Option<()> {
        let WrittenHypothesis { mut task, patch, from, arms, is_something } = written;
        let (place, subject) = (task.place.clone(), task.subject());
        if !is_something {
            let message = format!("{subject} has nothing to try");
            let help = "add one or more of `patch = \"…\"`, `from = \"…\"` and `run = \"…\"` (or \
                        `argv`, or `agent` with `prompt`)";
            problems.push(Diagnostic::error("no_work", place.clone(), message).help(help));
        }
        // What these say was refused.
        for refused in [&mut task.fields.phase, &mut task.fields.group] {
            *refused = None;
        }
        (task.fields.read_only, task.fields.check) = (None, None);
        let rest = Rest { defaults: &self.defaults, known: self.known, validated: true };
        let task = task.settled(id, &rest, problems)?;
        let count = arms.as_ref().map_or(1, |arms| arms.value);
        let total = self.made.len() as u64 + count;
        if total > MOST_TASKS as u64 {
            let span = arms.map_or(place, |arms| arms.span);
            let message = format!("the file stands for {total} arms; at most {MOST_TASKS} race");
            let problem = Diagnostic::error("too_many_tasks", span, message);
            problems.push(problem.help("lower `arms`"));
            return None;
        }
        let hypothesis = Hypothesis {
            task,
            patch: patch.as_ref().map(|patch| patch.value.clone()),
            from: from.as_ref().map(|from| from.value.clone()),
            family: None,
        };
        let many = arms.filter(|_| count > 1);
        if let Some(arms) = many.as_ref().filter(|_| hypothesis.task.work == Work::Given) {
            let message = format!("the {count} arms of {subject} are all the same: nothing runs");
            let problem = Diagnostic::warning("same_arms", arms.span.clone(), message);
            problems.push(problem.help(
                "remove `arms`, or add a `run` that may come out differently; `runs` under \
                 `[race]` repeats the check",
            ));
        }
        for number in 1..=count {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let arm = match &many {
                None => hypothesis.clone().numbered(number),
                Some(arms) => {
                    let id = self.arm_id(&hypothesis.task.id, number, arms, problems)?;
                    hypothesis.of_family(id, number)
                }
            };
            self.made.push(arm);
            let (patch, from) = (patch.clone(), from.clone());
            self.places.push(HypothesisPlace { id: place.clone(), patch, from });
        }
        is_something.then_some(())
    }

    /// `ID-N`, as an id that nobody else has.
    fn arm_id(
        &mut self,
        stem: &TaskId,
        number: u32,
        arms: &Placed<u64>,
        problems: &Problems,
    ) -> Option<TaskId> {
        let text = format!("{stem}-{number}");
        let (code, fault, help) = match text.parse::<TaskId>() {
            Ok(id) if self.taken.insert(text.clone()) => return Some(id),
            Ok(_) => ("duplicate_id", "is used by another table".to_owned(), "rename one of them"),
            Err(error) => ("bad_id", error.to_string(), "shorten the id of the hypothesis"),
        };
        let message = format!("the id {} of an arm {fault}", quoted(&text));
        let problem = Diagnostic::error(code, arms.span.clone(), message);
        let rule = "several arms are called `ID-1`, `ID-2`, …";
        problems.push(problem.help(format!("{help}; {rule}")));
        None
    }
}
