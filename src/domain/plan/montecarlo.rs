//! Draws of both arms from the same random numbers (`research/scheduling.md` §3 and §4).

use super::estimate::{Estimate, SD_RUN};
use super::plan_type::Interval;
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
    let mut random = Random(seed);
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
    let count = sequential.len() as f64;
    let pairs = || sequential.iter().zip(&parallel);
    Comparison {
        benefit: pairs().map(|(s, p)| s - p).sum::<f64>() / count,
        wins: pairs().filter(|(s, p)| s > p).count() as f64 / count,
        losses: pairs().filter(|(s, p)| **p > 1.05 * **s).count() as f64 / count,
        sequential: interval(sequential),
        parallel: interval(parallel),
    }
}

fn interval(mut draws: Vec<f64>) -> Interval {
    draws.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let at = (q * (draws.len() - 1) as f64).round() as usize;
        draws.get(at).copied().unwrap_or(0.0)
    };
    Interval { p50: quantile(0.5), low: quantile(0.025), high: quantile(0.975) }
}

/// SplitMix64 (Steele, Lea, Flood 2014) and Box–Muller: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In (0, 1].
    fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_draws_have_mean_zero_and_deviation_one() {
        let mut random = Random(7);
        let draws: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }

    #[test]
    fn quantiles_of_a_ramp_are_where_they_should_be() {
        let found = interval((0..=1000).map(f64::from).collect());
        assert_eq!((found.low, found.p50, found.high), (25.0, 500.0, 975.0));
    }
}
