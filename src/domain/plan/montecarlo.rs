//! Draws of both arms from the same random numbers (`research/scheduling.md` §3 and §4).

use super::estimate::{Estimate, SD_RUN};
use super::plan_type::Interval;
use super::random::Random;
use super::simulate::{Scenario, simulate};

/// What the draws say of both arms, times up to *landed*.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    pub(super) sequential: Interval,
    pub(super) parallel: Interval,
    /// Mean of sequential less parallel, seconds.
    pub(super) benefit: f64,
    /// Share of draws in which parallel was faster.
    pub(super) wins: f64,
    /// Share of draws in which parallel was more than 5 % slower.
    pub(super) losses: f64,
    /// Times of the sequential arm without its tail, sorted.
    pub(super) sequential_runs: Vec<f64>,
    /// The same of the parallel arm.
    pub(super) parallel_runs: Vec<f64>,
}

/// Share of sorted times that are at most `limit`.
pub(super) fn share_within(sorted: &[f64], limit: f64) -> f64 {
    let within = sorted.partition_point(|&time| time <= limit);
    within as f64 / sorted.len().max(1) as f64
}

/// Median and standard deviation of the logarithm of sorted times.
pub(super) fn median_and_spread(sorted: &[f64]) -> (f64, f64) {
    let logs: Vec<f64> = sorted.iter().map(|time| time.max(1e-9).ln()).collect();
    let count = logs.len().max(1) as f64;
    let mean = logs.iter().sum::<f64>() / count;
    let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / count;
    (sorted.get(sorted.len() / 2).copied().unwrap_or(0.0), variance.sqrt())
}

/// Both arms and the constant each adds for merging, validating and starting up.
pub(super) struct Arms<'a> {
    pub(super) sequential: Scenario<'a>,
    pub(super) parallel: Scenario<'a>,
    pub(super) sequential_tail: f64,
    pub(super) parallel_tail: f64,
}

/// Plays both arms `draws` times.
pub(super) fn compare(
    arms: &Arms<'_>,
    estimates: &[Estimate],
    draws: usize,
    seed: u64,
) -> Comparison {
    let mut random = Random::new(seed);
    let mut durations = vec![0.0; estimates.len()];
    let (mut sequential, mut parallel) = (Vec::with_capacity(draws), Vec::with_capacity(draws));
    for _ in 0..draws.max(1) {
        let run = SD_RUN * random.normal();
        for (duration, estimate) in durations.iter_mut().zip(estimates) {
            *duration = estimate.p50 * (estimate.sd * random.normal() + run).exp();
        }
        let with = |scenario: &Scenario<'_>, tail: f64| {
            simulate(&Scenario { durations: &durations, ..*scenario }).makespan + tail
        };
        sequential.push(with(&arms.sequential, arms.sequential_tail));
        parallel.push(with(&arms.parallel, arms.parallel_tail));
    }
    let without = |times: &[f64], tail: f64| {
        let mut runs: Vec<f64> = times.iter().map(|time| time - tail).collect();
        runs.sort_by(f64::total_cmp);
        runs
    };
    let count = sequential.len() as f64;
    let pairs = || sequential.iter().zip(&parallel);
    Comparison {
        benefit: pairs().map(|(s, p)| s - p).sum::<f64>() / count,
        wins: pairs().filter(|(s, p)| s > p).count() as f64 / count,
        losses: pairs().filter(|(s, p)| **p > 1.05 * **s).count() as f64 / count,
        sequential_runs: without(&sequential, arms.sequential_tail),
        parallel_runs: without(&parallel, arms.parallel_tail),
        sequential: interval(sequential),
        parallel: interval(parallel),
    }
}

fn interval(mut draws: Vec<f64>) -> Interval {
    draws.sort_by(f64::total_cmp);
    sorted_interval(&draws)
}

/// Median and 95 % interval of sorted times.
pub(super) fn sorted_interval(draws: &[f64]) -> Interval {
    let quantile = |q: f64| {
        let at = (q * (draws.len() - 1) as f64).round() as usize;
        draws.get(at).copied().unwrap_or(0.0)
    };
    Interval { p50: quantile(0.5), low: quantile(0.025), high: quantile(0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_ramp_are_where_they_should_be() {
        let found = interval((0..=1000).map(f64::from).collect());
        assert_eq!((found.low, found.p50, found.high), (25.0, 500.0, 975.0));
    }
}
