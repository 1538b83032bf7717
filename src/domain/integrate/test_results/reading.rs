//! All that a writer says of tests: results by test, its own numbers, times and outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TestResults;

/// How many tests there were, as the writer itself counts them. A test that passed and could not be
/// torn down is one of both to pytest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, errors included.
    pub failed: u64,
    /// Tests that were not executed, or expected to fail.
    pub skipped: u64,
}

impl Tally {
    /// All of them.
    pub fn tests(&self) -> u64 {
        self.passed.saturating_add(self.failed).saturating_add(self.skipped)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            skipped: self.skipped.saturating_add(other.skipped),
        }
    }
}

/// How a report words one test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToldCase {
    /// Its class, or else its suite; empty where it has neither.
    pub class: String,
    /// Its name there.
    pub name: String,
    /// It did not fail itself: something else did, such as what it needs (`<error>`).
    pub is_error: bool,
    /// Why it was not executed.
    pub why_skipped: Option<String>,
}

/// What a test command says of its tests, with what only people read. Ids are those of `results`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReading {
    /// Results by test.
    pub results: TestResults,
    /// Numbers: the writer's own where it told them, else those of `results`.
    pub tally: Tally,
    /// The writer told its numbers.
    pub tally_is_told: bool,
    /// How long tests took, where that was told.
    pub durations: BTreeMap<String, Duration>,
    /// How long all tests of a target of cargo or a go package took together, where that was told; by
    /// what the ids of its tests begin with.
    pub groups: BTreeMap<String, Duration>,
    /// Tests that failed, then passed within the same run.
    pub flaky: BTreeSet<String>,
    /// Output of tests that failed, where the writer showed it; bounded each.
    pub outputs: BTreeMap<String, String>,
    /// How a report words them.
    pub told: BTreeMap<String, ToldCase>,
}

impl TestReading {
    /// Takes in what another tool said in the same output.
    pub(super) fn join(mut self, other: Self) -> Self {
        self.results = self.results.join(other.results);
        self.tally = self.tally.plus(other.tally);
        self.tally_is_told &= other.tally_is_told;
        self.durations.extend(other.durations);
        self.groups.extend(other.groups);
        self.flaky.extend(other.flaky);
        self.outputs.extend(other.outputs);
        self.told.extend(other.told);
        self
    }
}

#[cfg(test)]
mod tests;
