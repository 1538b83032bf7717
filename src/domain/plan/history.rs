//! What past runs of this repository showed, as arguments of a plan.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// Attempts and runs, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// Attempts of tasks.
    pub attempts: Vec<ObservedAttempt>,
    /// Runs that came to their end.
    pub runs: Vec<ObservedRun>,
}

/// No past runs.
pub static NO_HISTORY: History = History { attempts: Vec::new(), runs: Vec::new() };

/// One attempt of a task that ended by itself or ran into its limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservedAttempt {
    /// Attempts of one number share the effect of their run.
    pub run: u64,
    /// Name of the task set.
    pub workflow: String,
    /// The task.
    pub task: String,
    /// Digest of what ran: another command is another duration.
    pub work: u64,
    /// What tasks of its kind have in common: `command`, `agent`, a persona, a phase.
    pub category: String,
    /// Seconds its command took.
    pub wall_s: f64,
    /// Processor seconds of it and its children; `None` when unknown.
    pub cpu_s: Option<f64>,
    /// Mean number of tasks that ran while it did, itself included: at least 1.
    pub active: f64,
    /// `None` in a worktree of its own; else how many tasks had the lane before it.
    pub lane_position: Option<u32>,
    /// It was stopped at its limit, so it would have taken longer than `wall_s`.
    pub censored: bool,
    /// What else it used.
    #[serde(default)]
    pub used: ResourceUse,
    /// When it ended.
    pub at: Timestamp,
}

/// What an attempt used besides time, its check included; `None`: not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResourceUse {
    /// Most memory at once, bytes.
    pub peak_rss: Option<u64>,
    /// Bytes read from disks.
    pub read_bytes: Option<u64>,
    /// Bytes written to disks.
    pub written_bytes: Option<u64>,
    /// Most processes at once.
    pub processes: Option<u32>,
}

/// One run whose every task was over, held against its prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservedRun {
    /// As in [`ObservedAttempt::run`].
    pub run: u64,
    /// Name of the task set.
    pub workflow: String,
    /// Slots; 1 when it was sequential.
    pub width: u32,
    /// Tasks in it.
    pub tasks: u32,
    /// Median that was predicted for what was done, without calibration, seconds.
    pub predicted_s: f64,
    /// Standard deviation of the logarithm in the draws behind that median.
    pub sd: f64,
    /// Interval that was shown, seconds.
    pub low_s: f64,
    /// Its upper end.
    pub high_s: f64,
    /// The interval was calibrated on past runs.
    pub calibrated: bool,
    /// The user overruled the verdict.
    pub overruled: bool,
    /// What it took, seconds, in the same sense as the prediction.
    pub actual_s: f64,
    /// Branches that could not be merged because of another one; `None` before any integration.
    pub conflicts: Option<u32>,
    /// Branches that were to be merged.
    pub branches: u32,
    /// When it ended.
    pub at: Timestamp,
}
