//! Durations as they may turn out: the same draw gives the same numbers in every arm.

use super::super::estimate::EstimateSource;
use super::super::random::{Random, normal_from, student_from};
use super::durations::Durations;

/// Degrees of freedom of attempts about a learned median: outliers are part of the picture.
const TASK_FREEDOM: f64 = 5.0;
/// Draws of a t-distribution are cut off here, in its scale: `exp` of its tail has no mean.
const FURTHEST: f64 = 5.0;
/// Steps of the two-dimensional golden ratio (Roberts 2018), which spread the run effects of any
/// number of draws evenly; they decide most of the spread of a whole run.
const RADIUS_STEP: f64 = 0.754_877_666_246_692_8;
const ANGLE_STEP: f64 = 0.569_840_290_998_053_2;

/// Draws from what is known of the durations. What a task gets depends on the seed, the number of
/// the draw and the name of the task, not on its place, the other tasks, the arm or the width.
#[derive(Debug, Clone)]
pub struct Sampler {
    tasks: Vec<TaskDraw>,
    run_sd: f64,
    run_freedom: Option<f64>,
    start: (f64, f64),
    seed: u64,
}

#[derive(Debug, Clone, Copy)]
struct TaskDraw {
    key: u64,
    log: f64,
    sd: f64,
    learned: bool,
}

impl Sampler {
    /// Equal seeds give equal draws.
    pub fn new(durations: &Durations, seed: u64) -> Self {
        let tasks = durations
            .estimates
            .iter()
            .zip(&durations.keys)
            .map(|(estimate, &key)| TaskDraw {
                key,
                log: estimate.p50.ln(),
                sd: estimate.sd,
                learned: estimate.source == EstimateSource::History,
            })
            .collect();
        let mut start = Random::new(seed);
        Self {
            tasks,
            run_sd: durations.run.sd,
            run_freedom: durations.run.freedom,
            start: (start.uniform(), start.uniform()),
            seed,
        }
    }

    /// Seconds that each task takes in this draw, and for each a number in (0, 1] by which to decide
    /// whether something happens to it. Both slices are by task.
    pub fn fill(&self, draw: usize, durations: &mut [f64], chances: &mut [f64]) {
        let run = self.run(draw);
        let places = durations.iter_mut().zip(chances);
        for (task, (duration, chance)) in self.tasks.iter().zip(places) {
            let mut random = Random::of(self.seed, draw as u64, task.key);
            let own = if task.learned {
                random.student(TASK_FREEDOM).clamp(-FURTHEST, FURTHEST)
            } else {
                random.normal()
            };
            *duration = (task.log + task.sd * own + run).exp();
            *chance = random.uniform();
        }
    }

    fn run(&self, draw: usize) -> f64 {
        let step = draw as f64;
        // 1 - fraction is in (0, 1].
        let radius = 1.0 - (self.start.0 + step * RADIUS_STEP).fract();
        let angle = 1.0 - (self.start.1 + step * ANGLE_STEP).fract();
        self.run_sd
            * match self.run_freedom {
                Some(freedom) => student_from(freedom, radius, angle).clamp(-FURTHEST, FURTHEST),
                None => normal_from(radius, angle),
            }
    }
}

/// Median of sorted times and the standard deviation of their logarithm, from the middle 68 % of
/// them: a few far draws would say more about the tail they came from than about the spread.
pub fn median_and_spread(sorted: &[f64]) -> (f64, f64) {
    let Some(last) = sorted.len().checked_sub(1) else { return (0.0, 0.0) };
    let quantile = |share: f64| {
        let place = share * last as f64;
        let below = sorted[place as usize];
        below + place.fract() * (sorted[last.min(place as usize + 1)] - below)
    };
    let log = |share: f64| quantile(share).max(1e-9).ln();
    (quantile(0.5), 0.5 * (log(0.841_3) - log(0.158_7)))
}

#[cfg(test)]
mod tests;
