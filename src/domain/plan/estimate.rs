//! How long a task is expected to take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan_type::Interval;
use crate::domain::task::{Task, Work};

/// Median of a command nobody has said anything about, in seconds (DESIGN.md §4).
pub(super) const DEFAULT_COMMAND_S: f64 = 60.0;
/// The same for an agent.
const DEFAULT_AGENT_S: f64 = 600.0;
/// Log standard deviations of `research/scheduling.md` §3: a user's estimate, no estimate, and the
/// effect common to a whole run.
pub(super) const SD_ESTIMATE: f64 = 0.5;
pub(super) const SD_DEFAULT: f64 = 0.6;
/// Common to all tasks of one run: machine load, caches.
pub(super) const SD_RUN: f64 = 0.15;

/// 97.5 % quantiles: attempts about a learned median follow a t-distribution with five degrees of
/// freedom, everything else is taken as normal.
const T5_QUANTILE: f64 = 2.571;
pub(super) const NORMAL_QUANTILE: f64 = 1.96;

/// Where an estimate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EstimateSource {
    /// Past attempts of this task with this work.
    History,
    /// Past attempts of its kind: the same task with other work, its persona, its phase.
    Category,
    /// `estimate` in the tasks file.
    Estimate,
    /// Nothing known: the default of a command.
    DefaultCommand,
    /// Nothing known: the default of an agent.
    DefaultAgent,
}

impl EstimateSource {
    /// Nothing is known of the task.
    pub fn is_default(self) -> bool {
        matches!(self, Self::DefaultCommand | Self::DefaultAgent)
    }
}

/// A log-normal duration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Median of an attempt that runs alone and is the first of its lane, seconds.
    pub p50: f64,
    /// Standard deviation of the logarithm of the next attempt about the median, without what all
    /// tasks of its run share.
    pub sd: f64,
    /// The same for what they share.
    #[serde(default = "unobserved_run_sd")]
    pub run_sd: f64,
    /// Where it comes from.
    pub source: EstimateSource,
    /// Attempts of this task with this work behind it.
    #[serde(default)]
    pub samples: u32,
    /// Seconds less when another task had the lane before it; 0 when unknown.
    #[serde(default)]
    pub warm_s: f64,
}

fn unobserved_run_sd() -> f64 {
    SD_RUN
}

impl Estimate {
    /// The estimate of a task without history.
    pub fn of(task: &Task) -> Self {
        let default = match &task.work {
            Work::Agent { .. } => (DEFAULT_AGENT_S, EstimateSource::DefaultAgent),
            Work::Command { .. } | Work::Given | Work::Gate { .. } => {
                (DEFAULT_COMMAND_S, EstimateSource::DefaultCommand)
            }
        };
        let (p50, sd, source) = match task.estimate {
            Some(estimate) => (estimate.as_secs_f64(), SD_ESTIMATE, EstimateSource::Estimate),
            None => (default.0, SD_DEFAULT, default.1),
        };
        Self { p50, sd, run_sd: SD_RUN, source, samples: 0, warm_s: 0.0 }
    }

    /// The estimate of a task that is not expected to run.
    pub fn of_nothing(self) -> Self {
        Self { p50: 0.0, sd: 0.0, ..self }
    }

    /// 95 % interval, the effect of the run included.
    pub fn interval(&self) -> Interval {
        let task = match self.source {
            EstimateSource::History => T5_QUANTILE,
            EstimateSource::Category
            | EstimateSource::Estimate
            | EstimateSource::DefaultCommand
            | EstimateSource::DefaultAgent => NORMAL_QUANTILE,
        };
        let spread = (task * self.sd).hypot(NORMAL_QUANTILE * self.run_sd).exp();
        Interval { p50: self.p50, low: self.p50 / spread, high: self.p50 * spread }
    }
}
