//! What happens next. [`step`] is pure: events are facts to be stored, actions are requests to be
//! carried out once the events are stored (DESIGN.md §1).

use std::time::Duration;

use super::action::{Action, Input, Step};
use super::event::{Envelope, Event, StopReason};
use super::outcome::{AttemptEnd, Ending, Outcome, ProvisionFailure, Reason};
use super::state::{RunPhase, RunState};
use super::task_state::TaskState;
use crate::domain::id::TaskId;
use crate::domain::time::Timestamp;

/// Decides what follows from `input`. Deterministic.
pub fn step(state: &RunState, input: Input, now: Timestamp) -> Step {
    let mut draft = Draft { state: state.clone(), now, step: Step::default() };
    match input {
        Input::Begin { resumed } => draft.begin(resumed),
        Input::Fact(event) => draft.observe(event),
        Input::Timer { task } => draft.wake(task),
        Input::Stop { reason, force } => draft.stop(reason, force),
        Input::Retry { tasks } => draft.retry(&tasks),
    }
    draft.step
}

struct Draft {
    state: RunState,
    now: Timestamp,
    step: Step,
}

impl Draft {
    fn begin(&mut self, resumed: bool) {
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
                TaskState::Checking { attempt } => Action::Check { task, attempt: *attempt },
                TaskState::RetryWait { until } => Action::Wake { task, at: *until },
                TaskState::Pending
                | TaskState::Provisioned { .. }
                | TaskState::Running { .. }
                | TaskState::Ended { .. }
                | TaskState::Committed { .. }
                | TaskState::Checked { .. }
                | TaskState::Finished { .. } => continue,
            };
            self.step.actions.push(again);
        }
        self.dispatch();
    }

    fn observe(&mut self, event: Event) {
        let task = event.task().and_then(|id| self.state.index(id));
        if !self.try_emit(event.clone()) {
            return;
        }
        if let Some(task) = task {
            self.follow(task, &event);
        }
        self.dispatch();
    }

    fn wake(&mut self, task: TaskId) {
        if self.try_emit(Event::RetryReady { task }) {
            self.dispatch();
        }
    }

    fn stop(&mut self, reason: StopReason, force: bool) {
        match self.state.phase {
            RunPhase::Running | RunPhase::Created => {}
            RunPhase::Stopping(earlier) if force || reason > earlier => {}
            RunPhase::Stopped(StopReason::Interrupted) if reason == StopReason::Aborted => {}
            RunPhase::Stopping(_) | RunPhase::Stopped(_) | RunPhase::Finished => return,
        }
        // A stop only ever gets harder: Ctrl-C does not make an abort resumable again.
        let reason = self.stopping().map_or(reason, |earlier| earlier.max(reason));
        self.emit(Event::StopRequested { reason, force });
        let running: Vec<usize> = self
            .state
            .active_tasks()
            .filter(|&task| {
                matches!(
                    self.state.tasks[task].state,
                    TaskState::Running { .. } | TaskState::Checking { .. }
                )
            })
            .collect();
        self.step.actions.extend(running.into_iter().map(|task| Action::Stop { task, force }));
        self.settle();
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
                if self.stopping().is_some() {
                    self.give_up(task);
                } else {
                    self.emit(Event::AttemptRequested { task: id, attempt: *attempt });
                    self.step.actions.push(Action::Launch { task, attempt: *attempt });
                }
            }
            Event::ProvisionFailed { failure, .. } => {
                let (outcome, reason) = match failure.clone() {
                    ProvisionFailure::StartConflict { between, paths } => {
                        (Outcome::Skipped, Reason::StartConflict { between, paths })
                    }
                    ProvisionFailure::Other { message } => {
                        (Outcome::Failed, Reason::ProvisionFailed { message })
                    }
                };
                self.finish(task, outcome, reason);
            }
            Event::AttemptNotStarted { message, .. } => {
                let reason = Reason::SpawnFailed { message: message.clone() };
                self.finish(task, Outcome::Failed, reason);
            }
            Event::AttemptFinished { attempt, end, .. } => self.after_attempt(task, *attempt, end),
            Event::Committed { attempt, carried, .. } => {
                self.after_commit(task, *attempt, carried);
            }
            Event::CommitFailed { message, .. } => {
                let reason = Reason::WorkLost { message: message.clone() };
                match self.failed_attempt(task) {
                    Some((outcome, _)) => self.finish(task, outcome, reason),
                    None => self.finish(task, Outcome::Failed, reason),
                }
            }
            Event::CheckFinished { end, tainted, .. } => self.after_check(task, end, tainted),
            Event::RunCreated { .. }
            | Event::RunStarted { .. }
            | Event::ProvisionRequested { .. }
            | Event::AttemptRequested { .. }
            | Event::AttemptStarted { .. }
            | Event::CommitRequested { .. }
            | Event::CheckRequested { .. }
            | Event::RetryScheduled { .. }
            | Event::RetryReady { .. }
            | Event::TaskFinished { .. }
            | Event::StopRequested { .. }
            | Event::Reconciled { .. }
            | Event::RetryRequested { .. }
            | Event::Warned { .. }
            | Event::RunFinished
            | Event::RunStopped { .. }
            | Event::Integration { .. } => {}
        }
    }

    fn after_attempt(&mut self, task: usize, attempt: u32, end: &AttemptEnd) {
        for trouble in &end.trouble {
            let message = format!("`{}`: {trouble}", self.state.task(task).id);
            self.emit(Event::Warned { message });
        }
        let limit = self.state.task(task).timeout;
        let interrupted = self.stopping() == Some(StopReason::Interrupted);
        let failed = match end.ending {
            Ending::Code { code: 0 } => None,
            Ending::Code { code } => Some((Outcome::Failed, Reason::ExitCode { code })),
            // The terminal's Ctrl-C can reach a command before it has left our group.
            Ending::Stopped | Ending::Signal { .. } if interrupted => return self.give_up(task),
            Ending::Signal { signal } => Some((Outcome::Failed, Reason::Signal { signal })),
            Ending::TimedOut => Some((Outcome::TimedOut, Reason::TimedOut { limit })),
            Ending::Stopped => Some((Outcome::Cancelled, Reason::Stopped)),
        };
        let keep = failed.is_some();
        let id = self.state.task(task).id.clone();
        self.emit(Event::CommitRequested { task: id, attempt, failed });
        self.step.actions.push(Action::Commit { task, attempt, keep });
    }

    fn after_commit(&mut self, task: usize, attempt: u32, carried: &[String]) {
        if let Some((outcome, reason)) = self.failed_attempt(task) {
            return self.retry_or_finish(task, outcome, reason);
        }
        let declared = self.state.task(task);
        let record = &self.state.tasks[task];
        let paths = || record.changed.iter().map(|change| change.path.clone());
        let must_not_change = declared.read_only || declared.work.is_gate();
        let outside: Vec<String> = match &declared.owns {
            Some(claims) => paths().filter(|path| !claims.matches(path)).collect(),
            None => Vec::new(),
        };
        let objection = if !carried.is_empty() {
            Some(Reason::CarriedCommitted { paths: carried.to_vec() })
        } else if must_not_change && !record.changed.is_empty() {
            Some(Reason::NotReadOnly { paths: paths().collect() })
        } else if !outside.is_empty() {
            Some(Reason::ClaimViolation { paths: outside })
        } else if declared.work.is_agent() && !must_not_change && record.changed.is_empty() {
            Some(Reason::AgentChangedNothing)
        } else {
            None
        };
        if let Some(reason) = objection {
            return self.retry_or_finish(task, Outcome::Failed, reason);
        }
        if declared.check.is_none() {
            return self.succeed(task);
        }
        if self.stopping().is_some() {
            return self.give_up(task);
        }
        let id = declared.id.clone();
        self.emit(Event::CheckRequested { task: id, attempt });
        self.step.actions.push(Action::Check { task, attempt });
    }

    fn after_check(&mut self, task: usize, end: &Result<AttemptEnd, String>, tainted: &[String]) {
        let failure = match end {
            Ok(AttemptEnd { ending: Ending::Code { code: 0 }, .. }) if tainted.is_empty() => None,
            Ok(AttemptEnd { ending: Ending::Code { code: 0 }, .. }) => {
                Some(format!("it changed tracked files ({})", tainted.join(", ")))
            }
            Ok(AttemptEnd { ending: Ending::Stopped, .. }) => return self.give_up(task),
            Ok(AttemptEnd { ending: Ending::Signal { .. }, .. })
                if self.stopping() == Some(StopReason::Interrupted) =>
            {
                return self.give_up(task);
            }
            Ok(end) => Some(end.ending.to_string()),
            Err(message) => Some(message.clone()),
        };
        match failure {
            None => self.succeed(task),
            Some(message) => {
                self.retry_or_finish(task, Outcome::Failed, Reason::CheckFailed { message });
            }
        }
    }

    fn succeed(&mut self, task: usize) {
        let paths = self.state.tasks[task].changed.len();
        let reason = if paths == 0 { Reason::ChangedNothing } else { Reason::Changed { paths } };
        self.finish(task, Outcome::Succeeded, reason);
    }

    /// A stop reached the task: it starts again on resume, or is cancelled.
    fn give_up(&mut self, task: usize) {
        if self.stopping() == Some(StopReason::Aborted) {
            self.finish(task, Outcome::Cancelled, Reason::Stopped);
        } else {
            let id = self.state.task(task).id.clone();
            let finding = "stopped before it was over".to_owned();
            self.emit(Event::Reconciled { task: id, finding });
        }
    }

    fn retry_or_finish(&mut self, task: usize, outcome: Outcome, reason: Reason) {
        let record = &self.state.tasks[task];
        let left = record.attempts_this_round <= self.state.task(task).retries;
        let aborted = self.stopping() == Some(StopReason::Aborted);
        if !left || outcome == Outcome::Cancelled || aborted {
            return self.finish(task, outcome, reason);
        }
        let failed_attempt = record.attempts;
        let id = self.state.task(task).id.clone();
        let wait = back_off(self.state.spec.run.as_str(), &id, record.attempts_this_round);
        let not_before = self.now.after(wait);
        self.emit(Event::RetryScheduled { task: id, failed_attempt, reason, not_before });
        self.step.actions.push(Action::Wake { task, at: not_before });
    }

    /// Ends a task and skips what can then never start (an abort cancels that instead).
    fn finish(&mut self, task: usize, outcome: Outcome, reason: Reason) {
        let id = self.state.task(task).id.clone();
        self.emit(Event::TaskFinished { task: id, outcome, reason });
        if outcome == Outcome::Succeeded || self.stopping() == Some(StopReason::Aborted) {
            return;
        }
        let mut failed = vec![task];
        while let Some(cause) = failed.pop() {
            let spec = self.state.spec.clone();
            for &next in &spec.plan.problem.jobs[cause].successors {
                if self.state.tasks[next].state.is_finished() {
                    continue;
                }
                let reason = Reason::Dependency { task: spec.plan.tasks[cause].task.id.clone() };
                let id = spec.plan.tasks[next].task.id.clone();
                self.emit(Event::TaskFinished { task: id, outcome: Outcome::Skipped, reason });
                failed.push(next);
            }
        }
    }

    /// Starts whatever the dispatcher lets start.
    fn dispatch(&mut self) {
        while self.state.phase == RunPhase::Running {
            let spec = self.state.spec.clone();
            let Some(task) = self.state.dispatcher.next(&spec.plan.problem) else { break };
            let attempt = self.state.tasks[task].attempts + 1;
            let (from, needs) = self.state.start_of(task);
            let id = spec.plan.tasks[task].task.id.clone();
            let request =
                Event::ProvisionRequested { task: id, attempt, from: from.clone(), needs };
            if !self.emit(request) {
                break;
            }
            self.step.actions.push(Action::Provision { task, attempt, from });
        }
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

    fn stopping(&self) -> Option<StopReason> {
        if let RunPhase::Stopping(reason) = self.state.phase { Some(reason) } else { None }
    }

    fn failed_attempt(&self, task: usize) -> Option<(Outcome, Reason)> {
        if let TaskState::Committed { failed, .. } = &self.state.tasks[task].state {
            failed.clone()
        } else {
            None
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

/// 1 s, 2 s, 4 s … up to a minute, give or take a fifth so that tasks do not return in step. The
/// spread comes from the names, not from chance: the same run waits the same time.
fn back_off(run: &str, task: &TaskId, failures: u32) -> Duration {
    let base = Duration::from_secs(60).min(Duration::from_secs(1 << failures.clamp(1, 7) >> 1));
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in run.bytes().chain(task.as_str().bytes()).chain(failures.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    base.mul_f64(0.8 + 0.4 * (hash % 1000) as f64 / 1000.0)
}
