//! When splitting pays.

use crate::domain::plan::montecarlo::Comparison;

/// Share of the draws in which side by side must be faster.
pub(in crate::domain::plan) const LEAST_WINS: f64 = 0.80;

/// Share of the draws in which side by side may be more than 5 % slower.
pub(in crate::domain::plan) const MOST_LOSSES: f64 = 0.05;

/// Least benefit, in seconds, that makes splitting worth it: at least two seconds and a tenth of
/// the sequential time at medians or 15 s a task, whichever is less (`research/scheduling.md` §7).
pub(super) fn needed_benefit(sequential: f64, tasks: usize) -> f64 {
    (0.10 * sequential).min(15.0 * tasks as f64).max(2.0)
}

/// Enough benefit, very probably, and hardly ever a loss.
pub(super) fn pays(comparison: &Comparison, needed: f64) -> bool {
    comparison.benefit >= needed
        && comparison.wins >= LEAST_WINS
        && comparison.losses <= MOST_LOSSES
}
