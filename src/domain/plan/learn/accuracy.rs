//! How good past predictions were.

use super::super::history::ObservedRun;

/// Predictions as shown, held against what happened.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Accuracy {
    /// Runs.
    pub runs: usize,
    /// Those whose interval was calibrated.
    pub calibrated: usize,
    /// Share of runs that took a time within the interval.
    pub coverage: f64,
    /// Median of |predicted - actual| / actual.
    pub median_error: f64,
    /// Median of actual over predicted: above 1 where runs take longer than said.
    pub median_ratio: f64,
    /// Median width of the interval in parts of its middle.
    pub median_width: f64,
}

impl Accuracy {
    /// Of the runs of one workflow, or of all; `None` without runs.
    pub fn of(runs: &[ObservedRun], workflow: Option<&str>) -> Option<Self> {
        let counted: Vec<&ObservedRun> = runs
            .iter()
            .filter(|run| workflow.is_none_or(|name| run.workflow == name))
            .filter(|run| run.actual_s > 0.0 && middle(run) > 0.0)
            .collect();
        let covered = |run: &&&ObservedRun| (run.low_s..=run.high_s).contains(&run.actual_s);
        let median_of = |f: &dyn Fn(&ObservedRun) -> f64| {
            let mut values: Vec<f64> = counted.iter().map(|run| f(run)).collect();
            values.sort_by(f64::total_cmp);
            let upper = values.get(values.len() / 2)?;
            let lower = values.get(values.len().saturating_sub(1) / 2)?;
            Some(f64::midpoint(*lower, *upper))
        };
        Some(Self {
            runs: counted.len(),
            calibrated: counted.iter().filter(|run| run.calibrated).count(),
            coverage: counted.iter().filter(covered).count() as f64 / counted.len() as f64,
            median_error: median_of(&|run| (middle(run) / run.actual_s - 1.0).abs())?,
            median_ratio: median_of(&|run| run.actual_s / middle(run))?,
            median_width: median_of(&|run| (run.high_s - run.low_s) / middle(run))?,
        })
    }
}

/// The median that was shown: intervals are symmetric in the logarithm.
fn middle(run: &ObservedRun) -> f64 {
    let shown = (run.low_s * run.high_s).sqrt();
    if shown > 0.0 && shown.is_finite() { shown } else { run.predicted_s }
}
