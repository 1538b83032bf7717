//! One run of a race's check on an arm.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outcome::{AttemptEnd, Ending};
use super::state::TaskRecord;
use crate::domain::race::Tally;
use crate::domain::time::human_duration;

/// One run of the check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRun {
    /// It exited with 0 and left the tracked files alone.
    pub passed: bool,
    /// How it ended; `Err` when it could not be started.
    pub end: Result<Ending, String>,
    /// Tracked files that it changed, sorted, and `HEAD` where it moved that or the branch.
    pub tainted: Vec<String>,
    /// How long it took.
    pub wall: Duration,
    /// What it said.
    pub evidence: Option<CheckEvidence>,
}

/// What a run of the check said, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CheckEvidence {
    /// The number that the race's `metric` finds in its output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<f64>,
    /// Tests that failed, sorted; the first of them where there are many. Of the first run that failed
    /// only; earlier versions kept them of every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<String>,
    /// How many failed beyond those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_failing: usize,
    /// The end of its output; of the first run that failed only.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
}

/// Failing tests, as far as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailingTests {
    /// The first ones, their names cut where they are long.
    pub named: Vec<String>,
    /// How many there are beyond those.
    pub more: usize,
}

impl FailingTests {
    /// As many as a report names.
    pub const MOST: usize = 20;
    /// Characters of a name.
    const LONGEST: usize = 200;

    /// Of all that failed.
    pub fn of(failed: impl IntoIterator<Item = String>) -> Self {
        let mut failed = failed.into_iter();
        let named = failed.by_ref().take(Self::MOST).map(|name| cut(name, Self::LONGEST)).collect();
        Self { named, more: failed.count() }
    }
}

fn cut(mut name: String, most: usize) -> String {
    if let Some((end, _)) = name.char_indices().nth(most) {
        name.truncate(end);
        name.push('…');
    }
    name
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl CheckRun {
    /// From the fact that a check ended.
    pub(super) fn of(
        end: &Result<AttemptEnd, String>,
        tainted: &[String],
        evidence: Option<&CheckEvidence>,
    ) -> Self {
        let ending = end.as_ref().map(|end| end.ending).map_err(Clone::clone);
        Self {
            passed: ending == Ok(Ending::Code { code: 0 }) && tainted.is_empty(),
            end: ending,
            tainted: tainted.to_vec(),
            wall: end.as_ref().map_or(Duration::ZERO, |end| end.usage.wall),
            evidence: evidence.cloned(),
        }
    }

    /// Whether it says anything about the arm: one that could not be carried out does not, nor one
    /// that was stopped.
    pub fn counts(&self) -> bool {
        match self.end {
            Ok(
                Ending::Code { .. } | Ending::Signal { .. } | Ending::TimedOut | Ending::Stalled,
            ) => true,
            Ok(Ending::Stopped) | Err(_) => false,
        }
    }

    /// How it ended, in words, where it may take `limit`.
    pub fn ended(&self, limit: Duration) -> String {
        match &self.end {
            Ok(_) if self.is_tainted() => format!("it changed {}", tainted_text(&self.tainted)),
            Ok(Ending::TimedOut) => format!("timed out after {}", human_duration(limit)),
            Ok(Ending::Signal { signal }) => format!("killed by signal {signal}"),
            Ok(ending @ (Ending::Code { .. } | Ending::Stalled | Ending::Stopped)) => {
                ending.to_string()
            }
            Err(message) => message.clone(),
        }
    }

    /// Whether it passed, had it left the tracked files alone.
    pub fn is_tainted(&self) -> bool {
        self.end == Ok(Ending::Code { code: 0 }) && !self.tainted.is_empty()
    }
}

impl TaskRecord {
    /// How often its check passed and failed on the work that it has now.
    pub fn tally(&self) -> Tally {
        let ended = self.checks.iter().filter(|run| run.counts());
        ended.fold(Tally::default(), |tally, run| tally.with(run.passed))
    }

    /// How often its check ran on the work that it has now.
    pub(super) fn runs_of_check(&self) -> u32 {
        u32::try_from(self.checks.len()).unwrap_or(u32::MAX)
    }

    /// How the check ended that failed last, in words, where each may take `limit`.
    pub(super) fn last_failed_check(&self, limit: Duration) -> String {
        let failed = self.checks.iter().rev().find(|run| !run.passed);
        failed.map_or_else(String::new, |run| run.ended(limit))
    }
}

/// What a check changed that is not its to change: `tracked files (a.txt)`, or `HEAD`, with the way out.
pub(super) fn tainted_text(tainted: &[String]) -> String {
    let files: Vec<&str> =
        tainted.iter().map(String::as_str).filter(|path| *path != "HEAD").collect();
    let head = "HEAD: a check must neither commit nor switch branches";
    let files_text = || format!("tracked files ({})", files.join(", "));
    match (files.is_empty(), files.len() == tainted.len()) {
        (true, _) => head.to_owned(),
        (false, true) => files_text(),
        (false, false) => format!("{} and {head}", files_text()),
    }
}

#[cfg(test)]
mod tests;
