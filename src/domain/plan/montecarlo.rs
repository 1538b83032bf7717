//! Draws of both arms from the same random numbers (`research/scheduling.md` §3 and §4).

use super::estimate::Estimate;
use super::plan_type::Interval;
use super::random::Random;
use super::simulate::{Luck, Scenario, Simulator};

/// Keeps the numbers that decide conflicts apart from those that decide durations.
const CONFLICT_STREAM: u64 = 0x5851_f42d_4c95_7f2d;

/// What is believed of how long tasks take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beliefs<'a> {
    /// By task.
    pub(super) estimates: &'a [Estimate],
    /// Standard deviation of the logarithm of what all tasks of a run have in common.
    pub(super) run_sd: f64,
}

impl Beliefs<'_> {
    /// One run's durations, each task's in a worktree of its own with the machine to itself.
    fn sample(&self, random: &mut Random, durations: &mut [f64]) {
        let run = self.run_sd * random.normal();
        for (duration, estimate) in durations.iter_mut().zip(self.estimates) {
            *duration = estimate.p50 * (estimate.sd * random.normal() + run).exp();
        }
    }
}

/// What chance decides of one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draw {
    pub(super) durations: Vec<f64>,
    /// By task, whether it conflicts; `None`: conflicts cost what is expected of them.
    uniforms: Option<Vec<f64>>,
}

impl Draw {
    /// What is expected.
    pub(super) fn expected(medians: &[f64]) -> Self {
        Self { durations: medians.to_vec(), uniforms: None }
    }

    /// Which conflicts happen.
    pub(super) fn luck(&self) -> Luck<'_> {
        self.uniforms.as_deref().map_or(Luck::Expected, Luck::Drawn)
    }
}

/// Draws one run after another; equal seeds give equal runs.
pub(super) struct Chance<'a> {
    beliefs: Beliefs<'a>,
    random: Random,
    fate: Random,
    /// Without likely conflicts, nothing is drawn for them.
    conflicts: bool,
}

impl<'a> Chance<'a> {
    pub(super) fn new(beliefs: Beliefs<'a>, seed: u64, conflicts: bool) -> Self {
        let (random, fate) = (Random::new(seed), Random::new(seed ^ CONFLICT_STREAM));
        Self { beliefs, random, fate, conflicts }
    }

    /// The next run.
    pub(super) fn draw(&mut self) -> Draw {
        let tasks = self.beliefs.estimates.len();
        let mut draw = Draw { durations: vec![0.0; tasks], uniforms: Some(vec![1.0; tasks]) };
        self.redraw(&mut draw);
        draw
    }

    /// The next run in the place of another one.
    fn redraw(&mut self, draw: &mut Draw) {
        self.beliefs.sample(&mut self.random, &mut draw.durations);
        if let Some(uniforms) = draw.uniforms.as_mut().filter(|_| self.conflicts) {
            uniforms.fill_with(|| self.fate.uniform());
        }
    }
}

/// Both arms, with what each adds between its last merge and *landed*, seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arms<'a> {
    pub(super) sequential: Scenario<'a>,
    pub(super) parallel: Scenario<'a>,
    /// The task that the one lane starts with.
    pub(super) first: Option<usize>,
    /// Going parallel at all.
    pub(super) fixed: f64,
    /// Validating, in both arms.
    pub(super) validation: f64,
}

/// Times of one arm by draw, sorted, seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Times {
    /// Up to landed.
    pub(super) landed: Vec<f64>,
    /// The run itself, up to the last commit.
    pub(super) runs: Vec<f64>,
}

/// What the draws say of both arms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    pub(super) sequential: Times,
    pub(super) parallel: Times,
    /// Mean of sequential less parallel up to landed, seconds.
    pub(super) benefit: f64,
    /// Share of draws in which parallel was faster.
    pub(super) wins: f64,
    /// Share of draws in which parallel was more than 5 % slower.
    pub(super) losses: f64,
    /// Mean seconds that were done again because of conflicts, in the parallel arm.
    pub(super) redone: f64,
}

/// Plays both arms so many times.
pub(super) fn compare(arms: &Arms<'_>, mut chance: Chance<'_>, draws: usize) -> Comparison {
    let count = draws.max(1);
    let mut simulator = Simulator::new(arms.parallel.problem);
    let mut draw = chance.draw();
    let (mut sequential, mut parallel) = (Times::with_room(count), Times::with_room(count));
    let (mut benefit, mut wins, mut losses, mut redone) = (0.0, 0_usize, 0_usize, 0.0);
    for number in 0..count {
        if number > 0 {
            chance.redraw(&mut draw);
        }
        let durations = &draw.durations;
        let lane = Scenario { durations, ..arms.sequential };
        let (committed, merged) = lane.lane_times(arms.first);
        let one = merged + arms.validation;
        sequential.push(one, committed);
        let luck = draw.luck();
        let play = simulator.play(&Scenario { durations, luck, ..arms.parallel });
        let several = play.makespan + arms.fixed + arms.validation;
        parallel.push(several, play.committed);
        benefit += one - several;
        wins += usize::from(one > several);
        losses += usize::from(several > 1.05 * one);
        redone += play.redone;
    }
    let share = |times: usize| times as f64 / count as f64;
    Comparison {
        sequential: sequential.sorted(),
        parallel: parallel.sorted(),
        benefit: benefit / count as f64,
        wins: share(wins),
        losses: share(losses),
        redone: redone / count as f64,
    }
}

impl Times {
    fn with_room(count: usize) -> Self {
        Self { landed: Vec::with_capacity(count), runs: Vec::with_capacity(count) }
    }

    fn push(&mut self, landed: f64, run: f64) {
        self.landed.push(landed);
        self.runs.push(run);
    }

    fn sorted(mut self) -> Self {
        self.landed.sort_unstable_by(f64::total_cmp);
        self.runs.sort_unstable_by(f64::total_cmp);
        self
    }
}

/// Median and 95 % interval of sorted times.
pub(super) fn sorted_interval(draws: &[f64]) -> Interval {
    let quantile = |q: f64| {
        let at = (q * draws.len().saturating_sub(1) as f64).round() as usize;
        draws.get(at).copied().unwrap_or(0.0)
    };
    Interval { p50: quantile(0.5), low: quantile(0.025), high: quantile(0.975) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_ramp_are_where_they_should_be() {
        let ramp: Vec<f64> = (0..=1000).map(f64::from).collect();
        let found = sorted_interval(&ramp);
        assert_eq!((found.low, found.p50, found.high), (25.0, 500.0, 975.0));
        assert_eq!(share_within(&ramp, 249.5), 250.0 / 1001.0);
    }
}
