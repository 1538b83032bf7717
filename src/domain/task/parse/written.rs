//! A task as written: what `[[task]]` and `[[hypothesis]]` have in common.

use std::ops::Range;

use super::condition::{self, WrittenCondition};
use super::fields::Fields;
use super::foreach::Foreach;
use super::work::WrittenWork;
use super::{Known, NOT_TESTABLE, retry, value};
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, quoted};
use crate::domain::id::TaskId;
use crate::domain::task::item::ITEM_WORDS;
use crate::domain::task::{AttemptRules, Demand, Pattern, Task, Work};

/// Which tables tasks are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Task,
    Hypothesis,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Hypothesis => "hypothesis",
        }
    }
}

/// One `[[task]]` or `[[hypothesis]]` as written, before defaults.
pub(super) struct Written {
    pub(super) kind: Kind,
    /// Where to point when the task as a whole is meant.
    pub(super) place: Range<usize>,
    pub(super) id: Option<Placed<String>>,
    pub(super) title: Option<String>,
    pub(super) work: WrittenWork,
    pub(super) depends_on: Vec<Placed<String>>,
    pub(super) foreach: Option<Foreach>,
    /// There is a `foreach`, right or wrong.
    pub(super) is_foreach: bool,
    pub(super) reduce: Option<Placed<String>>,
    pub(super) when: Option<WrittenCondition>,
    pub(super) fields: Fields,
}

/// What a task is completed with.
pub(super) struct Rest<'a> {
    pub(super) defaults: &'a Fields,
    pub(super) known: &'a Known,
    pub(super) validated: bool,
}

impl Written {
    pub(super) fn read(
        mut table: Table<'_>,
        text: &str,
        known: &Known,
        problems: &Problems,
    ) -> Self {
        let is_foreach = table.key("foreach").is_some();
        let words: &[&str] = if is_foreach { &ITEM_WORDS } else { &[] };
        let mut task = Self::begun(&mut table, (Kind::Task, words), known, problems);
        let depends_on = table.strings("depends_on").map(|list| list.value);
        task.depends_on = depends_on.unwrap_or_default();
        task.foreach = Foreach::read(&mut table, problems);
        task.is_foreach = is_foreach;
        task.reduce = table.string("reduce");
        task.when = condition::read(&mut table, text, problems);
        task.depends_on.extend(task.reduce.clone());
        task.depends_on.extend(task.when.iter().flat_map(|when| when.tasks.iter().cloned()));
        task.ended(table, problems);
        task
    }

    /// Reads who it is and what it runs; `words` may stand in braces in its `argv`.
    pub(super) fn begun(
        table: &mut Table<'_>,
        (kind, words): (Kind, &[&'static str]),
        known: &Known,
        problems: &Problems,
    ) -> Self {
        let id = table.string("id");
        let title = table.string("title").filter(|t| value::without_nul("`title`", t, problems));
        Self {
            kind,
            place: id.as_ref().map_or(table.span(), |id| id.span.clone()),
            id,
            title: title.map(|title| title.value),
            work: WrittenWork::read(table, words, known, problems),
            depends_on: Vec::new(),
            foreach: None,
            is_foreach: false,
            reduce: None,
            when: None,
            fields: Fields::default(),
        }
    }

    /// Reads the rest. The result is the keys that unknown ones probably mean.
    pub(super) fn ended(&mut self, mut table: Table<'_>, problems: &Problems) -> Vec<&'static str> {
        let (header, nameless) = (table.span(), table.key("id").is_none());
        self.fields = Fields::read(&mut table, problems);
        let meant = table.finish();
        self.fields.has_check |= meant.contains(&"check");
        self.work.misspelt(&meant);
        if nameless && !meant.contains(&"id") {
            let message = format!("{} has no `id`", self.subject());
            let problem = Diagnostic::error("missing_key", header, message);
            problems.push(problem.help("add `id = \"…\"`, which also names its branch"));
        }
        meant
    }

    /// Short name for messages.
    pub(super) fn subject(&self) -> String {
        match &self.id {
            Some(id) => format!("{} {}", self.kind.noun(), quoted(&id.value)),
            None => format!("this {}", self.kind.noun()),
        }
    }

    /// The finished task; `None` means that an error was recorded.
    pub(super) fn settled(
        self,
        id: Option<TaskId>,
        rest: &Rest<'_>,
        problems: &Problems,
    ) -> Option<Task> {
        let subject = self.subject();
        self.fields.check_capacity(&subject, rest.known, problems);
        if let Some(host) = rest.known.host {
            self.fields.check_host(&subject, host, problems);
        }
        self.fields.check_read_only(problems);
        let retry_on = self.fields.retry_on.clone();
        let fields = self.fields.over(rest.defaults, problems);
        let retries = fields.retries.unwrap_or(rest.known.default_retries);
        retry::check_task((&subject, retry_on.as_ref()), retries, problems);
        let read_only = fields.read_only.as_ref().is_some_and(|flag| flag.value);
        let work = self.work.settled(&subject, &self.place, fields.persona.as_ref(), problems);
        if !(fields.has_check || read_only || rest.validated) {
            let message = format!("{subject} can't be tested on its own");
            let help = "add a `check` to the task, or a `[[validate]]` to the file: without either \
                        nothing tells whether the work is right";
            problems.push(Diagnostic::warning(NOT_TESTABLE, self.place, message).help(help));
        }
        let cpus = if work.as_ref().is_some_and(Work::is_agent) { 0.25 } else { 1.0 };
        let mut depends_on: Vec<TaskId> = Vec::with_capacity(self.depends_on.len());
        for name in self.depends_on {
            let name: TaskId = name.value.parse().ok()?;
            if !depends_on.contains(&name) {
                depends_on.push(name);
            }
        }
        Some(Task {
            id: id?,
            title: self.title,
            work: work?,
            depends_on,
            owns: fields.owns.map(|owns| owns.value),
            reads: fields.reads.unwrap_or_default(),
            read_only,
            estimate: fields.estimate,
            priority: fields.priority.unwrap_or_default(),
            phase: fields.phase.map(|phase| phase.value),
            locks: fields.locks.unwrap_or_default(),
            demand: Demand {
                cpus: fields.cpus.map_or(cpus, |cpus| cpus.value),
                memory: fields.memory.map_or(0, |memory| memory.value),
                uses: fields.uses.into_iter().flatten().map(|(name, n)| (name, n.value)).collect(),
            },
            timeout: fields.timeout.unwrap_or(rest.known.default_timeout),
            retries,
            rules: AttemptRules {
                stall_timeout: fields.stall_timeout.unwrap_or(rest.known.default_stall_timeout),
                memory_limit: fields.memory_limit,
                retry_on: fields.retry_on.map(|causes| causes.value),
            },
            check: fields.check,
            env: fields.env.unwrap_or_default(),
            pattern: Pattern {
                item: None,
                group: fields.group.map(|group| group.value),
                when: self.when.map(|when| when.condition),
            },
        })
    }
}
