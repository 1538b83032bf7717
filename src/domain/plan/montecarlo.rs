//! Draws of both arms from the same random numbers (`research/scheduling.md` §3 and §4).

use super::learn::{Durations, Sampler};
use super::simulate::{Luck, Scenario, Simulator};

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
pub(super) struct Chance {
    sampler: Sampler,
    tasks: usize,
    drawn: usize,
    /// Without likely conflicts, none is looked at.
    conflicts: bool,
    unused: Vec<f64>,
}

impl Chance {
    pub(super) fn new(durations: &Durations, seed: u64, conflicts: bool) -> Self {
        let tasks = durations.estimates.len();
        let sampler = Sampler::new(durations, seed);
        Self { sampler, tasks, drawn: 0, conflicts, unused: vec![1.0; tasks] }
    }

    /// The next run.
    pub(super) fn draw(&mut self) -> Draw {
        let uniforms = Some(vec![1.0; self.tasks]);
        let mut draw = Draw { durations: vec![0.0; self.tasks], uniforms };
        self.redraw(&mut draw);
        draw
    }

    /// The next run in the place of another one.
    fn redraw(&mut self, draw: &mut Draw) {
        let uniforms = match &mut draw.uniforms {
            Some(uniforms) if self.conflicts => uniforms,
            Some(_) | None => &mut self.unused,
        };
        self.sampler.fill(self.drawn, &mut draw.durations, uniforms);
        self.drawn += 1;
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
pub(super) fn compare(arms: &Arms<'_>, mut chance: Chance, draws: usize) -> Comparison {
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

/// Share of sorted times that are at most `limit`.
pub(super) fn share_within(sorted: &[f64], limit: f64) -> f64 {
    let within = sorted.partition_point(|&time| time <= limit);
    within as f64 / sorted.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_a_ramp_within_a_limit_is_the_limit() {
        let ramp: Vec<f64> = (0..=1000).map(f64::from).collect();
        assert_eq!(share_within(&ramp, 249.5), 250.0 / 1001.0);
        assert_eq!((share_within(&ramp, -1.0), share_within(&ramp, 2000.0)), (0.0, 1.0));
    }
}
