//! How a validation command came out, and what exactly failed in it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::test_results::TestResults;
use crate::domain::time::millis;

/// How a validation command came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidationVerdict {
    /// Exit 0.
    Passed,
    /// Anything else.
    Failed,
    /// Failed, then passed unchanged.
    Flaky,
    /// Failed, and fails on the target as well.
    Baseline,
}

/// One run of one validation command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationRun {
    /// Name of the validation.
    pub name: String,
    /// How it came out.
    pub verdict: ValidationVerdict,
    /// How it ended, in words: `exit code 1`.
    pub ending: String,
    /// How long it took.
    #[serde(with = "millis")]
    pub duration: Duration,
    /// Its last lines, when it failed.
    pub last_lines: Vec<String>,
    /// Tracked files it changed: the tree is tainted and never lands.
    pub tainted: Vec<String>,
    /// Results by test of a run that failed, and of one of chosen tests; `None` where it left none that
    /// can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<TestResults>,
    /// Tests that it was asked for; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// It was not run: the same tree passed the same command in the same surroundings before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cached: bool,
    /// Where its output is; `None` when it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// A thing that fails in a validation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// A test.
    Test(String),
    /// Tests that run on the target were not run, so that nothing excuses the command
    /// (landing.md rule 10).
    Missing,
    /// The command, which does not say more.
    Command,
    /// It changed tracked files (landing.md rule 8).
    Tainted,
}

impl Failure {
    /// The test that it is.
    pub(super) fn test(&self) -> Option<&String> {
        match self {
            Self::Test(name) => Some(name),
            Self::Missing | Self::Command | Self::Tainted => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(name) => f.write_str(name),
            Self::Missing => f.write_str("tests that run on the target are not run"),
            Self::Command => f.write_str("the command fails"),
            Self::Tainted => f.write_str("tracked files are changed"),
        }
    }
}

impl ValidationRun {
    /// Whether the command was well and left the tree as it was.
    pub fn is_green(&self) -> bool {
        self.tainted.is_empty()
            && match self.verdict {
                ValidationVerdict::Passed | ValidationVerdict::Flaky => true,
                ValidationVerdict::Failed | ValidationVerdict::Baseline => false,
            }
    }

    /// Whether it was red by this failure, without making the whole set of them.
    pub(super) fn is_red_by(&self, failure: &Failure) -> bool {
        if self.is_green() {
            return false;
        }
        if !self.tainted.is_empty() {
            return *failure == Failure::Tainted;
        }
        match (failure, self.complete_results()) {
            (Failure::Test(name), Some(results)) => results.failed.contains(name),
            (Failure::Test(name), None) if !self.is_whole() => match &self.results {
                Some(results) if !results.failed.is_empty() => results.failed.contains(name),
                Some(_) | None => self.only.contains(name),
            },
            (Failure::Command, None) => self.is_whole(),
            (Failure::Test(_), None)
            | (Failure::Command, Some(_))
            | (Failure::Missing | Failure::Tainted, _) => false,
        }
    }

    /// Whether it can have shown this failure: a run of chosen tests shows only those that it
    /// executed, as far as it tells.
    pub(super) fn is_about(&self, failure: &Failure) -> bool {
        let Failure::Test(name) = failure else { return self.is_whole() };
        if self.is_whole() {
            return true;
        }
        let executed = self
            .results
            .as_ref()
            .is_none_or(|results| results.passed.contains(name) || results.failed.contains(name));
        self.only.contains(name) && (executed || !self.is_green())
    }

    /// Whether chosen tests were asked for and none of them was executed, so that asking so is of no
    /// use.
    pub(super) fn missed_its_tests(&self) -> bool {
        let ran =
            |results: &TestResults| self.only.iter().any(|t| results.executed().any(|e| e == t));
        !self.is_whole() && self.is_green() && self.results.as_ref().is_some_and(|r| !ran(r))
    }

    /// Whether it ran everything.
    pub(super) fn is_whole(&self) -> bool {
        self.only.is_empty()
    }

    /// Results that name everything that ran.
    pub(super) fn complete_results(&self) -> Option<&TestResults> {
        self.results.as_ref().filter(|results| results.complete && !results.failed.is_empty())
    }

    /// What failed. Without complete results it is the command.
    pub fn failures(&self) -> BTreeSet<Failure> {
        if !self.tainted.is_empty() {
            return BTreeSet::from([Failure::Tainted]);
        }
        if self.is_green() {
            return BTreeSet::new();
        }
        let named = |results: &TestResults| {
            results.failed.iter().cloned().map(Failure::Test).collect::<BTreeSet<_>>()
        };
        if let Some(results) = self.complete_results() {
            return named(results);
        }
        match (&self.results, self.is_whole()) {
            // A chosen few: those that it names, else all that were asked for.
            (Some(results), false) if !results.failed.is_empty() => named(results),
            (_, false) => self.only.iter().cloned().map(Failure::Test).collect(),
            (_, true) => BTreeSet::from([Failure::Command]),
        }
    }
}
