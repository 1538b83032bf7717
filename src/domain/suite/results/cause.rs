//! Why a module failed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::integrate::Trouble;

/// How the command of a suite ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum SuiteEnd {
    /// By itself.
    Code {
        /// 0 to 255.
        code: i32,
    },
    /// By a signal that wt-orch did not send.
    Signal {
        /// Its number.
        signal: i32,
    },
    /// Its time ran out.
    TimedOut,
    /// It neither wrote nor computed for too long.
    Stalled,
    /// It held more memory than it may.
    OutOfMemory,
    /// It was stopped before its end.
    Stopped,
    /// It was never started, or could not be.
    NotRun,
}

impl SuiteEnd {
    /// Exit 0.
    pub fn is_success(self) -> bool {
        self == Self::Code { code: 0 }
    }

    /// It came to its own end.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Code { .. })
    }
}

/// Why a module failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum FailureCause {
    /// Tests did.
    Tests {
        /// How many, as its own program counts them.
        failed: u64,
    },
    /// No test is named as failed; its output tells of something else.
    Trouble {
        /// What.
        trouble: Trouble,
    },
    /// No test is named as failed, and nothing tells why.
    Unexplained {
        /// Not 0.
        code: i32,
    },
    /// It did not come to its own end.
    Ended {
        /// How it did.
        end: SuiteEnd,
    },
}

impl fmt::Display for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tests { failed: 1 } => f.write_str("1 test failed"),
            Self::Tests { failed } => write!(f, "{failed} tests failed"),
            Self::Trouble { trouble } => {
                let (what, line) = match trouble {
                    Trouble::Build { line } => ("it could not be built", line),
                    Trouble::Collection { line } => ("tests could not be loaded", line),
                    Trouble::Crash { line } => ("its tests crashed", line),
                    Trouble::Coverage { line } => ("its coverage is too low", line),
                    Trouble::NoTests { line } => ("there was no test to run", line),
                    Trouble::Missing { line } => ("what runs its tests is missing", line),
                };
                write!(f, "{what}: {line}")
            }
            Self::Unexplained { code } => {
                write!(f, "exit code {code}, and no test is named as failed")
            }
            Self::Ended { end } => match end {
                SuiteEnd::Code { code } => write!(f, "exit code {code}"),
                SuiteEnd::Signal { signal } => write!(f, "killed by signal {signal}"),
                SuiteEnd::TimedOut => f.write_str("its time ran out"),
                SuiteEnd::Stalled => f.write_str("it did nothing for too long"),
                SuiteEnd::OutOfMemory => f.write_str("it held more memory than it may"),
                SuiteEnd::Stopped => f.write_str("it was stopped"),
                SuiteEnd::NotRun => f.write_str("it was not run"),
            },
        }
    }
}
