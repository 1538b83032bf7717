//! Separates what a task takes from what the run did to all of its tasks: `ln d = task + run + rest`
//! (`research/scheduling.md` §3).

use super::observations::{Observation, Observations, Series};
use super::tail::above;

/// Spread of a task about its own mean before there are attempts, and what that is worth in
/// attempts.
const TASK_SD: f64 = 0.20;
const TASK_WORTH: f64 = 4.0;
/// The same for the effect of a run.
const RUN_SD: f64 = 0.06;
const RUN_WORTH: f64 = 2.0;
/// Rounds after which the fit is taken as it is; it mostly settles within ten.
const MOST_ROUNDS: usize = 40;
const SETTLED: f64 = 1e-5;

/// What the observations say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Effects {
    /// By series.
    pub(super) tasks: Vec<TaskEffect>,
    /// Effect of every run, logarithm.
    pub(super) runs: Vec<f64>,
    /// The same as measured in each run, with the variance of the measurement, not pulled towards
    /// none; `None` where nothing came to its end.
    pub(super) measured: Vec<Option<(f64, f64)>>,
    /// Standard deviation of the effects of the runs that count.
    run_sd: f64,
    /// Spread of the usual task about its own mean.
    pub(super) pooled_sd: f64,
}

/// One series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct TaskEffect {
    /// Mean of the logarithms without the effects of their runs.
    pub(super) mean: f64,
    /// Standard deviation about it.
    pub(super) sd: f64,
    /// Attempts that came to their end.
    pub(super) ended: usize,
    /// What it takes, roughly: long tasks decide when a run ends, so they decide what its effect is.
    seconds: f64,
}

impl Effects {
    /// Fits series whose warm observations were already brought to what they take cold. `counts`
    /// tells the runs from which the spread of runs is learned.
    pub(super) fn fit(observations: &Observations<'_>, counts: &[bool]) -> Self {
        let mut effects = Self {
            tasks: observations.series.iter().map(first_guess).collect(),
            runs: vec![0.0; observations.runs.len()],
            measured: vec![None; observations.runs.len()],
            run_sd: RUN_SD,
            pooled_sd: TASK_SD,
        };
        for _ in 0..MOST_ROUNDS {
            if effects.improve(observations, counts) < SETTLED {
                break;
            }
        }
        effects
    }

    /// One round; answers how far the means moved.
    fn improve(&mut self, observations: &Observations<'_>, counts: &[bool]) -> f64 {
        let mut moved = 0.0_f64;
        let mut spreads = Vec::new();
        let mut runs = vec![Weighted::default(); self.runs.len()];
        for (series, effect) in observations.series.iter().zip(&mut self.tasks) {
            if effect.ended == 0 {
                continue;
            }
            let (mean, squares) = moments(series, effect, &self.runs);
            moved = moved.max((mean - effect.mean).abs());
            effect.mean = mean;
            let freedom = series.observations.len() as f64 - 1.0;
            if freedom > 0.0 {
                spreads.push((squares / freedom / typical(freedom), freedom));
            }
            let prior = TASK_WORTH * self.pooled_sd.powi(2);
            effect.sd = ((prior + squares) / (TASK_WORTH + freedom)).sqrt();
            let weight = effect.seconds / effect.sd.powi(2);
            for observation in &series.observations {
                let (log, _) = completed(observation, effect, self.runs[observation.run]);
                runs[observation.run].add(weight, log - mean, effect.sd);
            }
        }
        self.pooled_sd = pooled(spreads).sqrt();
        self.take_runs(&runs, counts);
        moved
    }

    fn take_runs(&mut self, runs: &[Weighted], counts: &[bool]) {
        let between = self.run_sd.powi(2);
        let all: Vec<Option<(f64, f64)>> = runs.iter().map(Weighted::mean).collect();
        let counted = || all.iter().zip(counts).filter_map(|(run, counts)| run.filter(|_| *counts));
        // What all runs share belongs to the tasks.
        let centre = counted().map(|(mean, _)| mean).sum::<f64>() / counted().count().max(1) as f64;
        let (mut squares, mut freedom) = (RUN_WORTH * RUN_SD.powi(2), RUN_WORTH - 1.0);
        for (run, seen) in all.iter().enumerate() {
            self.measured[run] = seen.map(|(mean, variance)| (mean - centre, variance));
            let Some((mean, variance)) = self.measured[run] else { continue };
            let share = between / (between + variance);
            self.runs[run] = share * mean;
            if counts[run] {
                squares += self.runs[run].powi(2) + share * variance;
                freedom += 1.0;
            }
        }
        self.run_sd = (squares / freedom.max(1.0)).sqrt();
    }
}

fn first_guess(series: &Series<'_>) -> TaskEffect {
    let ended: Vec<f64> =
        series.observations.iter().filter(|o| !o.censored).map(|o| o.log).collect();
    let mean = ended.iter().sum::<f64>() / ended.len().max(1) as f64;
    TaskEffect { mean, sd: TASK_SD, ended: ended.len(), seconds: mean.exp() }
}

/// Variance of the usual task, from variances with their degrees of freedom: the middle one, because
/// a few tasks whose work changes with every run say nothing of the others.
fn pooled(mut variances: Vec<(f64, f64)>) -> f64 {
    variances.sort_by(|a, b| a.0.total_cmp(&b.0));
    let freedom: f64 = variances.iter().map(|(_, freedom)| freedom).sum();
    let mut below = 0.0;
    let middle = variances.iter().find(|(_, own)| {
        below += own;
        below >= 0.5 * freedom
    });
    let known = middle.map_or(0.0, |(variance, _)| freedom * variance);
    (TASK_WORTH * TASK_SD.powi(2) + known) / (TASK_WORTH + freedom)
}

/// Median of a variance estimated with so many degrees of freedom, in terms of its mean (Wilson and
/// Hilferty 1931).
fn typical(freedom: f64) -> f64 {
    (1.0 - 2.0 / (9.0 * freedom)).powi(3)
}

/// Mean and sum of squares about it, without the effects of the runs.
fn moments(series: &Series<'_>, effect: &TaskEffect, runs: &[f64]) -> (f64, f64) {
    let count = series.observations.len() as f64;
    let logs = || {
        series.observations.iter().map(|observation| {
            let run = runs[observation.run];
            let (log, variance) = completed(observation, effect, run);
            (log - run, variance)
        })
    };
    let mean = logs().map(|(log, _)| log).sum::<f64>() / count;
    (mean, logs().map(|(log, variance)| (log - mean).powi(2) + variance).sum())
}

/// The logarithm of what an attempt took, or for one that was stopped what it is expected to have
/// taken, with the variance of that.
pub(super) fn completed(observation: &Observation, effect: &TaskEffect, run: f64) -> (f64, f64) {
    if !observation.censored {
        return (observation.log, 0.0);
    }
    let centre = effect.mean + run;
    let (mean, variance) = above((observation.log - centre) / effect.sd);
    (centre + effect.sd * mean, effect.sd.powi(2) * variance)
}

/// Weighted mean and its variance.
#[derive(Debug, Clone, Copy, Default)]
struct Weighted {
    weights: f64,
    sum: f64,
    variances: f64,
}

impl Weighted {
    fn add(&mut self, weight: f64, value: f64, sd: f64) {
        self.weights += weight;
        self.sum += weight * value;
        self.variances += (weight * sd).powi(2);
    }

    fn mean(&self) -> Option<(f64, f64)> {
        let weights = (self.weights > 0.0).then_some(self.weights)?;
        Some((self.sum / weights, self.variances / weights.powi(2)))
    }
}
