//! When a run asks for another order of what has not started, and what that order is made from.

use super::outcome::{AttemptEnd, Outcome};
use super::state::{RunPhase, RunState, TaskRecord};
use super::task_state::TaskState;
use crate::domain::plan::{JobProgress, Progress};
use crate::domain::time::Timestamp;

/// A task that took this much more or less than planned, as a share, calls for another look at the
/// order (`research/scheduling.md` §2).
const DEPARTURE: f64 = 0.2;

impl RunState {
    /// Whether the end of `task` makes the order of the plan doubtful, and there is still an order to
    /// be chosen: arms of a race keep that of the file.
    pub(super) fn calls_for_replan(&self, task: usize) -> bool {
        let waiting = self.tasks.iter().filter(|record| has_not_started(record)).count();
        let has_fixed_order = self.is_lane() || self.spec.kind.race().is_some();
        if self.phase != RunPhase::Running || has_fixed_order || waiting < 2 {
            return false;
        }
        match self.tasks[task].outcome() {
            Some(Outcome::Succeeded) => {
                let planned = self.spec.plan.tasks[task].estimate.p50;
                seconds_of(&self.tasks[task])
                    .is_some_and(|took| (took - planned).abs() > DEPARTURE * planned)
            }
            Some(Outcome::Failed | Outcome::TimedOut) => true,
            Some(Outcome::Cancelled | Outcome::Skipped) | None => false,
        }
    }

    /// Where every task stands, for [`replan`](crate::domain::plan::replan).
    pub fn progress(&self, now: Timestamp) -> Progress {
        let job = |record: &TaskRecord| match (&record.state, record.started) {
            (TaskState::Finished { .. }, _) => JobProgress::Over,
            (state, Some(started)) if state.is_active() => {
                JobProgress::Running(now.since(started).as_secs_f64())
            }
            _ => JobProgress::Waiting,
        };
        let planned = self.spec.plan.tasks.iter().map(|planned| planned.estimate.p50);
        let observed = self.tasks.iter().zip(planned).filter_map(|(record, planned)| {
            let succeeded = record.outcome() == Some(Outcome::Succeeded);
            seconds_of(record).filter(|_| succeeded).map(|took| (took, planned))
        });
        Progress {
            jobs: self.tasks.iter().map(|record| job(record)).collect(),
            observed: observed.collect(),
            apart: self.is_apart(),
        }
    }
}

fn has_not_started(record: &TaskRecord) -> bool {
    !record.state.is_active() && !record.state.is_finished()
}

/// Seconds of the last attempt: command and check.
fn seconds_of(record: &TaskRecord) -> Option<f64> {
    let seconds = |end: &AttemptEnd| end.usage.wall.as_secs_f64();
    let check = record.check.as_ref().and_then(|check| check.as_ref().ok()).map_or(0.0, seconds);
    record.end.as_ref().map(|end| seconds(end) + check)
}
