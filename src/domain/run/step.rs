//! What happens next. [`step`] is pure: events are facts to be stored, actions are requests to be
//! carried out once the events are stored (DESIGN.md §1).

use std::time::Duration;

use super::action::{Action, Input, Step};
use super::envelope::Envelope;
use super::event::Event;
use super::outcome::{Outcome, ProvisionFailure};
use super::reason::Reason;
use super::state::{RunPhase, RunState};
use super::stop_reason::StopReason;
use super::task_state::TaskState;
use crate::domain::id::TaskId;
use crate::domain::time::Timestamp;

mod ends;
mod expiring;
mod foreseeing;
mod racing;
mod retrying;
mod stopping;
mod throttling;
mod validating_ahead;

#[cfg(test)]
pub(super) use retrying::back_off;

/// Decides what follows from `input`. Deterministic.
pub fn step(state: &RunState, input: Input, now: Timestamp) -> Step {
    let mut draft = Draft { state: state.clone(), now, step: Step::default() };
    match input {
        Input::Begin { resumed } => draft.begin(resumed),
        Input::Fact(event) => draft.observe(event),
        Input::Room(room) => draft.make_room(room),
        Input::Timer { task } => draft.wake(task),
        Input::GroupTimer { group } => draft.time_up(group),
        Input::Stop { reason, force } => draft.stop(reason, force),
        Input::Retry { tasks } => draft.retry(&tasks),
    }
    draft.step
}

/// No back-off is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

struct Draft {
    state: RunState,
    now: Timestamp,
    step: Step,
}

impl Draft {
    fn begin(&mut self, resumed: bool) {
        self.forget_train();
        self.emit(Event::RunStarted { resumed });
        for task in 0..self.state.tasks.len() {
            let record = &self.state.tasks[task];
            let again = match &record.state {
                TaskState::Provisioning { attempt } => {
                    Action::Provision { task, attempt: *attempt, from: record.from.clone() }
                }
                TaskState::Committing { attempt, failed } => {
                    Action::Commit { task, attempt: *attempt, keep: failed.is_some() }
                }
                // What was to be stopped when the process died has nothing more to say.
                TaskState::Checking { .. } if self.stop_of(task).is_some() => {
                    self.give_up(task);
                    continue;
                }
                TaskState::Checking { attempt } => {
                    let run = record.runs_of_check() + 1;
                    Action::Check { task, attempt: *attempt, run }
                }
                TaskState::RetryWait { until } => {
                    // A date that was put back must not keep a task waiting until it comes again.
                    let at = (*until).min(self.now.after(LONGEST_WAIT));
                    Action::Wake { task, at }
                }
                TaskState::Pending
                | TaskState::Provisioned { .. }
                | TaskState::SettingUp { .. }
                | TaskState::SetUp { .. }
                | TaskState::Running { .. }
                | TaskState::Ended { .. }
                | TaskState::Committed { .. }
                | TaskState::Checked { .. }
                | TaskState::Finished { .. } => continue,
            };
            self.step.actions.push(again);
        }
        self.forecast_again();
        self.skip_unreachable();
        self.watch_clocks();
        if !self.state.spec.limits.share_host {
            self.dispatch();
        }
    }

    fn observe(&mut self, event: Event) {
        if let Event::ConflictForeseen { task, tip, collisions } = event {
            return self.foresee(task, tip, collisions);
        }
        let task = event.task().and_then(|id| self.state.index(id));
        if !self.try_emit(event.clone()) {
            return;
        }
        if let Some(task) = task {
            self.follow(task, &event);
            self.dispatch();
            if self.state.calls_for_replan(task) {
                self.step.actions.push(Action::Replan { because: task });
            }
        } else {
            self.dispatch();
        }
    }

    fn wake(&mut self, task: TaskId) {
        if self.try_emit(Event::RetryReady { task }) {
            self.dispatch();
        }
    }

    fn retry(&mut self, tasks: &[TaskId]) {
        let over = matches!(self.state.phase, RunPhase::Finished | RunPhase::Stopped(_));
        let wanted = self.state.stale_with(tasks);
        if wanted.is_empty() || !over {
            return;
        }
        let tasks = wanted.iter().map(|&task| self.state.task(task).id.clone()).collect();
        self.emit(Event::RetryRequested { tasks });
    }

