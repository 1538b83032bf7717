//! What follows from the end of hooks, a command, a commit or a check.

use super::super::action::Action;
use super::super::check_run::tainted_text;
use super::super::event::Event;
use super::super::outcome::{AttemptEnd, Ending, Outcome};
use super::super::reason::Reason;
use super::super::setup_end::SetupEnd;
use super::super::stop_reason::StopReason;
use super::super::task_state::TaskState;
use super::Draft;
use super::stopping::Stop;

impl Draft {
    pub(super) fn after_setup(&mut self, task: usize, attempt: u32, end: &SetupEnd) {
        let interrupted = self.stopping() == Some(StopReason::Interrupted);
        match end {
            SetupEnd::Ready { .. } if self.stop_of(task).is_some() => self.give_up(task),
            SetupEnd::Ready { .. } => self.launch(task, attempt),
            SetupEnd::Failed { ending: Ending::Stopped, .. } => self.give_up(task),
            // The terminal's Ctrl-C can reach a hook before it has left our group.
            SetupEnd::Failed { ending: Ending::Signal { .. }, .. } if interrupted => {
                self.give_up(task);
            }
            SetupEnd::Failed { hook, ending, log } => {
                let (hook, log) = (hook.clone(), log.clone());
                let reason = Reason::SetupFailed { hook, ending: *ending, log };
                self.retry_or_finish(task, Outcome::Failed, reason);
            }
            SetupEnd::Broken { message, .. } => {
                let reason = Reason::NotSetUp { message: message.clone() };
                self.fall_back_or_finish(task, Outcome::Failed, reason);
            }
        }
    }

    pub(super) fn after_attempt(&mut self, task: usize, attempt: u32, end: &AttemptEnd) {
        for trouble in &end.trouble {
            let message = format!("`{}`: {trouble}", self.state.task(task).id);
            self.emit(Event::Warned { message });
        }
        let limit = self.state.task(task).timeout;
        let interrupted = self.stopping() == Some(StopReason::Interrupted);
        let failed = match end.ending {
            Ending::Code { code: 0 } => {
                let said = end.agent.as_ref().and_then(|agent| agent.error.clone());
                let said = said.map(|said| Reason::AgentReportedError { said });
                self.tampering(task).or(said).map(|reason| (Outcome::Failed, reason))
            }
            Ending::Code { code } => Some((Outcome::Failed, Reason::ExitCode { code })),
            // The terminal's Ctrl-C can reach a command before it has left our group.
            Ending::Stopped | Ending::Signal { .. } if interrupted => return self.give_up(task),
            Ending::Signal { .. } if end.out_of_memory => {
                let limit = self.state.task(task).rules.memory_limit.unwrap_or_default();
                Some((Outcome::Failed, Reason::OutOfMemory { limit }))
            }
            Ending::Signal { signal } => Some((Outcome::Failed, Reason::Signal { signal })),
            Ending::TimedOut => Some((Outcome::TimedOut, Reason::TimedOut { limit })),
            Ending::Stalled => {
                let limit = self.state.task(task).rules.stall_timeout.unwrap_or_default();
                Some((Outcome::TimedOut, Reason::Stalled { limit }))
            }
            Ending::Stopped => Some(
                self.stop_of(task).map_or((Outcome::Cancelled, Reason::Stopped), Stop::of_what_ran),
            ),
        };
        let keep = failed.is_some();
        let id = self.state.task(task).id.clone();
        self.emit(Event::CommitRequested { task: id, attempt, failed });
        self.step.actions.push(Action::Commit { task, attempt, keep });
    }

