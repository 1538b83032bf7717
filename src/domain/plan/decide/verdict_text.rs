//! The verdict in plain sentences.

mod advice;
mod flips;
mod reasons;

pub(super) use advice::advice;
pub(super) use flips::flips;
pub(super) use reasons::reasons;

use super::Candidate;
use super::binding::Bound;
use super::gains::Gain;
use crate::domain::plan::montecarlo::Comparison;
use crate::domain::plan::plan_type::{Predicted, Verdict};
use crate::domain::time::{from_secs, human_duration};

/// What the sentences are made from.
pub(super) struct Evidence<'a> {
    pub(super) candidate: &'a Candidate<'a>,
    pub(super) comparison: &'a Comparison,
    pub(super) predicted: &'a Predicted,
    /// What the rule says.
    pub(super) ruled: Verdict,
    /// What will be done.
    pub(super) verdict: Verdict,
    pub(super) width: usize,
    pub(super) draws: usize,
    /// Least benefit that makes splitting worth it, seconds.
    pub(super) needed: f64,
    pub(super) bound: Bound,
    /// By how much all durations must be scaled for the verdict to turn.
    pub(super) flip: Option<f64>,
    /// The widest width that still gains something.
    pub(super) pays_until: usize,
    pub(super) gains: Vec<Gain>,
}

fn human(seconds: f64) -> String {
    human_duration(from_secs(seconds))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
