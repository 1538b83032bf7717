//! The plan as data: what `plan` prints, `split` stores and the report compares with what happened.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::carry::CarryPlan;
use super::claims::Claim;
use super::estimate::Estimate;
use super::inferred::Order;
use super::problem::Problem;
use super::risk::Risk;
use crate::domain::id::TaskId;
use crate::domain::task::{FailFast, SetupHook, Task, TimeLimits, Validation};

/// A complete plan. Equal inputs and seed give an equal plan (promise I10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Tasks in the order of the file, then the gates that were inserted. Indices everywhere else
    /// in the plan point into this list.
    pub tasks: Vec<Planned>,
    /// Commands that must pass on the merged state.
    pub validations: Vec<Validation>,
    /// Setup hooks of the settings, then those of the tasks file.
    #[serde(default)]
    pub setup: Vec<PlannedHook>,
    /// Precedence, exclusion, demands and ranks: what the dispatcher works on.
    pub problem: Problem,
    /// Pairs of tasks that must not run at the same time because of paths.
    pub claims: Vec<Claim>,
    /// Readers that wait until a writer is over, by index of the reader.
    #[serde(default)]
    pub orders: Vec<Order>,
    /// Where the first failure stops the rest.
    #[serde(default)]
    pub fail_fast: FailFast,
    /// How long groups, and the run, may be at work.
    #[serde(default)]
    pub time_limits: TimeLimits,
    /// The verdict and what speaks for it.
    pub decision: Decision,
    /// The predicted times.
    pub predicted: Predicted,
    /// max(critical path, work / capacity), in seconds.
    pub lower_bound_s: f64,
    /// What its worktrees get beside the files of their commits.
    #[serde(default)]
    pub carry: Option<CarryPlan>,
    /// Conflicts that are likely.
    #[serde(default)]
    pub risk: Risk,
}

impl Plan {
    /// Index of a task.
    pub fn index(&self, id: &TaskId) -> Option<usize> {
        self.tasks.iter().position(|planned| planned.task.id == *id)
    }

    /// Whether its parts fit together: what was stored may be damaged.
    pub fn is_sound(&self) -> bool {
        let count = self.tasks.len();
        let ids: BTreeSet<&TaskId> = self.tasks.iter().map(|planned| &planned.task.id).collect();
        ids.len() == count
            && self.problem.jobs.len() == count
            && self.claims.iter().all(|claim| claim.a < count && claim.b < count)
            && self.orders.iter().all(|order| order.first < count && order.then < count)
            && self.problem.is_sound()
    }
}

/// One task with its estimate and its place in the schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// The task.
    pub task: Task,
    /// How long it is expected to take.
    pub estimate: Estimate,
    /// Where it stands in the predicted schedule of the chosen arm.
    pub schedule: ScheduledTask,
    /// A condition is expected to leave it out, so that it takes no time.
    #[serde(default)]
    pub left_out: bool,
}

/// A setup hook and what is known of it beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedHook {
    /// The hook.
    pub hook: SetupHook,
    /// The base has a path that it is meant for.
    pub applies: bool,
}

/// Times of one task in the predicted schedule, seconds from the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ScheduledTask {
    /// Its worktree starts to be made.
    pub start_s: f64,
    /// Its work is committed.
    pub finish_s: f64,
    /// How much later it could start without moving the end of the dependency graph.
    pub slack_s: f64,
    /// It lies on the critical path.
    pub critical: bool,
}

/// Side by side or one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Several worktrees at once.
    Parallel,
    /// One worktree, one task after another.
    Sequential,
}

/// What limits the parallel schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// The longest chain of dependencies.
    CriticalPath,
    /// Processor cores.
    Cores,
    /// Memory.
    Memory,
    /// Slots (`[run] slots`, `--parallel=M`).
    Slots,
    /// A countable thing of `[capacity]`.
    Capacity,
    /// Claims that overlap.
    Claims,
    /// Locks that are shared.
    Locks,
    /// Commits, merges and what is done again because of conflicts, one at a time.
    MergeLane,
    /// The cost of worktrees, commits and merges.
    Overhead,
}

impl Binding {
    /// As it stands in a sentence after "bound by ".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::CriticalPath => "the critical path",
            Self::Cores => "the processor cores",
            Self::Memory => "memory",
            Self::Slots => "the number of slots",
            Self::Capacity => "a countable resource",
            Self::Claims => "claims on the same files",
            Self::Locks => "a shared lock",
            Self::MergeLane => "commits and merges, which pass one at a time",
            Self::Overhead => "the cost of worktrees, commits and merges",
        }
    }
}

/// The verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What will be done.
    pub verdict: Verdict,
    /// Slots; 1 when sequential.
    pub width: usize,
    /// What the rule alone said, when the user overruled it.
    pub overruled: Option<Verdict>,
    /// What limits the best parallel schedule.
    pub binding: Binding,
    /// The same with its names, as it stands in a sentence after "bound by ".
    #[serde(default)]
    pub bound_by: String,
    /// Plain sentences.
    pub reasons: Vec<String>,
    /// What would turn the verdict.
    pub flips: Vec<String>,
    /// What the user could do.
    pub advice: Vec<String>,
}

/// Median and 95 % interval, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Median.
    pub p50: f64,
    /// 2.5 % quantile.
    pub low: f64,
    /// 97.5 % quantile.
    pub high: f64,
}

/// Predicted times, both arms up to *landed*.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    /// One lane.
    pub sequential: Interval,
    /// The best width (or the chosen one).
    pub parallel: Interval,
    /// Width of the parallel arm.
    pub parallel_width: usize,
    /// Mean of sequential less parallel over the draws, seconds.
    pub benefit_s: f64,
    /// Share of the draws in which parallel was faster.
    pub probability: f64,
    /// False: from estimates only, not held against past runs.
    pub calibrated: bool,
    /// What is spent beside the tasks themselves, in the parallel arm.
    pub overhead: Overhead,
    /// The run itself in the chosen arm.
    #[serde(default)]
    pub run: Option<RunPrediction>,
    /// How much later the chosen arm ends than at the medians of its tasks, seconds: the end of
    /// several tasks is the end of the latest one.
    #[serde(default)]
    pub merge_bias_s: f64,
    /// Probability that the chosen arm has landed by the deadline, where one was given.
    #[serde(default)]
    pub in_time: Option<f64>,
}

/// What was predicted of a run up to its last commit, without merging and validating: what its wall
/// time is held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RunPrediction {
    /// Median of the draws, seconds, before any calibration.
    pub median_s: f64,
    /// Standard deviation of the logarithm of the draws.
    pub sd: f64,
    /// Interval as shown, without the part for merging and validating, seconds.
    pub interval: Interval,
}

/// Seconds spent beside the tasks; `None` where nothing is known yet.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Overhead {
    /// Making worktrees.
    pub provision: Option<f64>,
    /// Bringing ignored files of the checkout into the worktrees.
    #[serde(default)]
    pub carry: Option<f64>,
    /// Setup hooks.
    pub setup: Option<f64>,
    /// Committing.
    pub commit: Option<f64>,
    /// Merging.
    pub merge: Option<f64>,
    /// Validating the merged state.
    pub validate: Option<f64>,
    /// Expected cost of conflicts.
    pub conflict: Option<f64>,
}
