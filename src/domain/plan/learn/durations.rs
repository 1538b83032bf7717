//! How long the tasks of a plan take and what they share.

use super::super::contention::Contention;
use super::super::estimate::{
    Estimate, EstimateSource, NORMAL_QUANTILE, SD_DEFAULT, SD_ESTIMATE, SD_RUN,
};
use super::super::history::History;
use super::effects::{Effects, TaskEffect, completed};
use super::identity::{category, work_digest};
use super::level::{Level, Seen, wandered};
use super::observations::{Observation, Observations};
use super::solo::Solo;
use super::student::student_quantile;
use super::warmth;
use crate::domain::id::stable_hash;
use crate::domain::task::Task;
use crate::domain::time::Timestamp;

/// What knowledge from elsewhere is at most worth, in attempts: that of the kind, the user's.
const CATEGORY_WORTH: f64 = 1.0;
const ESTIMATE_WORTH: f64 = 0.5;
/// Series of a kind after which their own spread counts as much as [`SD_DEFAULT`].
const CATEGORY_FREEDOM: f64 = 4.0;
/// Beyond this a log-normal has a mean that no task ever had.
const MOST_SD: f64 = 1.0;

/// What is known of the durations of a set of tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Durations {
    /// By task.
    pub estimates: Vec<Estimate>,
    /// What all tasks of one run share.
    pub run: RunEffect,
    /// One of them was seen behind another one in a worktree: only then is it known what one lane
    /// saves.
    pub warmth_known: bool,
    /// By task: names it whatever its place is.
    pub(super) keys: Vec<u64>,
}

/// The effect of a run on all of its tasks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunEffect {
    /// Standard deviation of its logarithm, that of its mean included.
    pub sd: f64,
    /// Degrees of freedom of the t-distribution; `None`: not learned, normal.
    pub freedom: Option<f64>,
    /// Runs behind it.
    pub runs: u32,
    /// When the latest of them ended.
    pub latest: Option<Timestamp>,
    /// Where the latest runs stand against the mean of all, logarithm; it is part of the estimates.
    pub level: f64,
}

impl Durations {
    /// Learns from past runs. A task that ran under another name of the task set is the same task if
    /// its work is the same; `workflow` tells which attempts with other work still say something.
    pub fn learn(
        tasks: &[Task],
        workflow: &str,
        history: &History,
        contention: &Contention,
    ) -> Self {
        let mut observations = Observations::of(history, &Solo::of(tasks, contention));
        let saved = warmth::savings(&observations.series);
        for (series, saved) in observations.series.iter_mut().zip(&saved) {
            for observation in &mut series.observations {
                *observation = warmth::cold(observation, *saved);
            }
        }
        let own: Vec<Option<usize>> = tasks
            .iter()
            .map(|task| observations.find(task.id.as_str(), work_digest(task)))
            .collect();
        let mut counts = vec![false; observations.runs.len()];
        for series in own.iter().flatten() {
            for observation in &observations.series[*series].observations {
                counts[observation.run] = true;
            }
        }
        let effects = Effects::fit(&observations, &counts);
        let run = RunEffect::of(&effects, &observations, &counts);
        let known =
            Known { workflow, observations: &observations, effects: &effects, saved: &saved };
        let estimates =
            tasks.iter().zip(&own).map(|(task, own)| known.estimate(task, *own, &run)).collect();
        let keys = tasks.iter().map(|task| stable_hash(&[task.id.as_str().as_bytes()])).collect();
        let is_warm =
            |series: &usize| observations.series[*series].observations.iter().any(|o| o.warm);
        let warmth_known = own.iter().flatten().any(is_warm);
        Self { estimates, run, warmth_known, keys }
    }

    /// As they stand some time after the latest run: the longer ago, the less is sure.
    #[must_use]
    pub fn aged(mut self, now: Timestamp) -> Self {
        let Some(latest) = self.run.latest else { return self };
        self.run.sd = (self.run.sd.powi(2) + wandered(latest, now)).sqrt();
        for estimate in &mut self.estimates {
            estimate.run_sd = self.run.normal_sd();
        }
        self
    }

    /// Medians, seconds.
    pub fn medians(&self) -> Vec<f64> {
        self.estimates.iter().map(|estimate| estimate.p50).collect()
    }
}

impl RunEffect {
    fn of(effects: &Effects, observations: &Observations<'_>, counts: &[bool]) -> Self {
        let times = observations.runs.iter().zip(counts);
        let seen: Vec<Seen> = effects
            .measured
            .iter()
            .zip(times)
            .filter_map(|(measured, (at, counts))| {
                let (effect, variance) = measured.filter(|_| *counts)?;
                Some(Seen { effect, variance, at: *at })
            })
            .collect();
        let Some(level) = Level::of(&seen) else {
            return Self { sd: SD_RUN, freedom: None, runs: 0, latest: None, level: 0.0 };
        };
        Self {
            sd: level.next_sd(),
            freedom: Some(seen.len() as f64 + 1.0),
            runs: u32::try_from(seen.len()).unwrap_or(u32::MAX),
            latest: seen.last().map(|run| run.at),
            level: level.mean,
        }
    }

    /// Deviation of the normal distribution with the same 95 % interval.
    fn normal_sd(&self) -> f64 {
        self.freedom
            .map_or(self.sd, |freedom| self.sd * student_quantile(freedom) / NORMAL_QUANTILE)
    }
}

/// What is thought of a task beside its own attempts.
#[derive(Debug, Clone, Copy)]
struct Prior {
    mean: f64,
    sd: f64,
    /// In attempts.
    worth: f64,
    source: EstimateSource,
}

