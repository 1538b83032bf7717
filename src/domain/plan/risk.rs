//! How likely the work of two tasks does not merge.

mod assess;
mod co_change;
mod folder;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use assess::RiskFacts;
pub use co_change::CoChange;

/// What is known of conflicts beforehand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Risk {
    /// Pairs that may conflict although they may run at the same time.
    pub pairs: Vec<PairRisk>,
    /// Branches that already change what tasks own.
    #[serde(default)]
    pub branches: Vec<BranchOverlap>,
    /// Tasks of which nothing is known: they declare no `owns`.
    pub unknown: Vec<usize>,
}

/// Nothing is likely to conflict.
pub static NO_RISK: Risk = Risk { pairs: Vec::new(), branches: Vec::new(), unknown: Vec::new() };

/// One pair of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRisk {
    /// Index of the first task.
    pub a: usize,
    /// Index of the second, greater than `a`.
    pub b: usize,
    /// That their work does not merge, 0 to 1.
    pub probability: f64,
    /// Where that comes from, as a sentence without a subject.
    pub why: String,
}

/// A branch that is not merged into the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmergedBranch {
    /// Its short name.
    pub name: String,
    /// Commits that the base has not.
    pub commits: usize,
    /// Paths they change, sorted.
    pub paths: Vec<String>,
}

/// A branch and a task that change the same files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchOverlap {
    /// Short name of the branch.
    pub branch: String,
    /// Commits of it that the base has not.
    pub commits: usize,
    /// Index of the task.
    pub task: usize,
    /// Paths that the branch changes and the task owns, sorted.
    pub paths: Vec<String>,
    /// Those of them on which the branch cannot be merged into the base even without the task's
    /// work; `None` when it was not tried or cannot be told.
    pub collides: Option<Vec<String>>,
}
