//! What a worktree got beside the files of its commit.

use serde::{Deserialize, Serialize};

use crate::domain::plan::CarryLoad;

/// Ignored files that were brought from the user's checkout into one worktree.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Brought {
    /// How much, and in which way.
    pub load: CarryLoad,
    /// What stayed behind, and why.
    pub notes: Vec<String>,
    /// Seconds it took.
    pub seconds: f64,
}
