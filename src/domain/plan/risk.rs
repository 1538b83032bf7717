//! How likely the work of two tasks does not merge.

use serde::{Deserialize, Serialize};

/// What is known of conflicts beforehand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Risk {
    /// Pairs that may conflict although they may run at the same time.
    pub pairs: Vec<PairRisk>,
    /// Tasks of which nothing is known: they declare no `owns`.
    pub unknown: Vec<usize>,
}

/// Nothing is likely to conflict.
pub static NO_RISK: Risk = Risk { pairs: Vec::new(), unknown: Vec::new() };

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
