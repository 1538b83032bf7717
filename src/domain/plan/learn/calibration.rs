//! How far predictions of whole runs were off, and intervals that allow for it.

use std::collections::BTreeSet;

use super::super::estimate::NORMAL_QUANTILE;
use super::super::history::ObservedRun;
use super::super::plan_type::{Interval, Verdict};
use super::student::student_quantile;

/// Latest runs of a workflow from which its bias is learned, and what no bias is worth in runs.
const BIAS_RUNS: usize = 8;
const NO_BIAS_WORTH: f64 = 2.0;
/// Latest runs whose scores are looked at.
const SCORES: usize = 200;
/// Runs from which the 95 % quantile of their scores is one of them (Vovk et al. 2005: split
/// conformal prediction).
const CALIBRATED_RUNS: usize = 19;
/// Share of runs that an interval is to cover.
const COVERED: f64 = 0.95;
/// Least spread of the draws that a score is measured in; with less, nothing is random.
const LEAST_SD: f64 = 1e-3;
/// No interval reaches further, seconds: errors without measure must not make one without end.
const LONGEST_S: f64 = 1e12;

/// What past runs say about a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Logarithm of actual over predicted median, usual for this workflow done in this way; 0 before
    /// any such run.
    pub bias: f64,
    /// Half-width of an interval in standard deviations of the draws.
    pub factor: f64,
    /// Runs behind it, of all workflows.
    pub runs: usize,
    /// The factor comes from enough runs to hold 95 % whatever the draws are worth; else it is
    /// provisional.
    pub calibrated: bool,
}

impl Calibration {
    /// Learns from runs, oldest first, for one way of doing the workflow: what makes runs side by
    /// side shorter than predicted says nothing of one lane. Each run is scored with the bias that
    /// was known before it. The first run of a workflow was predicted without attempts of its tasks,
    /// so how far that was off says nothing of later ones.
    pub fn learn(runs: &[ObservedRun], workflow: &str, way: Verdict) -> Self {
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let usable: Vec<&ObservedRun> = runs
            .iter()
            .filter(|run| !known.insert(&run.workflow) && log_error(run).is_some())
            .collect();
        let first = usable.len().saturating_sub(SCORES);
        let mut scores: Vec<f64> = (first..usable.len())
            .filter_map(|at| {
                let run = usable[at];
                let error = log_error(run)?;
                let known = bias(&usable[..at], &run.workflow, way_of(run));
                Some((error - known).abs() / run.sd.max(LEAST_SD))
            })
            .collect();
        scores.sort_by(f64::total_cmp);
        let count = scores.len();
        let is_first = !known.contains(workflow);
        let calibrated = count >= CALIBRATED_RUNS && !is_first;
        let factor = if is_first {
            NORMAL_QUANTILE
        } else if calibrated {
            let place = ((count + 1) as f64 * COVERED).ceil() as usize;
            scores[place.min(count) - 1]
        } else {
            student_quantile(count as f64 + 2.0)
        };
        Self { bias: bias(&usable, workflow, way), factor, runs: count, calibrated }
    }

    /// Runs that are missing until intervals are calibrated.
    pub fn missing(&self) -> usize {
        CALIBRATED_RUNS.saturating_sub(self.runs)
    }

    /// The 95 % interval about a median with a spread of the draws' logarithm.
    pub fn interval(&self, median: f64, sd: f64) -> Interval {
        let p50 = median * self.bias.exp();
        let spread = (self.factor * sd.max(LEAST_SD)).exp();
        let [low, p50, high] = [p50 / spread, p50, p50 * spread].map(|at| at.min(LONGEST_S));
        Interval { p50, low, high }
    }
}

fn way_of(run: &ObservedRun) -> Verdict {
    if run.width > 1 { Verdict::Parallel } else { Verdict::Sequential }
}

/// Median error of the workflow's latest runs of this kind, pulled towards none.
fn bias(runs: &[&ObservedRun], workflow: &str, way: Verdict) -> f64 {
    let is_alike = |run: &ObservedRun| run.workflow == workflow && way_of(run) == way;
    let of_it = runs.iter().rev().filter(|run| is_alike(run));
    let mut errors: Vec<f64> = of_it.filter_map(|run| log_error(run)).take(BIAS_RUNS).collect();
    errors.sort_by(f64::total_cmp);
    let (Some(upper), Some(lower)) =
        (errors.get(errors.len() / 2), errors.get(errors.len().saturating_sub(1) / 2))
    else {
        return 0.0;
    };
    let count = errors.len() as f64;
    f64::midpoint(*lower, *upper) * count / (count + NO_BIAS_WORTH)
}

/// Logarithm of actual over predicted; `None` where one of them says nothing.
fn log_error(run: &ObservedRun) -> Option<f64> {
    let error = (run.actual_s / run.predicted_s).ln();
    (error.is_finite() && run.sd.is_finite()).then_some(error)
}

#[cfg(test)]
mod tests;
