//! What follows from a run of a race's check: another one, an arm that is settled, the end of the race.

use super::super::action::Action;
use super::super::check_run::tainted_text;
use super::super::event::Event;
use super::super::outcome::{AttemptEnd, Ending, Outcome};
use super::super::reason::Reason;
use super::super::stop_reason::StopReason;
use super::Draft;
use super::stopping::Stop;
use crate::domain::race::{Standing, goes_on, standing};
use crate::domain::task::{RaceRules, RaceStop};

impl Draft {
    /// Whether this was a check of a race; if so, everything that follows from it has happened.
    pub(super) fn after_race_check(
        &mut self,
        task: usize,
        attempt: u32,
        end: &Result<AttemptEnd, String>,
    ) -> bool {
        let Some(race) = self.state.spec.kind.race() else { return false };
        let rules = race.rules.clone();
        let is_control = race.control.as_ref() == Some(&self.state.task(task).id);
        match end {
            Err(message) => {
                let message = message.clone();
                self.fall_back_or_finish(task, Outcome::Failed, Reason::CheckNotRun { message });
            }
            Ok(end) if self.is_cut_off(task, end) => {
                // What is settled stays settled, whatever else was to run.
                let resumes = matches!(self.stop_of(task), Some(Stop::Interrupted) | None);
                let all_ran = !goes_on(&rules, self.state.tasks[task].tally());
                match self.is_open(task, &rules) || (resumes && !all_ran) {
                    true => self.give_up(task),
                    false => self.conclude(task, (&rules, is_control)),
                }
            }
            // What the machine had no room for says nothing of the arm.
            Ok(end)
                if self
                    .falls_back(task, &Reason::CheckFailed { message: end.ending.to_string() }) => {
            }
            Ok(_) => match self.tampering(task).or_else(|| self.unfit(task, is_control)) {
                Some(reason) => self.finish(task, Outcome::Failed, reason),
                None => self.judge(task, attempt, (&rules, is_control)),
            },
        }
        true
    }

    /// Whether the check was stopped, or nothing is to follow it.
    fn is_cut_off(&self, task: usize, end: &AttemptEnd) -> bool {
        let interrupted = self.stopping() == Some(StopReason::Interrupted);
        let stopped = match end.ending {
            Ending::Stopped => true,
            // The terminal's Ctrl-C can reach a check before it has left our group.
            Ending::Signal { .. } => interrupted,
            Ending::Code { .. } | Ending::TimedOut | Ending::Stalled => false,
        };
        stopped || self.stop_of(task).is_some()
    }

    fn is_open(&self, task: usize, rules: &RaceRules) -> bool {
        standing(rules, self.state.tasks[task].tally()) == Standing::Open
    }

    /// Why a check says nothing at all, as the control shows: neither that the base has the bug nor
    /// that it has not.
    fn unfit(&self, task: usize, is_control: bool) -> Option<Reason> {
        let last = self.state.tasks[task].checks.last().filter(|_| is_control)?;
        let message = match last.end {
            Ok(Ending::Code { code: code @ (126 | 127) }) => {
                format!(
                    "exit code {code}: its command was not found, or is no program; a worktree has \
                     what git tracks, and a setup hook (`[[setup]]`) installs the rest there"
                )
            }
            _ if last.is_tainted() => {
                format!("it passes on the base, but changes {}", tainted_text(&last.tainted))
            }
            Ok(
                Ending::Code { .. }
                | Ending::Signal { .. }
                | Ending::TimedOut
                | Ending::Stalled
                | Ending::Stopped,
            )
            | Err(_) => return None,
        };
        Some(Reason::CheckNotRun { message })
    }

    fn judge(&mut self, task: usize, attempt: u32, (rules, is_control): (&RaceRules, bool)) {
        let tally = self.state.tasks[task].tally();
        if goes_on(rules, tally) {
            let id = self.state.task(task).id.clone();
            self.emit(Event::CheckRequested { task: id, attempt, run: tally.runs() + 1 });
            self.step.actions.push(Action::Check { task, attempt, run: tally.runs() + 1 });
            return;
        }
        self.conclude(task, (rules, is_control));
    }

    /// Ends the control, or an arm that is settled.
    fn conclude(&mut self, task: usize, (rules, is_control): (&RaceRules, bool)) {
        let tally = self.state.tasks[task].tally();
        let (passes, runs) = (tally.passes, tally.runs());
        let is_proved = standing(rules, tally) == Standing::Proved;
        let (outcome, reason) = match (is_control, is_proved) {
            (true, false) => {
                let message = self.state.tasks[task].last_failed_check(rules.timeout);
                (Outcome::Succeeded, Reason::Reproduced { fails: tally.fails, runs, message })
            }
            (true, true) => (Outcome::Failed, Reason::NotReproduced { passes, runs }),
            (false, true) => (Outcome::Succeeded, Reason::Proved { passes, runs }),
            (false, false) => {
                let message = self.state.tasks[task].last_failed_check(rules.timeout);
                (Outcome::Failed, Reason::Falsified { passes, runs, message })
            }
        };
        let id = self.state.task(task).id.clone();
        let decides = !is_control && is_proved && rules.stop == RaceStop::First;
        self.finish(task, outcome, reason);
        if decides && self.state.decided.is_none() && self.stopping().is_none() {
            self.emit(Event::RaceDecided { by: id });
            self.stop_tasks(false, |_, _| true);
        }
    }
}
