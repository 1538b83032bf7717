//! Results while they are gathered.

use std::collections::BTreeMap;

use super::{TestFormat, TestResults};

/// Bytes of an id at most, and of every part that ids are made of: with longer ones, a small output
/// could make a lot of text.
const ID_MAX: usize = 2 * 1024;
/// Bytes of all ids at most.
const IDS_MAX: usize = 256 * 1024 * 1024;

/// How a test ended, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Skipped,
    Passed,
    Failed,
}

/// Outcomes by id. What does not fit is left out and makes the results incomplete.
#[derive(Debug, Default)]
pub(super) struct Collected {
    outcomes: BTreeMap<String, Outcome>,
    bytes: usize,
    /// Something is known to be missing.
    gap: bool,
}

impl Collected {
    /// Records one result of the test whose id has these parts; the worst of all stays. Returns
    /// whether there was one before.
    pub(super) fn record(&mut self, parts: &[&str], outcome: Outcome) -> bool {
        let Some(id) = id(parts) else {
            self.gap = true;
            return false;
        };
        if let Some(known) = self.outcomes.get_mut(&id) {
            *known = outcome.max(*known);
            return true;
        }
        self.bytes += id.len();
        if self.bytes > IDS_MAX {
            self.gap = true;
        } else {
            self.outcomes.insert(id, outcome);
        }
        false
    }

    /// Something is missing.
    pub(super) fn note_gap(&mut self) {
        self.gap = true;
    }

    pub(super) fn failed(&self, parts: &[&str]) -> bool {
        id(parts).is_some_and(|id| self.outcomes.get(&id) == Some(&Outcome::Failed))
    }

    pub(super) fn finish(self, format: TestFormat) -> TestResults {
        let mut results = TestResults {
            format,
            complete: false,
            passed: Default::default(),
            failed: Default::default(),
            skipped: Default::default(),
        };
        for (id, outcome) in self.outcomes {
            match outcome {
                Outcome::Skipped => results.skipped.insert(id),
                Outcome::Passed => results.passed.insert(id),
                Outcome::Failed => results.failed.insert(id),
            };
        }
        results.complete = !self.gap && results.executed().next().is_some();
        results
    }
}

/// The parts that are not empty, with single blanks between; `None` where that gets too long.
pub(super) fn id(parts: &[&str]) -> Option<String> {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    let long = parts.iter().map(|part| part.len()).sum::<usize>() > ID_MAX;
    (!long && !parts.is_empty()).then(|| parts.join(" "))
}

/// A part that other ids will begin with, unless it is too long for that.
pub(super) fn prefix(text: &str) -> Option<String> {
    id(&[text])
}
