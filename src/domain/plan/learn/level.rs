//! Where the effects of runs stand by the latest of them: a level that wanders, seen through noise
//! (local level model, Kalman 1960).
//!
//! With runs close to one another and no trend this is their mean; the longer the time since a run,
//! the less it says, because the project and the machine change meanwhile.

use crate::domain::time::Timestamp;

/// Noise of one run before there are runs, and what that is worth in runs.
const NOISE: f64 = 0.06;
const WORTH: f64 = 2.0;
/// By how much the logarithm of all durations wanders in a month (standard deviation): a judgement,
/// about a sixth of what the pipeline of a young project did.
const MONTHLY: f64 = 0.10;
const MONTH_MS: f64 = 30.0 * 86_400_000.0;
/// Runs and correlation of neighbours from which the latest runs count more than earlier ones, and
/// the weight of the latest one that then results.
const TREND_RUNS: usize = 6;
const TREND_CORRELATION: f64 = 0.3;
const TREND_WEIGHT: f64 = 0.4;
/// Rounds in which the noise settles.
const ROUNDS: usize = 10;

/// Effect of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    pub(super) effect: f64,
    /// Variance of that figure that comes from the tasks: few tasks say little of a run.
    pub(super) variance: f64,
    pub(super) at: Timestamp,
}

/// The level after the latest run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    pub(super) mean: f64,
    /// Variance of `mean`.
    pub(super) variance: f64,
    /// Variance of a run about the level.
    pub(super) noise: f64,
}

impl Level {
    /// Of runs in the order of time; `None` without any.
    pub(super) fn of(runs: &[Seen]) -> Option<Self> {
        let trend = is_trend(runs);
        let mut noise = NOISE * NOISE;
        let mut level = None;
        for _ in 0..ROUNDS {
            let (found, squares) = followed(runs, noise, trend)?;
            level = Some(Self { noise, ..found });
            let freedom = WORTH + runs.len() as f64 - 1.0;
            noise = (WORTH * NOISE * NOISE + squares) / freedom;
        }
        level
    }

    /// Standard deviation of the next run's effect about the mean of the level.
    pub(super) fn next_sd(&self) -> f64 {
        (self.noise + self.variance).sqrt()
    }
}

/// Variance that comes with time.
pub(super) fn wandered(from: Timestamp, to: Timestamp) -> f64 {
    MONTHLY * MONTHLY * (to.0.saturating_sub(from.0)).max(0) as f64 / MONTH_MS
}

/// Follows the level through the runs; the squares are those of the surprises, in terms of noise.
fn followed(runs: &[Seen], noise: f64, trend: bool) -> Option<(Level, f64)> {
    let first = runs.first()?;
    let mut level = Level { mean: first.effect, variance: noise, noise };
    // Gives the latest run its weight once the filter has settled.
    let step = if trend { noise * TREND_WEIGHT * TREND_WEIGHT / (1.0 - TREND_WEIGHT) } else { 0.0 };
    let mut squares = 0.0;
    for pair in runs.windows(2) {
        let [before, run] = pair else { continue };
        let prior = level.variance + step + wandered(before.at, run.at);
        let expected = prior + noise + run.variance;
        let surprise = run.effect - level.mean;
        let gain = prior / expected;
        squares += surprise * surprise * noise / expected;
        level.mean += gain * surprise;
        level.variance = (1.0 - gain) * prior;
    }
    level.variance += step;
    Some((level, squares))
}

/// Whether a run is likely to be like the one before it.
fn is_trend(runs: &[Seen]) -> bool {
    let mean = runs.iter().map(|run| run.effect).sum::<f64>() / runs.len() as f64;
    let about = |at: usize| runs[at].effect - mean;
    let squares: f64 = (0..runs.len()).map(|at| about(at).powi(2)).sum();
    let products: f64 = (1..runs.len()).map(|at| about(at) * about(at - 1)).sum();
    runs.len() >= TREND_RUNS && products > TREND_CORRELATION * squares
}

#[cfg(test)]
mod tests;
