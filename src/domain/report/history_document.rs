//! The JSON documents of `history`: what is known of durations, how predictions did, what was
//! forgotten, written and read.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{SCHEMA, seconds};
use crate::domain::plan::{
    Accuracy, Calibration, Observations, ObservedAttempt, ObservedRun, RecordedAttempt, Verdict,
    median,
};

/// What `history` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryDocument {
    /// Always 1.
    pub schema: u32,
    /// By name.
    pub workflows: Vec<WorkflowEntry>,
    /// How the predictions of all of them did.
    pub predictions: PredictionsEntry,
}

/// What is known of a workflow: the tasks files of one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowEntry {
    /// Its name.
    pub workflow: String,
    /// Its tasks, by id.
    pub tasks: Vec<TaskHistoryEntry>,
    /// How its predictions did.
    pub predictions: PredictionsEntry,
}

/// What is known of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskHistoryEntry {
    /// Its id.
    pub task: String,
    /// What it is compared with while it is new: its persona, its phase or its kind.
    pub category: String,
    /// Attempts of the command that it ran last, which ended well.
    pub samples: usize,
    /// Attempts of that command which ran into their time limit.
    pub timeouts: usize,
    /// Attempts of other commands that it ran before.
    pub earlier: usize,
    /// Attempts, of all of these, that were read from a file.
    pub imported: usize,
    /// Median of the samples, seconds.
    pub median_s: Option<f64>,
    /// Factor by which samples usually differ from their median: e to the standard deviation of the
    /// logarithm. Null for fewer than two.
    pub spread: Option<f64>,
    /// The last attempt that is known, seconds.
    pub last_s: f64,
    /// When it ended, RFC 3339 in UTC.
    pub last_at: String,
    /// Cores that it kept busy, median.
    pub cpu_share: Option<f64>,
    /// Processor seconds, median; null where unknown, as are the following.
    pub cpu_s: Option<f64>,
    /// Most memory that any attempt had at once, bytes.
    pub peak_rss_bytes: Option<u64>,
    /// Bytes read from disks, median.
    pub read_bytes: Option<u64>,
    /// Bytes written to disks, median.
    pub written_bytes: Option<u64>,
    /// Most processes that any attempt had at once.
    pub processes: Option<u32>,
    /// Tasks that ran while it did, itself included, mean.
    pub active: f64,
    /// Median where it was the first in its worktree, seconds; null for none.
    pub first_in_lane_s: Option<f64>,
    /// Median where other tasks had its worktree before, seconds; null for none.
    pub later_in_lane_s: Option<f64>,
}

/// How predictions did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PredictionsEntry {
    /// Runs whose every task succeeded in one go.
    pub runs: usize,
    /// Those that ended inside of the 95 % interval that was shown.
    pub covered: usize,
    /// Their share.
    pub coverage: Option<f64>,
    /// Median of how far the predicted median was from the time it took, as a share of that time.
    pub median_error: Option<f64>,
    /// Enough runs of all workflows are known for calibrated intervals. The first one of each was
    /// predicted from nothing and does not count.
    pub calibrated: bool,
    /// Runs that are missing until then.
    pub missing: usize,
    /// Runs that followed the verdict.
    pub followed: ComparedEntry,
    /// Runs that overruled it.
    pub overruled: ComparedEntry,
    /// Branches that were to be merged, in runs that were integrated.
    pub branches: u64,
    /// Those that conflicted.
    pub conflicts: u64,
}

/// Times against predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedEntry {
    /// How many runs.
    pub runs: usize,
    /// Median of what they took, seconds.
    pub median_s: Option<f64>,
    /// Median of what they took over what was predicted.
    pub median_ratio: Option<f64>,
}

/// What `history forget` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryForgetDocument {
    /// Always 1.
    pub schema: u32,
    /// The workflow; null for all.
    pub workflow: Option<String>,
    /// The task; null for all.
    pub task: Option<String>,
    /// What was removed.
    pub removed: ObservationsEntry,
}

/// What `history import` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryImportDocument {
    /// Always 1.
    pub schema: u32,
    /// What the file has.
    pub read: ObservationsEntry,
    /// What of it was not known and is kept; the rest was known or is older than what is kept.
    pub added: ObservationsEntry,
}

/// What `history export FILE` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryWrittenDocument {
    /// Always 1.
    pub schema: u32,
    /// The file, as it was named.
    pub file: String,
    /// What was written.
    pub written: ObservationsEntry,
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObservationsEntry {
    /// Attempts of tasks.
    pub attempts: usize,
    /// Runs.
    pub runs: usize,
}

impl ObservationsEntry {
    /// How many of each there are.
    pub fn of(observations: &Observations) -> Self {
        Self { attempts: observations.attempts.len(), runs: observations.runs.len() }
    }
}

/// The document of everything that was observed, or of one workflow.
pub fn from_observations(observations: &Observations, workflow: Option<&str>) -> HistoryDocument {
    let known = known_workflows(observations);
    let all: Vec<&ObservedRun> = observations.runs.iter().map(|run| &run.observed).collect();
    let history: Vec<ObservedRun> = all.iter().copied().cloned().collect();
    // How many runs calibrate hangs on no workflow, nor on how it is done.
    let calibration = Calibration::learn(&history, "", Verdict::Sequential);
    let entry = |name: &str| WorkflowEntry {
        workflow: name.to_owned(),
        tasks: tasks_of(observations, name),
        predictions: predictions(
            &all.iter().copied().filter(|run| run.workflow == name).collect::<Vec<_>>(),
            &calibration,
        ),
    };
    let wanted = known.iter().filter(|name| workflow.is_none_or(|wanted| wanted == **name));
    HistoryDocument {
        schema: SCHEMA,
        workflows: wanted.map(|name| entry(name)).collect(),
        predictions: predictions(&all, &calibration),
    }
}

