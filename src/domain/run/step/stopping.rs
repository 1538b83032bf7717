//! What ends before its time: stopped by the user, by a failure elsewhere, or left out by a condition.

use super::super::action::Action;
use super::super::event::Event;
use super::super::outcome::Outcome;
use super::super::patterns::Halt;
use super::super::reason::Reason;
use super::super::state::RunPhase;
use super::super::stop_reason::StopReason;
use super::super::task_state::TaskState;
use super::super::time_limits::Expiry;
use super::Draft;
use crate::domain::id::TaskId;

/// Why a task is not to go on.
pub(super) enum Stop {
    /// It starts again on `resume`.
    Interrupted,
    /// It is over.
    Aborted,
    /// It is over because this one failed.
    Halted(TaskId),
    /// It is over because this arm is proved.
    Decided(TaskId),
    /// It is over because the time of its group or of the run is.
    Expired(Expiry),
}

impl Stop {
    /// How a task ends that was at work when it was stopped.
    pub(super) fn of_what_ran(self) -> (Outcome, Reason) {
        match self {
            Self::Interrupted | Self::Aborted => (Outcome::Cancelled, Reason::Stopped),
            Self::Halted(task) => (Outcome::Cancelled, Reason::FailFast { task }),
            Self::Decided(by) => (Outcome::Cancelled, Reason::RaceDecided { by }),
            Self::Expired(expiry) => (Outcome::TimedOut, time_up(expiry)),
        }
    }
}

fn time_up(Expiry { group, limit }: Expiry) -> Reason {
    Reason::GroupTimedOut { group, limit }
}

impl Draft {
    /// Asks everything that runs to stop.
    pub(super) fn stop(&mut self, reason: StopReason, force: bool) {
        match self.state.phase {
            RunPhase::Running | RunPhase::Created => {}
            RunPhase::Stopping(earlier) if force || reason > earlier => {}
            RunPhase::Stopped(StopReason::Interrupted) if reason == StopReason::Aborted => {}
            RunPhase::Stopping(_) | RunPhase::Stopped(_) | RunPhase::Finished => return,
        }
        // A stop only ever gets harder: Ctrl-C does not make an abort resumable again.
        let reason = self.stopping().map_or(reason, |earlier| earlier.max(reason));
        self.emit(Event::StopRequested { reason, force });
        self.stop_tasks(force, |_, _| true);
        self.look_ahead(force);
        self.settle();
    }

    pub(super) fn stopping(&self) -> Option<StopReason> {
        if let RunPhase::Stopping(reason) = self.state.phase { Some(reason) } else { None }
    }

    /// Why this task is not to go on, if there is a reason.
    pub(super) fn stop_of(&self, task: usize) -> Option<Stop> {
        match self.stopping() {
            Some(StopReason::Interrupted) => Some(Stop::Interrupted),
            Some(StopReason::Aborted) => Some(Stop::Aborted),
            None => {
                let decided = self.state.decided.clone().map(Stop::Decided);
                let halted = self.state.halted_by(task).cloned().map(Stop::Halted);
                decided
                    .or(halted)
                    .or_else(|| self.state.expired_by(task).cloned().map(Stop::Expired))
            }
        }
    }

    /// A stop reached the task: it starts again on resume, or is cancelled.
    pub(super) fn give_up(&mut self, task: usize) {
        match self.stop_of(task) {
            Some(
                stop @ (Stop::Aborted | Stop::Halted(_) | Stop::Decided(_) | Stop::Expired(_)),
            ) => {
                let (outcome, reason) = stop.of_what_ran();
                self.finish(task, outcome, reason);
            }
            Some(Stop::Interrupted) | None => {
                let id = self.state.task(task).id.clone();
                let finding = "stopped before it was over".to_owned();
                self.emit(Event::Reconciled { task: id, finding });
            }
        }
    }

    /// The first failure of a group or run that is to fail fast stops what is under way there; what
    /// waits is cancelled when something could start next.
    pub(super) fn halt_after(&mut self, task: usize) {
        let Some(Halt { cause, group }) = self.state.halt_after(task) else { return };
        self.emit(Event::Halted { cause, group });
        self.stop_tasks(false, |draft, task| draft.state.halted_by(task).is_some());
    }

    /// Skips what was to run again although something that it needs stays as it ended.
    pub(super) fn skip_unreachable(&mut self) {
        for task in 0..self.state.tasks.len() {
            let state = &self.state.tasks[task].state;
            if state.is_finished() && !state.succeeded() {
                self.skip_dependents(task);
            }
        }
    }

    /// Ends what waits although it is not to start any more.
    pub(super) fn end_the_waiting(&mut self) {
        let state = &self.state;
        if !(state.halts.is_empty() && state.expired.is_empty() && state.decided.is_none()) {
            for task in 0..self.state.tasks.len() {
                let waits = matches!(
                    self.state.tasks[task].state,
                    TaskState::Pending | TaskState::RetryWait { .. }
                );
                if let Some(stop) = self.stop_of(task).filter(|_| waits) {
                    let (_, reason) = stop.of_what_ran();
                    self.finish(task, Outcome::Cancelled, reason);
                }
            }
        }
        while let Some((task, when)) = self.state.unmet_condition() {
            self.finish(task, Outcome::Skipped, Reason::Condition { when });
        }
    }

    pub(super) fn stop_tasks(&mut self, force: bool, meant: impl Fn(&Self, usize) -> bool) {
        let running: Vec<usize> = self
            .state
            .active_tasks()
            .filter(|&task| {
                matches!(
                    self.state.tasks[task].state,
                    TaskState::Provisioning { .. }
                        | TaskState::SettingUp { .. }
                        | TaskState::Running { .. }
                        | TaskState::Checking { .. }
                )
            })
            .filter(|&task| meant(self, task))
            .collect();
        self.step.actions.extend(running.into_iter().map(|task| Action::Stop { task, force }));
    }
}
