//! What the patterns of a tasks file mean for a run: conditions, order without need, fail-fast.

use super::outcome::{Ending, Outcome};
use super::reason::Reason;
use super::state::{RunState, TaskRecord};
use super::task_state::TaskState;
use crate::domain::id::TaskId;
use crate::domain::task::{Ended, Observed};

/// A failure that stops what runs along with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// The task that failed.
    pub cause: TaskId,
    /// What it stops: this group, or the whole run.
    pub group: Option<String>,
}

impl TaskRecord {
    /// Whether a condition left it out, its own or that of something it depends on: nothing failed.
    pub fn is_left_out(&self) -> bool {
        matches!(self.reason(), Some(Reason::Condition { .. } | Reason::LeftOut { .. }))
    }

    fn observed(&self) -> Option<Observed<'_>> {
        let ended = match self.outcome()? {
            Outcome::Succeeded => Ended::Succeeded,
            Outcome::Failed => Ended::Failed,
            Outcome::TimedOut => Ended::TimedOut,
            Outcome::Cancelled => Ended::Cancelled,
            Outcome::Skipped => Ended::Skipped,
        };
        let exit_code = self.end.as_ref().and_then(|end| match end.ending {
            Ending::Code { code } => Some(code),
            Ending::Signal { .. } | Ending::TimedOut | Ending::Stalled | Ending::Stopped => None,
        });
        let output = self.end.as_ref().map_or(&[][..], |end| &end.last_lines);
        Some(Observed { ended, exit_code, changed: !self.changed.is_empty(), output: Some(output) })
    }
}

impl RunState {
    /// What waits for a task that is over without success, and goes on all the same: readers that only
    /// run after it, tasks with a condition, gates of a phase in which a condition left it out.
    pub(super) fn excused(&self, task: usize) -> Vec<usize> {
        let plan = &self.spec.plan;
        let (id, is_gate) = (&self.task(task).id, self.task(task).work.is_gate());
        let left_out = self.tasks[task].is_left_out();
        let goes_on = |next: &&usize| {
            let waiting = self.task(**next);
            !waiting.depends_on.contains(id)
                || (waiting.pattern.when.is_some() && !is_gate)
                || (waiting.work.is_gate() && left_out)
        };
        plan.problem.jobs[task].successors.iter().filter(goes_on).copied().collect()
    }

    /// The first task whose turn it would be, but whose condition does not hold.
    pub(super) fn unmet_condition(&self) -> Option<(usize, String)> {
        let of = |id: &TaskId| self.record(id).and_then(TaskRecord::observed);
        (0..self.tasks.len()).find_map(|task| {
            let when = self.task(task).pattern.when.as_ref()?;
            let before = &self.spec.plan.problem.jobs[task].predecessors;
            let is_open = self.tasks[task].state == TaskState::Pending
                && before.iter().all(|&first| self.tasks[first].state.is_finished());
            (is_open && !when.holds(&of)).then(|| (task, when.to_string()))
        })
    }

    /// The failure that stops a task, if there is one.
    pub(super) fn halted_by(&self, task: usize) -> Option<&TaskId> {
        let group = self.task(task).pattern.group.as_ref();
        let stops = |halt: &&Halt| halt.group.is_none() || halt.group.as_ref() == group;
        self.halts.iter().find(stops).map(|halt| &halt.cause)
    }

    /// What a failure of this task is to stop, where that has not been stopped yet.
    pub(super) fn halt_after(&self, task: usize) -> Option<Halt> {
        let rules = &self.spec.plan.fail_fast;
        let own = self.task(task).pattern.group.as_ref();
        let group = own.filter(|group| !rules.run && rules.groups.contains(*group));
        let wanted = rules.run || group.is_some();
        (wanted && self.halted_by(task).is_none())
            .then(|| Halt { cause: self.task(task).id.clone(), group: group.cloned() })
    }
}
