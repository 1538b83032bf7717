//! The time that a group, or the whole run, may take. It is counted from the first start of one of
//! its tasks, over the time in which the run is at work.

use std::time::Duration;

use super::state::RunState;
use crate::domain::time::Timestamp;

/// A time limit that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// The group; `None` means the run.
    pub group: Option<String>,
    /// The limit.
    pub limit: Duration,
}

impl RunState {
    /// What is left of a time limit whose clock runs: `None` where none is set, nothing of the group
    /// has started, it was reached before, or every task of the group is over.
    pub(super) fn time_left(&self, group: Option<&str>, now: Timestamp) -> Option<Duration> {
        let limit = self.time_limit(group)?;
        let (_, began) = self.clocks.iter().find(|(known, _)| known.as_deref() == group)?;
        let reached = self.expired.iter().any(|expiry| expiry.group.as_deref() == group);
        let open = (0..self.tasks.len())
            .any(|task| self.is_meant(task, group) && !self.tasks[task].state.is_finished());
        let spent = self.wall(now).saturating_sub(*began);
        (open && !reached).then(|| limit.saturating_sub(spent))
    }

    /// The limit of a group, or of the run.
    pub(super) fn time_limit(&self, group: Option<&str>) -> Option<Duration> {
        let limits = &self.spec.plan.time_limits;
        match group {
            Some(group) => limits.groups.get(group).copied(),
            None => limits.run,
        }
    }

    /// Groups with a limit whose clock starts with this task; `None` means the run.
    pub(super) fn clocks_to_start(&self, task: usize) -> Vec<Option<String>> {
        let own = self.task(task).pattern.group.clone();
        let limited = [None].into_iter().chain(own.map(Some)).filter(|group| {
            self.time_limit(group.as_deref()).is_some()
                && self.clocks.iter().all(|(known, _)| known != group)
        });
        limited.collect()
    }

    /// Starts them.
    pub(super) fn start_clocks(&mut self, task: usize, now: Timestamp) {
        let began = self.wall(now);
        for group in self.clocks_to_start(task) {
            self.clocks.push((group, began));
        }
    }

    /// Tasks run again: the limits that hold for them count afresh.
    pub(super) fn forget_clocks(&mut self, tasks: &[usize]) {
        self.expired.clear();
        let spec = self.spec.clone();
        let again = |group: &Option<String>| {
            let of = |task: &usize| spec.plan.tasks[*task].task.pattern.group == *group;
            group.is_none() || tasks.iter().any(of)
        };
        self.clocks.retain(|(group, _)| !again(group));
    }

    /// The reached limit that stops a task, if there is one.
    pub(super) fn expired_by(&self, task: usize) -> Option<&Expiry> {
        self.expired.iter().find(|expiry| self.is_meant(task, expiry.group.as_deref()))
    }

    fn is_meant(&self, task: usize, group: Option<&str>) -> bool {
        group.is_none() || self.task(task).pattern.group.as_deref() == group
    }
}
