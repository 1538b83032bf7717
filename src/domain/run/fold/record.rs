//! What an event changes in the record of its task.

use super::*;
use crate::domain::run::{CheckRun, StartMerge};
use crate::domain::suite::SuiteResults;

impl TaskRecord {
    pub(super) fn note_event(&mut self, event: &Event, at: Timestamp, failed: bool) {
        match event {
            Event::ProvisionRequested { attempt, from, needs, .. } => {
                self.begin_attempt(*attempt, from, needs);
                self.started.get_or_insert(at);
            }
            Event::AttemptNotStarted { shortage, .. } => self.shortage = *shortage,
            Event::ProvisionFailed { failure, .. } => self.shortage = failure.shortage(),
            Event::StartResolved { merge, .. } => self.note_start_merge(merge),
            Event::Provisioned { start, unvalidated, saved, .. } => {
                self.start = Some(*start);
                self.unvalidated_start = *unvalidated;
                self.keep(*saved);
            }
            Event::SetupFinished { end, notes, seconds, .. } => {
                self.notes.extend(notes.iter().cloned());
                let idle = matches!(end, SetupEnd::Ready { ran, .. } if ran.is_empty());
                self.setup = (!idle).then(|| from_secs(*seconds));
                if let SetupEnd::Broken { shortage, .. } = end {
                    self.shortage = *shortage;
                }
            }
            Event::AttemptFinished { end, shortage, .. } => {
                self.shortage = *shortage;
                self.note_end(end);
            }
            Event::SuiteFinished { attempt, results, .. } => self.note_suite(*attempt, results),
            Event::Committed { tip, notes, .. } if failed => {
                self.keep(Some(*tip));
                self.notes.extend(notes.iter().cloned());
            }
            Event::Committed { tip, changed, changes, leftovers, notes, .. } => {
                self.tip = Some(*tip);
                self.changes.clone_from(changes);
                self.changed.clone_from(changed);
                self.leftovers = *leftovers;
                self.notes.extend(notes.iter().cloned());
            }
            Event::AttemptRequested { .. } => self.launched = Some(at),
            Event::CheckRequested { run: 1, .. } => self.checks.clear(),
            Event::CheckFinished { end, tainted, shortage, evidence, .. } => {
                self.shortage = *shortage;
                self.checks.push(CheckRun::of(end, tainted, evidence.as_deref()));
                if let Ok(end) = end {
                    self.add_usage(end);
                }
                self.check = Some(end.clone());
            }
            Event::TaskFinished { .. } => self.finished = Some(at),
            // What was lost does not count, nor does the time until somebody goes on.
            Event::RetryScheduled { free, reason, .. } => {
                self.attempts_this_round -= u32::from(*free).min(self.attempts_this_round);
                if *free {
                    self.drop_suite(self.attempts);
                }
                let limited = matches!(reason, Reason::RateLimited { .. });
                self.rate_limits = if limited { self.rate_limits + 1 } else { 0 };
            }
            Event::Reconciled { .. } => {
                self.started = None;
                self.checks.clear();
                self.drop_suite(self.attempts);
                self.attempts_this_round = self.attempts_this_round.saturating_sub(1);
            }
            Event::RunCreated { .. }
            | Event::RunStarted { .. }
            | Event::SetupRequested { .. }
            | Event::AttemptStarted { .. }
            | Event::CommitRequested { .. }
            | Event::CommitFailed { .. }
            | Event::CheckRequested { .. }
            | Event::RetryReady { .. }
            | Event::StopRequested { .. }
            | Event::Halted { .. }
            | Event::RaceDecided { .. }
            | Event::GroupTimedOut { .. }
            | Event::RetryRequested { .. }
            | Event::Replanned { .. }
            | Event::WidthChanged { .. }
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

    /// Nothing of what an earlier attempt made counts any more.
    fn begin_attempt(&mut self, attempt: u32, from: &[(TaskId, Oid)], needs: &[TaskId]) {
        if self.from != from {
            // It starts from something else than before.
            self.start = None;
            self.start_merges.clear();
        }
        self.from = from.to_vec();
        self.attempts = attempt;
        self.attempts_this_round += 1;
        self.needs = needs.to_vec();
        self.tip = None;
        self.changed.clear();
        self.changes = None;
        self.checks.clear();
        self.notes.clear();
        self.tampered.clear();
        self.setup = None;
        self.leftovers = false;
        self.shortage = None;
    }

    /// One that could not be used any more was made anew.
    fn note_start_merge(&mut self, merge: &StartMerge) {
        self.start_merges.retain(|earlier| earlier.with != merge.with);
        self.start_merges.push(merge.clone());
    }

    fn note_end(&mut self, end: &AttemptEnd) {
        self.add_usage(end);
        if let Some(said) = &end.agent {
            let before = self.agent.as_deref();
            let all = before.map_or_else(|| (**said).clone(), |b| b.followed_by(said));
            self.agent = Some(Box::new(all));
        }
        self.end = Some(end.clone());
    }

    /// One that was cut off before its end was told is told again.
    fn note_suite(&mut self, attempt: u32, results: &SuiteResults) {
        self.drop_suite(attempt);
        self.suites.push(results.clone());
        self.suite_attempts.push(attempt);
    }

    /// What tests said in an attempt that does not count.
    fn drop_suite(&mut self, attempt: u32) {
        if self.suite_attempts.last() == Some(&attempt) {
            self.suites.pop();
            self.suite_attempts.pop();
        }
    }

    fn keep(&mut self, commit: Option<Oid>) {
        self.kept.extend(commit.filter(|commit| !self.kept.contains(commit)));
    }

    fn add_usage(&mut self, end: &AttemptEnd) {
        self.usage.add(&end.usage);
    }
}
