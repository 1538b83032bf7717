//! Globs a task may write, and whether two tasks may write the same path.

use serde::{Deserialize, Serialize};

/// Globs of one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    globs: Vec<String>,
}

impl Claims {
    /// Whether a path is owned.
    pub fn matches(&self, path: &str) -> bool {
        self.globs.iter().any(|glob| glob == path)
    }

    /// Globs in common.
    pub fn overlap(&self, other: &Self) -> Vec<String> {
        self.globs.iter().filter(|g| other.globs.contains(g)).cloned().collect()
    }
}