    pub(super) fn after_commit(&mut self, task: usize, attempt: u32, carried: &[String]) {
        if let Some((outcome, reason)) = self.failed_attempt(task) {
            let reason = self.said_by_suite(task, &reason).unwrap_or(reason);
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
        if self.stop_of(task).is_some() {
            return self.give_up(task);
        }
        let id = declared.id.clone();
        self.emit(Event::CheckRequested { task: id, attempt, run: 1 });
        self.step.actions.push(Action::Check { task, attempt, run: 1 });
    }

    pub(super) fn after_check(
        &mut self,
        task: usize,
        end: &Result<AttemptEnd, String>,
        tainted: &[String],
    ) {
        let failure = match end {
            Ok(AttemptEnd { ending: Ending::Code { code: 0 }, .. }) if tainted.is_empty() => None,
            Ok(AttemptEnd { ending: Ending::Code { code: 0 }, .. }) => {
                Some(format!("it changed {}", tainted_text(tainted)))
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
        match (failure, self.tampering(task)) {
            (None, None) => self.succeed(task),
            (None, Some(reason)) => self.retry_or_finish(task, Outcome::Failed, reason),
            (Some(message), _) => {
                self.retry_or_finish(task, Outcome::Failed, Reason::CheckFailed { message });
            }
        }
    }

    /// Why an attempt fails that changed what runs programs outside its worktree.
    pub(super) fn tampering(&self, task: usize) -> Option<Reason> {
        let what = &self.state.tasks[task].tampered;
        (!what.is_empty()).then(|| Reason::Tampered { what: what.clone() })
    }

    fn succeed(&mut self, task: usize) {
        let paths = self.state.tasks[task].changed.len();
        let changed = if paths == 0 { Reason::ChangedNothing } else { Reason::Changed { paths } };
        let said = self.state.tasks[task].suites.last().map(Reason::of_suite);
        let reason = said.unwrap_or(changed);
        self.finish(task, Outcome::Succeeded, reason);
    }

    /// Ends a task, skips what can then never start (an abort cancels that instead), and stops what a
    /// failure is to stop.
    pub(super) fn finish(&mut self, task: usize, outcome: Outcome, reason: Reason) {
        let id = self.state.task(task).id.clone();
        self.emit(Event::TaskFinished { task: id, outcome, reason });
        self.ease_throttle(task, outcome);
        if outcome == Outcome::Succeeded || self.stopping() == Some(StopReason::Aborted) {
            return;
        }
        self.skip_dependents(task);
        if matches!(outcome, Outcome::Failed | Outcome::TimedOut) {
            self.halt_after(task);
        }
    }

    /// Skips what needs a task that is over without success, at any distance.
    pub(super) fn skip_dependents(&mut self, task: usize) {
        let mut failed = vec![task];
        while let Some(cause) = failed.pop() {
            let spec = self.state.spec.clone();
            let excused = self.state.excused(cause);
            let left_out = self.state.tasks[cause].is_left_out();
            for &next in &spec.plan.problem.jobs[cause].successors {
                if self.state.tasks[next].state.is_finished() || excused.contains(&next) {
                    continue;
                }
                let task = spec.plan.tasks[cause].task.id.clone();
                let reason =
                    if left_out { Reason::LeftOut { task } } else { Reason::Dependency { task } };
                let id = spec.plan.tasks[next].task.id.clone();
                self.emit(Event::TaskFinished { task: id, outcome: Outcome::Skipped, reason });
                self.ease_throttle(next, Outcome::Skipped);
                failed.push(next);
            }
        }
    }

    /// What a suite said of why its command failed, in place of how that ended; what else it did is told
    /// as it is.
    fn said_by_suite(&self, task: usize, reason: &Reason) -> Option<Reason> {
        let of_command = matches!(
            reason,
            Reason::ExitCode { .. } | Reason::Signal { .. } | Reason::OutOfMemory { .. }
        );
        let said = self.state.tasks[task].suites.last().filter(|_| of_command)?;
        said.cause.is_some().then(|| Reason::of_suite(said))
    }

    pub(super) fn failed_attempt(&self, task: usize) -> Option<(Outcome, Reason)> {
        if let TaskState::Committed { failed, .. } = &self.state.tasks[task].state {
            failed.clone()
        } else {
            None
        }
    }
}
