//! Whether a failed attempt is tried again, and when.

use std::time::Duration;

use super::super::action::Action;
use super::super::event::Event;
use super::super::outcome::Outcome;
use super::super::reason::Reason;
use super::super::shortage::Shortage;
use super::super::width::WidthCause;
use super::Draft;
use super::stopping::Stop;
use crate::domain::id::{TaskId, stable_hash};
use crate::domain::task::RetryCause;

/// Longest wait before another attempt, its spread left aside.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Draft {
    /// Another attempt where the task has one left and `retry_on` names the failure. Failures that
    /// it cannot name (a setup hook, work outside `owns`, an agent that changed nothing) are tried
    /// again only where it is absent.
    pub(super) fn retry_or_finish(&mut self, task: usize, outcome: Outcome, reason: Reason) {
        if self.falls_back(task, &reason) {
            return;
        }
        if let Some(limit) = self.rate_limit_behind(task, &reason) {
            return self.after_rate_limit(task, limit);
        }
        let declared = self.state.task(task);
        let left = self.state.tasks[task].attempts_this_round <= declared.retries;
        let wanted = match &declared.rules.retry_on {
            Some(causes) => causes.iter().any(|cause| names(*cause, &reason)),
            None => true,
        };
        if !left || !wanted || outcome == Outcome::Cancelled || self.is_over(task) {
            return self.finish(task, outcome, reason);
        }
        self.schedule_retry(task, reason, false);
    }

    /// The end of an attempt that nothing about the task can mend; what it lacked because of those
    /// beside it, it may have alone.
    pub(super) fn fall_back_or_finish(&mut self, task: usize, outcome: Outcome, reason: Reason) {
        if !self.falls_back(task, &reason) {
            self.finish(task, outcome, reason);
        }
    }

    /// An attempt that lacked what only the machine can give, while others ran or could have, counts
    /// for nothing: from here on one task runs at a time, and this one again. Whatever starts after
    /// that has the machine to itself, so that no task falls back twice.
    pub(super) fn falls_back(&mut self, task: usize, reason: &Reason) -> bool {
        let record = &self.state.tasks[task];
        let Some(shortage) = record.shortage.filter(|_| !self.is_over(task)) else { return false };
        if record.alone {
            self.name_remedy(shortage);
            return false;
        }
        if self.state.widest() > 1 {
            let id = &self.state.task(task).id;
            let message = format!("{shortage} while `{id}` was to run beside others");
            self.emit(Event::WidthChanged { width: 1, because: WidthCause::Failures { message } });
        }
        self.schedule_retry(task, reason.clone(), true);
        true
    }

    /// Says once what gives the machine more of what it lacks.
    fn name_remedy(&mut self, shortage: Shortage) {
        let Some(remedy) = shortage.remedy() else { return };
        let message = format!("{shortage} although one task ran at a time: {remedy}");
        if !self.state.warnings.contains(&message) {
            self.emit(Event::Warned { message });
        }
    }

    pub(super) fn is_over(&self, task: usize) -> bool {
        matches!(
            self.stop_of(task),
            Some(Stop::Aborted | Stop::Halted(_) | Stop::Decided(_) | Stop::Expired(_))
        )
    }

    fn schedule_retry(&mut self, task: usize, reason: Reason, free: bool) {
        let record = &self.state.tasks[task];
        let failed_attempt = record.attempts;
        let id = self.state.task(task).id.clone();
        // Tests that are flaky are so at once; nothing else gets their turn.
        let at_once = self.state.spec.kind.is_test() && !free;
        let wait = match at_once {
            true => Duration::ZERO,
            false => back_off(self.state.spec.run.as_str(), &id, record.attempts_this_round),
        };
        let not_before = self.now.after(wait);
        let retried = id.clone();
        self.emit(Event::RetryScheduled { task: id, failed_attempt, reason, not_before, free });
        if at_once {
            self.emit(Event::RetryReady { task: retried });
        } else {
            self.step.actions.push(Action::Wake { task, at: not_before });
        }
    }
}

/// Whether `retry_on` means this failure by that word.
fn names(cause: RetryCause, reason: &Reason) -> bool {
    match cause {
        RetryCause::Timeout => matches!(reason, Reason::TimedOut { .. }),
        RetryCause::Stall => matches!(reason, Reason::Stalled { .. }),
        RetryCause::AnyExit => matches!(reason, Reason::ExitCode { .. }),
        RetryCause::Exit(wanted) => *reason == Reason::ExitCode { code: wanted },
        RetryCause::AnySignal => matches!(reason, Reason::Signal { .. }),
        RetryCause::Signal(wanted) => *reason == Reason::Signal { signal: wanted },
        RetryCause::Check => matches!(reason, Reason::CheckFailed { .. }),
    }
}

/// 1 s, 2 s, 4 s … up to a minute, give or take a fifth so that tasks do not return in step. The
/// spread comes from the names, not from chance: the same run waits the same time.
pub(in crate::domain::run) fn back_off(run: &str, task: &TaskId, failures: u32) -> Duration {
    let doubled = Duration::from_secs(1 << failures.saturating_sub(1).min(6));
    let hash = stable_hash(&[run.as_bytes(), task.as_str().as_bytes(), &failures.to_le_bytes()]);
    doubled.min(LONGEST_WAIT).mul_f64(0.8 + 0.4 * (hash % 1000) as f64 / 1000.0)
}
