//! How many tasks may run at once while a run is on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::id::TaskId;

/// Why fewer tasks, or more again, run at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum WidthCause {
    /// More wants to compute than there are cores.
    Load,
    /// Little memory is left.
    Memory,
    /// Other runs on this machine use a part of it.
    OtherRuns,
    /// A provider answered this task that it is called too often: only tasks of the same agent are
    /// meant.
    RateLimit {
        /// The task.
        task: TaskId,
    },
    /// The provider has served this task, or has fewer left to serve: only tasks of the same agent
    /// are meant.
    RateEased {
        /// The task.
        task: TaskId,
    },
    /// Running side by side failed for a reason that is not the tasks' own.
    Failures {
        /// What failed, as one sentence.
        message: String,
    },
    /// What pressed is over.
    Eased,
}

impl fmt::Display for WidthCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load => write!(f, "the machine is busy"),
            Self::Memory => write!(f, "little memory is left"),
            Self::OtherRuns => write!(f, "other runs use a part of the machine"),
            Self::RateLimit { task } => write!(f, "the provider of `{task}` limits the rate"),
            Self::RateEased { task } => write!(f, "the provider of `{task}` is less in demand"),
            Self::Failures { message } => write!(f, "{message}"),
            Self::Eased => write!(f, "there is room again"),
        }
    }
}