/// Names of all workflows of which something is known.
pub fn known_workflows(observations: &Observations) -> BTreeSet<&str> {
    let of_attempts = observations.attempts.iter().map(|one| one.observed.workflow.as_str());
    of_attempts.chain(observations.runs.iter().map(|one| one.observed.workflow.as_str())).collect()
}

fn tasks_of(observations: &Observations, workflow: &str) -> Vec<TaskHistoryEntry> {
    let mut tasks: BTreeMap<&str, Vec<&RecordedAttempt>> = BTreeMap::new();
    for recorded in observations.attempts.iter().filter(|one| one.observed.workflow == workflow) {
        tasks.entry(&recorded.observed.task).or_default().push(recorded);
    }
    tasks.into_iter().filter_map(|(task, attempts)| task_entry(task, &attempts)).collect()
}

/// Of what took less, the share of its processor time says nothing, seconds: it is recorded in
/// milliseconds.
const LEAST_WALL_S: f64 = 1e-3;

/// The entry of a task, from its attempts, oldest first.
fn task_entry(task: &str, attempts: &[&RecordedAttempt]) -> Option<TaskHistoryEntry> {
    let last = &attempts.last()?.observed;
    let same: Vec<&ObservedAttempt> =
        attempts.iter().map(|one| &one.observed).filter(|one| one.work == last.work).collect();
    let ended: Vec<&ObservedAttempt> = same.iter().copied().filter(|one| !one.censored).collect();
    let wall = |is_meant: &dyn Fn(&ObservedAttempt) -> bool| {
        median(ended.iter().filter(|one| is_meant(one)).map(|one| one.wall_s))
    };
    let shares = same.iter().filter(|one| one.wall_s >= LEAST_WALL_S);
    let share = median(shares.filter_map(|one| Some(one.cpu_s? / one.wall_s)));
    let used = || same.iter().map(|one| one.used);
    let bytes = |values: Vec<u64>| {
        median(values.into_iter().map(|value| value as f64)).map(|value| value.round() as u64)
    };
    let active: f64 = same.iter().map(|one| one.active).sum();
    Some(TaskHistoryEntry {
        task: task.to_owned(),
        category: last.category.clone(),
        samples: ended.len(),
        timeouts: same.len() - ended.len(),
        earlier: attempts.len() - same.len(),
        imported: attempts.iter().filter(|one| one.imported).count(),
        median_s: wall(&|_| true).map(seconds),
        spread: spread(&ended).map(hundredths),
        last_s: seconds(last.wall_s),
        last_at: last.at.to_rfc3339(),
        cpu_share: share.map(hundredths),
        cpu_s: median(ended.iter().filter_map(|one| one.cpu_s)).map(seconds),
        peak_rss_bytes: used().filter_map(|used| used.peak_rss).max(),
        read_bytes: bytes(used().filter_map(|used| used.read_bytes).collect()),
        written_bytes: bytes(used().filter_map(|used| used.written_bytes).collect()),
        processes: used().filter_map(|used| used.processes).max(),
        active: hundredths(active / same.len() as f64),
        first_in_lane_s: wall(&|one| one.lane_position == Some(0)).map(seconds),
        later_in_lane_s: wall(&|one| one.lane_position.is_some_and(|n| n > 0)).map(seconds),
    })
}

fn spread(ended: &[&ObservedAttempt]) -> Option<f64> {
    let logs: Vec<f64> = ended.iter().map(|one| one.wall_s.max(0.001).ln()).collect();
    if logs.len() < 2 {
        return None;
    }
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    Some((squares / (logs.len() - 1) as f64).sqrt().exp())
}

/// How the predictions of some runs did; `all` of them calibrate together.
fn predictions(runs: &[&ObservedRun], all: &Calibration) -> PredictionsEntry {
    let accuracy = Accuracy::of(runs.iter().copied());
    let integrated = || runs.iter().filter(|run| run.conflicts.is_some());
    PredictionsEntry {
        runs: accuracy.runs,
        covered: accuracy.covered,
        coverage: accuracy.coverage().map(seconds),
        median_error: accuracy.median_error.map(seconds),
        calibrated: all.missing() == 0,
        missing: all.missing(),
        followed: compared(runs, false),
        overruled: compared(runs, true),
        branches: integrated().map(|run| u64::from(run.branches)).sum(),
        conflicts: integrated().filter_map(|run| run.conflicts).map(u64::from).sum(),
    }
}

fn compared(runs: &[&ObservedRun], overruled: bool) -> ComparedEntry {
    let chosen = runs.iter().copied().filter(|run| run.overruled == overruled);
    let Accuracy { runs, median_s, median_ratio, .. } = Accuracy::of(chosen);
    ComparedEntry {
        runs,
        median_s: median_s.map(seconds),
        median_ratio: median_ratio.map(hundredths),
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
