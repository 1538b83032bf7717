//! The JSON document of `split`, `resume`, `retry` and `status`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agent_entry::{AgentEntry, agent_entry};
use super::document::{SCHEMA, seconds};
use super::foreseen_section::conflict_entries;
use super::headline::chosen_interval;
use super::integrate_document::{MatrixEntry, ResolvedEntry, resolved_entries};
use super::log_path::LogPaths;
use super::plan_document::rounded;
use super::race_document::{RaceDocument, from_race};
use super::race_facts::race_facts;
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::plan::{Interval, Verdict};
use crate::domain::run::{
    AttemptEnd, Ending, Leak, Outcome, RunPhase, RunState, StartMerge, StopReason, TaskState,
};
use crate::domain::time::Timestamp;

/// What `split`, `resume`, `retry` and `status` print.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunDocument {
    /// Always 1.
    pub schema: u32,
    /// Name of the run.
    pub run: RunId,
    /// Where it stands.
    pub state: RunStateWord,
    /// Side by side or one after another.
    pub verdict: Verdict,
    /// Slots; 1 when sequential.
    pub width: usize,
    /// Commit that every task starts from.
    pub base: Oid,
    /// Branch that `integrate` lands on.
    pub target: Option<String>,
    /// Tasks in the order of the plan.
    pub tasks: Vec<TaskEntry>,
    /// Time in which the run was at work, seconds.
    pub wall_s: f64,
    /// Prediction for the way that was chosen, up to landed, seconds.
    pub predicted_s: Interval,
    /// Sum of the measured times of the tasks: what one lane would have taken, seconds.
    pub sequential_s_estimate: Option<f64>,
    /// Predicted conflicts between tasks whose branches have commits that the target lacks; null
    /// where nobody asked git: `status` does.
    pub matrix: Option<Vec<MatrixEntry>>,
    /// Conflicts that were foreseen while tasks ran, between tasks that have not landed.
    pub conflicts: Vec<ConflictEntry>,
    /// What a race found; null where the run is none.
    pub race: Option<RaceDocument>,
    /// What failed in the machinery without changing an outcome.
    pub warnings: Vec<String>,
}

/// Two tasks that will collide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictEntry {
    /// The one that committed first.
    pub a: TaskId,
    /// The other one.
    pub b: TaskId,
    /// Where; the first twenty paths.
    pub paths: Vec<String>,
    /// How many paths there are beyond those.
    pub more_paths: usize,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStateWord {
    /// Stored, not begun.
    Created,
    /// Tasks run, or may.
    Running,
    /// What runs is being stopped.
    Stopping,
    /// Stopped by a signal or a crash; `resume` goes on, or finishes the abort that was under way, of
    /// which `warnings` tells.
    Interrupted,
    /// Stopped by `abort`.
    Aborted,
    /// Nothing is left to do.
    Finished,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStateWord {
    /// Waits for what it depends on, or for room.
    Pending,
    /// Its worktree is being made.
    Provisioning,
    /// Its setup hooks run.
    SettingUp,
    /// Its command runs.
    Running,
    /// Its work is being committed.
    Committing,
    /// Its check runs.
    Checking,
    /// Another attempt follows.
    WaitingToRetry,
    /// Over.
    Finished,
}

/// One task of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskEntry {
    /// Its name.
    pub id: TaskId,
    /// It is a gate that the planner inserted.
    pub gate: bool,
    /// The item of `foreach` that it was made for.
    pub item: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// The condition under which it runs.
    pub when: Option<String>,
    /// Where it stands.
    pub state: TaskStateWord,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it ended so.
    pub reason: Option<String>,
    /// Attempts that were begun.
    pub attempts: u32,
    /// Exit code of its last attempt.
    pub exit_code: Option<i32>,
    /// Its branch; `null` where it worked on none.
    pub branch: Option<String>,
    /// Commit its work begins at.
    pub start: Option<Oid>,
    /// That commit is a merge of several tips on which no check has run.
    pub start_unvalidated: bool,
    /// Paths of that merge that did not merge by themselves, and what resolved them.
    pub start_resolved: Vec<ResolvedEntry>,
    /// Head of its branch, once its work is committed.
    pub tip: Option<Oid>,
    /// Absolute path of its worktree.
    pub worktree: String,
    /// Absolute path of the log of its last attempt.
    pub log: Option<String>,
    /// Absolute path of its result, when it is read-only.
    pub output: Option<String>,
    /// Paths changed between start and tip.
    pub changed_paths: Option<Vec<String>>,
    /// What was odd about its work or was done outside its worktree, and how that was dealt with.
    pub notes: Vec<String>,
    /// When its first worktree was asked for, seconds from the start of the run.
    pub started_s: Option<f64>,
    /// From then to its end, or so far, seconds.
    pub duration_s: Option<f64>,
    /// Time its setup hooks took in the last attempt, seconds; null where none were wanted.
    pub setup_s: Option<f64>,
    /// What its last attempt and its check left behind, if anything.
    pub leaked: Option<Leak>,
    /// Processor time of all attempts and checks, seconds.
    pub cpu_s: Option<f64>,
    /// Most memory resident in its processes at once, bytes; null where it was not seen.
    pub peak_rss_bytes: Option<u64>,
    /// What its agent said of its work, over all attempts; null for plain commands.
    pub agent: Option<AgentEntry>,
    /// Bytes read from disks; null where that is not known.
    pub read_bytes: Option<u64>,
    /// Bytes written to disks; null where that is not known.
    pub written_bytes: Option<u64>,
    /// Most processes at once, as far as was seen; null where that is not known.
    pub processes: Option<u32>,
}

