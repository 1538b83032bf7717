//! How good past predictions were.

use super::super::history::ObservedRun;
use super::super::median::median;

/// Predictions as shown, held against what happened.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Accuracy {
    /// Runs.
    pub runs: usize,
    /// Those that took a time within the interval.
    pub covered: usize,
    /// Median of what they took, seconds.
    pub median_s: Option<f64>,
    /// Median of |predicted - actual| / actual.
    pub median_error: Option<f64>,
    /// Median of actual over predicted: above 1 where runs take longer than said.
    pub median_ratio: Option<f64>,
}

impl Accuracy {
    /// Of these runs. Errors and ratios leave out those that took no time.
    pub fn of<'a>(runs: impl Iterator<Item = &'a ObservedRun> + Clone) -> Self {
        let ratios = runs
            .clone()
            .map(|run| run.actual_s / middle(run))
            .filter(|ratio| ratio.is_finite() && *ratio > 0.0);
        let is_covered = |run: &&ObservedRun| (run.low_s..=run.high_s).contains(&run.actual_s);
        Self {
            runs: runs.clone().count(),
            covered: runs.clone().filter(is_covered).count(),
            median_s: median(runs.map(|run| run.actual_s)),
            median_error: median(ratios.clone().map(|ratio| (1.0 / ratio - 1.0).abs())),
            median_ratio: median(ratios),
        }
    }

    /// Share of runs that took a time within the interval.
    pub fn coverage(&self) -> Option<f64> {
        (self.runs > 0).then(|| self.covered as f64 / self.runs as f64)
    }
}

/// The median that was shown: intervals are symmetric in the logarithm.
fn middle(run: &ObservedRun) -> f64 {
    let shown = (run.low_s * run.high_s).sqrt();
    if shown > 0.0 && shown.is_finite() { shown } else { run.predicted_s }
}