struct Known<'a> {
    workflow: &'a str,
    observations: &'a Observations<'a>,
    effects: &'a Effects,
    saved: &'a [f64],
}

impl Known<'_> {
    fn estimate(&self, task: &Task, own: Option<usize>, run: &RunEffect) -> Estimate {
        let prior = self.prior(task, own);
        let Some(own) = own else {
            let learned = prior.source == EstimateSource::Category;
            let level = if learned { run.level } else { 0.0 };
            return Estimate {
                p50: (prior.mean + level).exp(),
                sd: prior.sd,
                run_sd: run.normal_sd(),
                source: prior.source,
                ..Estimate::of(task)
            };
        };
        let observations = &self.observations.series[own].observations;
        let (mean, sd) = self.shrunk(observations, &self.effects.tasks[own], &prior);
        Estimate {
            p50: (mean + run.level).exp(),
            sd,
            run_sd: run.normal_sd(),
            source: EstimateSource::History,
            samples: u32::try_from(observations.len()).unwrap_or(u32::MAX),
            warm_s: self.saved[own],
        }
    }

    /// Mean of own attempts, pulled towards what is thought beside them, and the spread of the next
    /// attempt about it.
    fn shrunk(&self, own: &[Observation], effect: &TaskEffect, prior: &Prior) -> (f64, f64) {
        let mut now = *effect;
        let only_stopped = effect.ended == 0;
        if only_stopped {
            (now.mean, now.sd) = (prior.mean, prior.sd);
        }
        let count = own.len() as f64;
        let mut worth = count;
        // Attempts that were stopped are completed anew as the mean moves.
        for _ in 0..30 {
            let logs = own.iter().map(|observation| {
                let run = self.effects.runs[observation.run];
                completed(observation, &now, run).0 - run
            });
            let mean = logs.sum::<f64>() / count;
            // Limits alone say nothing of the mean, so something has to hold it.
            let prior_worth = if only_stopped {
                prior.worth.max(ESTIMATE_WORTH)
            } else {
                prior.worth * agreement((mean - prior.mean) / prior.sd)
            };
            worth = count + prior_worth;
            now.mean = (count * mean + prior_worth * prior.mean) / worth;
        }
        (now.mean, (now.sd * (1.0 + 1.0 / worth).sqrt()).min(MOST_SD))
    }

    fn prior(&self, task: &Task, own: Option<usize>) -> Prior {
        let plain = Estimate::of(task);
        let (sd, worth) = match plain.source {
            EstimateSource::Estimate => (SD_ESTIMATE, ESTIMATE_WORTH),
            EstimateSource::History
            | EstimateSource::Category
            | EstimateSource::DefaultCommand
            | EstimateSource::DefaultAgent => (SD_DEFAULT, 0.0),
        };
        let said = Prior { mean: plain.p50.max(1e-3).ln(), sd, worth, source: plain.source };
        let other_work = |at: usize| {
            let series = &self.observations.series[at];
            series.task == task.id.as_str() && series.workflow == self.workflow
        };
        if let Some(kind) = self.of_kind(own, other_work) {
            let before = Prior { sd: SD_ESTIMATE, worth: CATEGORY_WORTH, ..kind };
            return if said.worth > 0.0 { mixed(&before, &said) } else { before };
        }
        if said.worth > 0.0 {
            return said;
        }
        let category = category(task);
        self.of_kind(own, |at| self.observations.series[at].category == category).unwrap_or(said)
    }

    /// What the series of a kind have in common, without the task's own.
    fn of_kind(&self, own: Option<usize>, is_of_kind: impl Fn(usize) -> bool) -> Option<Prior> {
        let means: Vec<f64> = (0..self.observations.series.len())
            .filter(|&at| Some(at) != own && is_of_kind(at) && self.effects.tasks[at].ended > 0)
            .map(|at| self.effects.tasks[at].mean)
            .collect();
        if means.is_empty() {
            return None;
        }
        let count = means.len() as f64;
        let mean = means.iter().sum::<f64>() / count;
        let squares: f64 = means.iter().map(|m| (m - mean).powi(2)).sum();
        let between = (CATEGORY_FREEDOM * SD_DEFAULT.powi(2) + squares)
            / (CATEGORY_FREEDOM + count - 1.0)
            * (1.0 + 1.0 / count);
        // An attempt tells as much as the whole kind where tasks of the kind differ as much as
        // attempts of one task do.
        let worth = CATEGORY_WORTH.min(self.effects.pooled_sd.powi(2) / between);
        let sd = between.sqrt().min(MOST_SD);
        // Of a mixed kind the middle task is short and the mean is what adds up to a run.
        let sum = means.iter().map(|mean| mean.exp()).sum::<f64>();
        let mean = mean.max((sum / count).ln() - 0.5 * sd * sd);
        Some(Prior { mean, sd, worth, source: EstimateSource::Category })
    }
}

/// How far to trust what lies `z` deviations from own attempts: 1 when it agrees, like the inverse
/// square when it does not (the weight of an observation under a t-distribution).
fn agreement(z: f64) -> f64 {
    (4.0 / (3.0 + z * z)).min(1.0)
}

fn mixed(a: &Prior, b: &Prior) -> Prior {
    let worth = a.worth + b.worth;
    let of = |f: fn(&Prior) -> f64| (a.worth * f(a) + b.worth * f(b)) / worth;
    Prior { mean: of(|p| p.mean), sd: of(|p| p.sd), worth, source: a.source }
}

#[cfg(test)]
mod tests;
