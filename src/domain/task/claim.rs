//! Globs a task may write, and whether two tasks may write the same path.

use serde::{Deserialize, Serialize};

/// Globs of one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    globs: Vec<String>,
}
