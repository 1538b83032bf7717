//! How the setup hooks of an attempt end.

use serde::{Deserialize, Serialize};

use super::outcome::Ending;
use super::shortage::Shortage;

/// What became of the setup of a worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "setup")]
pub enum SetupEnd {
    /// Everything that the start wants done is done.
    Ready {
        /// Hooks that ran, in order.
        ran: Vec<String>,
        /// Hooks whose work for the task before still holds.
        held: Vec<String>,
    },
    /// A hook did not end well; those after it did not run.
    Failed {
        /// Which.
        hook: String,
        /// How it ended.
        ending: Ending,
        /// Where its output is.
        log: String,
    },
    /// It could not be tried, or its traces could not be put in order.
    Broken {
        /// Why.
        message: String,
        /// The machine had no room for a hook.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortage: Option<Shortage>,
    },
}
