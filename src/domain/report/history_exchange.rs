//! History as a file, for a team or a machine that builds: written by `history export`, read by
//! `history import`. Commands are in it as digests only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::SCHEMA;
use crate::domain::plan::{Observations, RecordedAttempt, RecordedRun};

mod parse;

pub use parse::{ImportProblem, parse_history_export};

/// The value of `format`.
const FORMAT: &str = "wt-orch history";

/// What `history export` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryExport {
    /// Always 1.
    pub schema: u32,
    /// Always `wt-orch history`.
    pub format: String,
    /// Oldest first.
    pub attempts: Vec<AttemptRecord>,
    /// Oldest first.
    pub runs: Vec<RunRecord>,
}

/// An attempt of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptRecord {
    /// Number of its run, 16 hexadecimal digits.
    pub run: String,
    /// Name of the tasks file.
    pub workflow: String,
    /// The task.
    pub task: String,
    /// Its number, from 1.
    pub attempt: u32,
    /// Digest of the command and check, 16 hexadecimal digits.
    pub work: String,
    /// Persona, phase or kind.
    pub category: String,
    /// Seconds it took, its check included.
    pub wall_s: f64,
    /// Processor seconds; null when unknown.
    pub cpu_s: Option<f64>,
    /// Mean number of tasks that ran while it did, itself included.
    pub active: f64,
    /// Tasks that had its worktree before; null in a worktree of its own.
    pub lane_position: Option<u32>,
    /// It was stopped at its time limit.
    pub censored: bool,
    /// Most memory at once, bytes; null when unknown, as are the following.
    pub peak_rss_bytes: Option<u64>,
    /// Bytes read from disks.
    pub read_bytes: Option<u64>,
    /// Bytes written to disks.
    pub written_bytes: Option<u64>,
    /// Most processes at once.
    pub processes: Option<u32>,
    /// When it ended, milliseconds since 1970.
    pub at_ms: i64,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Its number, 16 hexadecimal digits.
    pub run: String,
    /// Name of the tasks file.
    pub workflow: String,
    /// Slots.
    pub width: u32,
    /// Tasks.
    pub tasks: u32,
    /// Predicted median before calibration, seconds.
    pub predicted_s: f64,
    /// Standard deviation of the logarithm of the draws behind it.
    pub sd: f64,
    /// Lower end of the interval that was shown, seconds.
    pub low_s: f64,
    /// Its upper end.
    pub high_s: f64,
    /// That interval was calibrated.
    pub calibrated: bool,
    /// The verdict was overruled.
    pub overruled: bool,
    /// What it took, seconds.
    pub actual_s: f64,
    /// Branches that conflicted; null before an integration.
    pub conflicts: Option<u32>,
    /// Branches that were to be merged.
    pub branches: u32,
    /// When it ended, milliseconds since 1970.
    pub at_ms: i64,
}

impl HistoryExport {
    /// The file of what was observed.
    pub fn new(observations: &Observations) -> Self {
        Self {
            schema: SCHEMA,
            format: FORMAT.to_owned(),
            attempts: observations.attempts.iter().map(attempt_record).collect(),
            runs: observations.runs.iter().map(run_record).collect(),
        }
    }
}

fn attempt_record(recorded: &RecordedAttempt) -> AttemptRecord {
    let observed = &recorded.observed;
    AttemptRecord {
        run: digits(observed.run),
        workflow: observed.workflow.clone(),
        task: observed.task.clone(),
        attempt: recorded.attempt,
        work: digits(observed.work),
        category: observed.category.clone(),
        wall_s: observed.wall_s,
        cpu_s: observed.cpu_s,
        active: observed.active,
        lane_position: observed.lane_position,
        censored: observed.censored,
        peak_rss_bytes: observed.used.peak_rss,
        read_bytes: observed.used.read_bytes,
        written_bytes: observed.used.written_bytes,
        processes: observed.used.processes,
        at_ms: observed.at.0,
    }
}

fn run_record(recorded: &RecordedRun) -> RunRecord {
    let observed = &recorded.observed;
    RunRecord {
        run: digits(observed.run),
        workflow: observed.workflow.clone(),
        width: observed.width,
        tasks: observed.tasks,
        predicted_s: observed.predicted_s,
        sd: observed.sd,
        low_s: observed.low_s,
        high_s: observed.high_s,
        calibrated: observed.calibrated,
        overruled: observed.overruled,
        actual_s: observed.actual_s,
        conflicts: observed.conflicts,
        branches: observed.branches,
        at_ms: observed.at.0,
    }
}

/// A JSON number would lose digits where numbers are floats.
fn digits(number: u64) -> String {
    format!("{number:016x}")
}

#[cfg(test)]
mod tests;
