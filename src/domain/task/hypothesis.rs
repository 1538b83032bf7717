//! Competing theories: `[[hypothesis]]` of a tasks file.

use serde::{Deserialize, Serialize};

use super::{RaceRules, Task};

/// All hypotheses of a file, and what decides between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaceSet {
    /// What decides.
    pub rules: RaceRules,
    /// In the order of the file; at least one.
    pub hypotheses: Vec<Hypothesis>,
}

/// One competing theory, as an arm of the race.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// What runs in its worktree before the check does, with everything else that is a task's.
    /// Its `check` is the race's.
    pub task: Task,
    /// Path of a patch, as written: relative to the tasks file.
    pub patch: Option<String>,
    /// Commit or branch it starts from; `None` means the base of the file.
    pub from: Option<String>,
    /// The id of the table that this arm is one of several of (`arms = 4`).
    pub family: Option<String>,
}