    /// What follows from a fact about a task.
    fn follow(&mut self, task: usize, event: &Event) {
        let id = self.state.task(task).id.clone();
        match event {
            Event::Provisioned { attempt, brought, .. } => {
                for message in brought.iter().flat_map(|brought| brought.notes.clone()) {
                    self.emit(Event::Warned { message });
                }
                if self.stop_of(task).is_some() {
                    self.give_up(task);
                } else if self.state.spec.plan.setup.is_empty() {
                    self.launch(task, *attempt);
                } else {
                    self.emit(Event::SetupRequested { task: id, attempt: *attempt });
                    self.step.actions.push(Action::SetUp { task, attempt: *attempt });
                }
            }
            Event::SetupFinished { attempt, end, .. } => self.after_setup(task, *attempt, end),
            Event::ProvisionFailed { failure, .. } => {
                let (outcome, reason) = match failure.clone() {
                    ProvisionFailure::StartConflict { between, paths, notes } => {
                        let run = Some(self.state.spec.run.clone());
                        (Outcome::Skipped, Reason::StartConflict { between, paths, notes, run })
                    }
                    ProvisionFailure::Stopped => return self.give_up(task),
                    ProvisionFailure::Short { message, .. }
                    | ProvisionFailure::Other { message } => {
                        (Outcome::Failed, Reason::ProvisionFailed { message })
                    }
                };
                self.fall_back_or_finish(task, outcome, reason);
            }
            Event::AttemptNotStarted { message, .. } => {
                let reason = Reason::SpawnFailed { message: message.clone() };
                self.fall_back_or_finish(task, Outcome::Failed, reason);
            }
            Event::AttemptFinished { attempt, end, .. } => self.after_attempt(task, *attempt, end),
            Event::Committed { attempt, carried, .. } => {
                self.after_commit(task, *attempt, carried);
                self.forecast(task);
            }
            Event::CommitFailed { message, .. } => {
                let reason = Reason::WorkLost { message: message.clone() };
                match self.failed_attempt(task) {
                    Some((outcome, _)) => self.finish(task, outcome, reason),
                    None => self.finish(task, Outcome::Failed, reason),
                }
            }
            Event::CheckFinished { attempt, end, tainted, .. } => {
                if !self.after_race_check(task, *attempt, end) {
                    self.after_check(task, end, tainted);
                }
            }
            Event::RunCreated { .. }
            | Event::RunStarted { .. }
            | Event::ProvisionRequested { .. }
            | Event::StartResolved { .. }
            | Event::SetupRequested { .. }
            | Event::AttemptRequested { .. }
            | Event::AttemptStarted { .. }
            | Event::CommitRequested { .. }
            | Event::SuiteFinished { .. }
            | Event::CheckRequested { .. }
            | Event::RetryScheduled { .. }
            | Event::RetryReady { .. }
            | Event::TaskFinished { .. }
            | Event::StopRequested { .. }
            | Event::Halted { .. }
            | Event::Reconciled { .. }
            | Event::RetryRequested { .. }
            | Event::Replanned { .. }
            | Event::WidthChanged { .. }
            | Event::RaceDecided { .. }
            | Event::GroupTimedOut { .. }
            | Event::TrainRequested { .. }
            | Event::TrainValidated { .. }
            | Event::Suspended
            | Event::Continued
            | Event::SharedChanged { .. }
            | Event::ConflictForeseen { .. }
            | Event::Warned { .. }
            | Event::RunFinished
            | Event::RunStopped { .. }
            | Event::Integration { .. } => {}
        }
    }

    fn launch(&mut self, task: usize, attempt: u32) {
        let id = self.state.task(task).id.clone();
        self.emit(Event::AttemptRequested { task: id, attempt });
        self.step.actions.push(Action::Launch { task, attempt });
    }

    /// Starts whatever the dispatcher lets start.
    fn dispatch(&mut self) {
        if self.state.phase == RunPhase::Running {
            self.end_the_waiting();
        }
        while self.state.phase == RunPhase::Running {
            let spec = self.state.spec.clone();
            let Some(task) = self.state.dispatcher.next() else { break };
            let attempt = self.state.tasks[task].attempts.saturating_add(1);
            let (from, needs) = self.state.start_of(task);
            let id = spec.plan.tasks[task].task.id.clone();
            let request =
                Event::ProvisionRequested { task: id, attempt, from: from.clone(), needs };
            let clocks = self.state.clocks_to_start(task);
            if !self.emit(request) {
                break;
            }
            for group in clocks {
                self.watch_clock(group);
            }
            self.step.actions.push(Action::Provision { task, attempt, from });
        }
        self.look_ahead(false);
        self.settle();
    }

    /// Ends the run when nothing is under way any more.
    fn settle(&mut self) {
        if self.state.active_tasks().next().is_some() {
            return;
        }
        match self.state.phase {
            RunPhase::Stopping(reason) => {
                if reason == StopReason::Aborted {
                    for task in 0..self.state.tasks.len() {
                        if !self.state.tasks[task].state.is_finished() {
                            let id = self.state.task(task).id.clone();
                            let (outcome, reason) = (Outcome::Cancelled, Reason::Stopped);
                            self.emit(Event::TaskFinished { task: id, outcome, reason });
                        }
                    }
                }
                self.emit(Event::RunStopped { reason });
                self.step.actions.push(Action::Finish);
            }
            RunPhase::Running if self.state.all_finished() => {
                self.emit(Event::RunFinished);
                self.step.actions.push(Action::Finish);
            }
            RunPhase::Created | RunPhase::Running | RunPhase::Stopped(_) | RunPhase::Finished => {}
        }
    }

    fn emit(&mut self, event: Event) -> bool {
        let stored = self.try_emit(event.clone());
        debug_assert!(stored, "step emits only what its own state allows: {event:?}");
        stored
    }

    fn try_emit(&mut self, event: Event) -> bool {
        let envelope = Envelope { seq: self.state.next_seq, at: self.now, event };
        let legal = self.state.apply(&envelope).is_ok();
        if legal {
            self.step.events.push(envelope.event);
        }
        legal
    }
}
