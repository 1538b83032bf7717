//! How long a task is expected to take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan_type::Interval;
use crate::domain::task::{Task, Work};

/// Median of a command nobody has said anything about, in seconds (DESIGN.md §4).
const DEFAULT_COMMAND_S: f64 = 60.0;
/// The same for an agent.
const DEFAULT_AGENT_S: f64 = 600.0;
/// Log standard deviations of `research/scheduling.md` §3: a user's estimate, no estimate, and the
/// effect common to a whole run.
const SD_ESTIMATE: f64 = 0.5;
const SD_DEFAULT: f64 = 0.6;
/// Common to all tasks of one run: machine load, caches.
pub(super) const SD_RUN: f64 = 0.15;

/// Where an estimate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EstimateSource {
    /// `estimate` in the tasks file.
    Estimate,
    /// Nothing known: the default of a command.
    DefaultCommand,
    /// Nothing known: the default of an agent.
    DefaultAgent,
}

/// A log-normal duration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Median, seconds.
    pub p50: f64,
    /// Standard deviation of the logarithm.
    pub sd: f64,
    /// Seconds it is spared behind another task in the same worktree.
    #[serde(default)]
    pub warm_s: f64,
    /// Where it comes from.
    pub source: EstimateSource,
}

impl Estimate {
    /// The estimate of a task without history.
    pub fn of(task: &Task) -> Self {
        let default = match &task.work {
            Work::Agent { .. } => (DEFAULT_AGENT_S, EstimateSource::DefaultAgent),
            Work::Command { .. } | Work::Gate { .. } => {
                (DEFAULT_COMMAND_S, EstimateSource::DefaultCommand)
            }
        };
        match task.estimate {
            Some(estimate) => Self {
                p50: estimate.as_secs_f64(),
                sd: SD_ESTIMATE,
                warm_s: 0.0,
                source: EstimateSource::Estimate,
            },
            None => Self { p50: default.0, sd: SD_DEFAULT, warm_s: 0.0, source: default.1 },
        }
    }

    /// The estimate of a task that is not expected to run.
    pub fn of_nothing(self) -> Self {
        Self { p50: 0.0, sd: 0.0, ..self }
    }

    /// 95 % interval, the effect of the run included.
    pub fn interval(&self) -> Interval {
        let spread = (1.96 * self.sd.hypot(SD_RUN)).exp();
        Interval { p50: self.p50, low: self.p50 / spread, high: self.p50 * spread }
    }
}
