//! What runs showed, as it is stored and exchanged.

use super::history::{History, ObservedAttempt, ObservedRun};

/// An attempt with what tells it from every other one of its run and task.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedAttempt {
    /// Its number, from 1.
    pub attempt: u32,
    /// It was observed elsewhere: on another machine, or in another clone.
    pub imported: bool,
    /// What was observed.
    pub observed: ObservedAttempt,
}

/// A run with where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRun {
    /// As in [`RecordedAttempt::imported`].
    pub imported: bool,
    /// What was observed.
    pub observed: ObservedRun,
}

/// Attempts and runs, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observations {
    /// Attempts of tasks.
    pub attempts: Vec<RecordedAttempt>,
    /// Runs whose every task succeeded in one go.
    pub runs: Vec<RecordedRun>,
}

impl Observations {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.attempts.is_empty() && self.runs.is_empty()
    }

    /// The argument of a plan.
    pub fn into_history(self) -> History {
        History {
            attempts: self.attempts.into_iter().map(|recorded| recorded.observed).collect(),
            runs: self.runs.into_iter().map(|recorded| recorded.observed).collect(),
        }
    }
}
