//! What is stored of the tests of a module: small, whatever they printed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cause::FailureCause;
use super::excerpt::excerpt;
use super::message::message_in;
use super::place::Place;
use super::read::SuiteReading;
use crate::domain::integrate::{Tally, TestFormat, TestReading, Trouble};
use crate::domain::time::millis;

/// Failures that are stored.
pub(super) const FAILURES_MAX: usize = 100;
/// Of those, such with their output.
const OUTPUTS_MAX: usize = 20;
/// Bytes of one output that are stored.
const OUTPUT_BYTES: usize = 4 * 1024;
/// Bytes of a test's name that are stored.
const NAME_BYTES: usize = 512;
/// Flaky tests that are stored.
pub(super) const FLAKY_MAX: usize = 100;
/// Slowest tests that are stored.
pub(super) const SLOWEST_MAX: usize = 10;
/// Lines of the log that are stored where no failure has an output of its own.
const LINES_MAX: usize = 20;

/// What the tests of a module, or of a part of it, said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SuiteResults {
    /// Why it failed; `None` where it passed.
    pub cause: Option<FailureCause>,
    /// Who wrote the results; `None` where nothing was said by test.
    pub format: Option<TestFormat>,
    /// Every test that was meant to run did, and is named.
    pub complete: bool,
    /// Numbers, as its own program prints them.
    pub tally: Tally,
    /// Tests that failed; the first hundred.
    pub failures: Vec<TestFailure>,
    /// How many of those there are beyond.
    pub more_failures: u64,
    /// Tests that failed, then passed unchanged; the first hundred.
    pub flaky: Vec<String>,
    /// It failed as a whole, then passed unchanged.
    pub flaked: bool,
    /// The slowest tests, where times by test are told.
    pub slowest: Vec<SlowTest>,
    /// What does not fit together, in sentences.
    pub notes: Vec<String>,
    /// The end of its log, where it failed and no test has an output of its own.
    pub last_lines: Vec<String>,
}

/// A test that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestFailure {
    /// Its id.
    pub test: String,
    /// The line that says most; empty where nothing was told.
    pub message: String,
    /// What it printed, or why it failed; bounded, empty where nothing was told.
    pub output: String,
    /// Where it failed.
    pub place: Option<Place>,
}

/// A test and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowTest {
    /// Its id.
    pub test: String,
    /// How long it took.
    #[serde(with = "millis")]
    pub duration: Duration,
}

impl SuiteResults {
    /// It passed.
    pub fn passed(&self) -> bool {
        self.cause.is_none()
    }

    /// Whether it took as long as its tests take: they came to their end, whatever they say.
    pub fn ran_to_the_end(&self) -> bool {
        match &self.cause {
            None
            | Some(
                FailureCause::Tests { .. }
                | FailureCause::Trouble { trouble: Trouble::Coverage { .. } },
            ) => true,
            Some(
                FailureCause::Trouble {
                    trouble:
                        Trouble::Build { .. }
                        | Trouble::Collection { .. }
                        | Trouble::Crash { .. }
                        | Trouble::NoTests { .. }
                        | Trouble::Missing { .. },
                }
                | FailureCause::Unexplained { .. }
                | FailureCause::Ended { .. },
            ) => false,
        }
    }
}

impl SuiteReading {
    /// What is stored of it.
    pub fn results(&self) -> SuiteResults {
        let mut results = SuiteResults {
            cause: self.cause.clone(),
            notes: self.notes.clone(),
            ..SuiteResults::default()
        };
        if let Some(tests) = &self.tests {
            results.format = Some(tests.results.format);
            results.complete = tests.results.complete;
            results.tally = tests.tally;
            results.failures = failures(tests);
            let named = u64::try_from(results.failures.len()).unwrap_or(u64::MAX);
            let all = u64::try_from(tests.results.failed.len()).unwrap_or(u64::MAX);
            results.more_failures = all - named;
            results.flaky = tests.flaky.iter().take(FLAKY_MAX).map(|id| name(id)).collect();
            results.slowest = slowest(tests);
        }
        let told = results.failures.iter().any(|failure| !failure.output.is_empty());
        if self.cause.is_some() && !told {
            let from = self.last_lines.len().saturating_sub(LINES_MAX);
            results.last_lines = self.last_lines[from..].to_vec();
        }
        results
    }
}

fn failures(tests: &TestReading) -> Vec<TestFailure> {
    let failed = tests.results.failed.iter().take(FAILURES_MAX).enumerate();
    let failure = |(at, id): (usize, &String)| {
        let output = tests.outputs.get(id).map_or("", String::as_str);
        TestFailure {
            test: name(id),
            message: message_in(output),
            output: if at < OUTPUTS_MAX { excerpt(output, OUTPUT_BYTES) } else { String::new() },
            place: Place::find(id, output),
        }
    };
    failed.map(failure).collect()
}

fn slowest(tests: &TestReading) -> Vec<SlowTest> {
    let mut timed: Vec<_> = tests.durations.iter().collect();
    timed.sort_by_key(|(id, duration)| (std::cmp::Reverse(**duration), *id));
    let timed = timed.into_iter().filter(|(_, duration)| !duration.is_zero()).take(SLOWEST_MAX);
    timed.map(|(id, duration)| SlowTest { test: name(id), duration: *duration }).collect()
}

fn name(id: &str) -> String {
    excerpt(id, NAME_BYTES)
}

#[cfg(test)]
mod tests;