/// The document of a run at `now`.
pub fn from_run(state: &RunState, now: Timestamp, logs: &LogPaths) -> RunDocument {
    let decision = &state.spec.plan.decision;
    RunDocument {
        schema: SCHEMA,
        run: state.spec.run.clone(),
        state: run_state_word(state.phase),
        verdict: decision.verdict,
        width: decision.width,
        base: state.spec.base,
        target: state.spec.target.clone(),
        tasks: (0..state.tasks.len()).map(|task| task_entry(state, task, now, logs)).collect(),
        wall_s: seconds(state.wall(now).as_secs_f64()),
        predicted_s: rounded(chosen_interval(&state.spec.plan)),
        sequential_s_estimate: measured_total(state).map(|total| seconds(total.as_secs_f64())),
        matrix: None,
        conflicts: conflict_entries(state),
        race: race_facts(state).as_ref().map(from_race),
        warnings: state.warnings.clone(),
    }
}

/// Sum of the measured times of all tasks; `None` when nothing ran to its end.
pub(super) fn measured_total(state: &RunState) -> Option<Duration> {
    let ran: Vec<_> = state.tasks.iter().filter(|task| task.end.is_some()).collect();
    (!ran.is_empty()).then(|| ran.iter().map(|task| task.usage.wall).sum())
}

fn task_entry(state: &RunState, index: usize, now: Timestamp, logs: &LogPaths) -> TaskEntry {
    let (task, record) = (state.task(index), &state.tasks[index]);
    let place = state.spec.places.get(index);
    let origin = state.started.unwrap_or(state.created);
    let run = &state.spec.run;
    let tried = record.attempts > 0;
    let end = record.end.as_ref();
    TaskEntry {
        id: task.id.clone(),
        gate: task.work.is_gate(),
        item: task.pattern.item.as_ref().map(|item| item.text.clone()),
        group: task.pattern.group.clone(),
        when: task.pattern.when.as_ref().map(ToString::to_string),
        state: task_state_word(&record.state),
        outcome: record.outcome(),
        reason: record.reason().map(ToString::to_string),
        attempts: record.attempts,
        exit_code: end.and_then(exit_code),
        branch: place.and_then(|place| place.branch.clone()),
        start: record.start,
        // What a gate starts from is what it validates.
        start_unvalidated: record.unvalidated_start
            && !(task.work.is_gate() && record.state.succeeded()),
        start_resolved: record.start_merges.iter().flat_map(start_resolved).collect(),
        tip: record.tip,
        worktree: place.map(|place| place.worktree.clone()).unwrap_or_default(),
        log: tried.then(|| logs.log(run, &task.id, record.attempts)),
        output: (tried && task.read_only).then(|| logs.output(run, &task.id, record.attempts)),
        changed_paths: record
            .tip
            .map(|_| record.changed.iter().map(|change| change.path.clone()).collect()),
        notes: record.notes.clone(),
        started_s: record.started.map(|at| seconds(at.since(origin).as_secs_f64())),
        duration_s: record
            .started
            .map(|at| record.finished.unwrap_or(now).since(at).as_secs_f64())
            .map(seconds),
        setup_s: record.setup.map(|time| seconds(time.as_secs_f64())),
        leaked: record.leak(),
        cpu_s: end.map(|_| seconds(record.usage.cpu.as_secs_f64())),
        peak_rss_bytes: end.map(|_| record.usage.peak_rss).filter(|&bytes| bytes > 0),
        agent: record.agent.as_deref().map(agent_entry),
        read_bytes: end.and(record.usage.read_bytes),
        written_bytes: end.and(record.usage.written_bytes),
        processes: end.and(record.usage.processes),
    }
}

fn start_resolved(merge: &StartMerge) -> Vec<ResolvedEntry> {
    resolved_entries((&merge.with, &merge.remarks)).collect()
}

fn exit_code(end: &AttemptEnd) -> Option<i32> {
    if let Ending::Code { code } = end.ending { Some(code) } else { None }
}

fn run_state_word(phase: RunPhase) -> RunStateWord {
    match phase {
        RunPhase::Created => RunStateWord::Created,
        RunPhase::Running => RunStateWord::Running,
        RunPhase::Stopping(_) => RunStateWord::Stopping,
        RunPhase::Stopped(StopReason::Interrupted) => RunStateWord::Interrupted,
        RunPhase::Stopped(StopReason::Aborted) => RunStateWord::Aborted,
        RunPhase::Finished => RunStateWord::Finished,
    }
}

fn task_state_word(state: &TaskState) -> TaskStateWord {
    match state {
        TaskState::Pending => TaskStateWord::Pending,
        TaskState::Provisioning { .. } | TaskState::Provisioned { .. } => {
            TaskStateWord::Provisioning
        }
        TaskState::SettingUp { .. } | TaskState::SetUp { .. } => TaskStateWord::SettingUp,
        TaskState::Running { .. } | TaskState::Ended { .. } => TaskStateWord::Running,
        TaskState::Committing { .. } | TaskState::Committed { .. } => TaskStateWord::Committing,
        TaskState::Checking { .. } | TaskState::Checked { .. } => TaskStateWord::Checking,
        TaskState::RetryWait { .. } => TaskStateWord::WaitingToRetry,
        TaskState::Finished { .. } => TaskStateWord::Finished,
    }
}
