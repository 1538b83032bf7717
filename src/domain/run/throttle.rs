//! How many tasks may run at once at the moment, as events have it: all of them, or those of an agent
//! whose provider limits the rate.

use std::time::Duration;

use super::state::RunState;
use super::task_state::TaskState;
use super::width::WidthCause;
use crate::domain::task::Work;
use crate::domain::time::Timestamp;

/// Fewer tasks of one agent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// At most so many.
    pub most: usize,
    /// When that was last lowered.
    pub since: Timestamp,
}

/// How long the machine, or what else runs on it, let fewer tasks run at once than were decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Narrowed {
    total: Duration,
    /// Since when it does, in time at work.
    since: Option<Duration>,
    last: Option<(usize, WidthCause)>,
}

impl Narrowed {
    /// How long in all, when the run was at work for `wall`.
    pub fn time(&self, wall: Duration) -> Duration {
        self.total + self.since.map_or(Duration::ZERO, |since| wall.saturating_sub(since))
    }

    /// How many at most, the last time, and why.
    pub fn last(&self) -> Option<&(usize, WidthCause)> {
        self.last.as_ref()
    }

    /// It is over, at `wall`.
    pub(super) fn end(&mut self, wall: Duration) {
        self.total = self.time(wall);
        self.since = None;
    }
}

impl RunState {
    /// The preset of an agent's task.
    pub fn preset(&self, task: usize) -> Option<&str> {
        match &self.task(task).work {
            Work::Agent { preset, .. } => Some(preset),
            Work::Command { .. } | Work::Given | Work::Gate { .. } => None,
        }
    }

    /// The preset of an agent's task that waits only because the provider limits the rate: for
    /// another attempt, or for its turn among the few that may run.
    pub fn rate_limited(&self, task: usize) -> Option<&str> {
        let record = &self.tasks[task];
        let preset = self.preset(task)?;
        let waits = match &record.state {
            TaskState::RetryWait { .. } => record.rate_limits > 0,
            TaskState::Pending => self.throttles.get(preset).is_some_and(|throttle| {
                let active = self.active_tasks().filter(|&t| self.preset(t) == Some(preset));
                active.count() >= throttle.most
            }),
            TaskState::Provisioning { .. }
            | TaskState::Provisioned { .. }
            | TaskState::SettingUp { .. }
            | TaskState::SetUp { .. }
            | TaskState::Running { .. }
            | TaskState::Ended { .. }
            | TaskState::Committing { .. }
            | TaskState::Committed { .. }
            | TaskState::Checking { .. }
            | TaskState::Checked { .. }
            | TaskState::Finished { .. } => false,
        };
        waits.then_some(preset)
    }

    /// All tasks of an agent.
    pub(super) fn tasks_of(&self, preset: &str) -> Vec<usize> {
        (0..self.tasks.len()).filter(|&task| self.preset(task) == Some(preset)).collect()
    }

    /// Whether the event was possible.
    pub(super) fn apply_width(
        &mut self,
        width: usize,
        because: &WidthCause,
        at: Timestamp,
    ) -> bool {
        if width == 0 || width > self.widest() {
            return false;
        }
        if let WidthCause::Failures { .. } = because {
            self.width_cap = Some(width);
        }
        let (task, lowered) = match because {
            WidthCause::RateLimit { task } => (task, true),
            WidthCause::RateEased { task } => (task, false),
            WidthCause::Load
            | WidthCause::Memory
            | WidthCause::OtherRuns
            | WidthCause::Failures { .. }
            | WidthCause::Eased => {
                self.dispatcher.set_width(width);
                let wall = self.wall(at);
                if width < self.widest() {
                    self.narrowed.since.get_or_insert(wall);
                    self.narrowed.last = Some((width, because.clone()));
                } else {
                    self.narrowed.end(wall);
                }
                return true;
            }
        };
        let preset = self.index(task).and_then(|task| self.preset(task)).map(str::to_owned);
        let Some(preset) = preset else { return false };
        let since = self.throttles.get(&preset).filter(|_| !lowered).map_or(at, |old| old.since);
        let lifted = !lowered && width == self.widest();
        if lifted {
            self.throttles.remove(&preset);
        } else {
            self.throttles.insert(preset.clone(), Throttle { most: width, since });
        }
        let jobs = self.tasks_of(&preset);
        self.dispatcher.limit_together(&jobs, (!lifted).then_some(width));
        true
    }

    /// A process that takes the run over begins with all that was decided.
    pub(super) fn lift_limits(&mut self) {
        self.dispatcher.set_width(self.widest());
        self.narrowed.end(self.active);
        for preset in std::mem::take(&mut self.throttles).into_keys() {
            let jobs = self.tasks_of(&preset);
            self.dispatcher.limit_together(&jobs, None);
        }
    }
}
