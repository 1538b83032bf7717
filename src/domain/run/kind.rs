//! What a run is for.

use serde::{Deserialize, Serialize};

use crate::domain::race::RaceSpec;
use crate::domain::suite::SuiteSpec;

/// What a run is for, and with that what its tasks leave behind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RunKind {
    /// Tasks whose branches are to land together.
    #[default]
    Split,
    /// Competing hypotheses: a branch each, of which one lands.
    Race(Box<RaceSpec>),
    /// Test suites: in worktrees on no branch, of which nothing is kept.
    Test(Box<SuiteSpec>),
}

impl RunKind {
    /// Whether nothing of a task is committed or kept.
    pub fn is_test(&self) -> bool {
        matches!(self, Self::Test(_))
    }

    /// The race, if it is one.
    pub fn race(&self) -> Option<&RaceSpec> {
        match self {
            Self::Race(race) => Some(race),
            Self::Split | Self::Test(_) => None,
        }
    }

    /// The test suites, if it is such a run.
    pub fn suite(&self) -> Option<&SuiteSpec> {
        match self {
            Self::Test(suite) => Some(suite),
            Self::Split | Self::Race(_) => None,
        }
    }
}
