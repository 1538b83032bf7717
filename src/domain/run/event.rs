//! Facts of a run, in the past tense, as the journal keeps them.

mod name;
mod subject;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::brought::Brought;
use super::check_run::CheckEvidence;
use super::foresight::Collision;
use super::outcome::{AttemptEnd, Outcome, PathChange, ProcessStamp, ProvisionFailure};
use super::reason::Reason;
use super::setup_end::SetupEnd;
use super::shortage::Shortage;
use super::spec::RunSpec;
use super::train::{Train, TrainEnd};
use super::width::WidthCause;
use super::{SharedFinding, StartMerge, StopReason};
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::IntegrationEvent;
use crate::domain::race::Changes;
use crate::domain::suite::SuiteResults;
use crate::domain::time::{Timestamp, millis};

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Event {
    /// The plan was accepted; nothing exists outside the journal yet.
    RunCreated {
        /// All that is fixed.
        spec: Box<RunSpec>,
    },
    /// A wt-orch process took the run over.
    RunStarted {
        /// Not the first one.
        resumed: bool,
    },
    /// A worktree is asked for.
    ProvisionRequested {
        /// For this task.
        task: TaskId,
        /// And this attempt, from 1.
        attempt: u32,
        /// Commits it starts from, with the tasks they belong to; none means the base.
        from: Vec<(TaskId, Oid)>,
        /// Tasks whose work it contains and without which it cannot land.
        needs: Vec<TaskId>,
    },
    /// Two of the tips that it starts from did not merge by themselves, and that was resolved.
    StartResolved {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// Their merge.
        merge: StartMerge,
    },
    /// The worktree stands at its start commit.
    Provisioned {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// Commit its work begins at.
        start: Oid,
        /// `start` is a merge that nothing has validated yet.
        unvalidated: bool,
        /// Leftovers of an earlier attempt, saved as this commit.
        saved: Option<Oid>,
        /// Why git wrote the files, and not this program.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_git: Option<String>,
        /// What was brought from the user's checkout, when anything was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brought: Option<Brought>,
        /// An earlier task had it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        reused: bool,
        /// Worktrees that were made together, this one included; 0 where that was not noted.
        #[serde(default)]
        together: u32,
        /// Seconds it took, or its part of the seconds that several took together.
        seconds: f64,
    },
    /// It could not be made.
    ProvisionFailed {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// Why.
        failure: ProvisionFailure,
    },
    /// Its setup hooks are asked for.
    SetupRequested {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
    },
    /// Its setup hooks ended.
    SetupFinished {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// How.
        end: SetupEnd,
        /// What they did beyond their task and how that was dealt with.
        notes: Vec<String>,
        /// Seconds they took.
        seconds: f64,
    },
    /// The command is asked for.
    AttemptRequested {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
    },
    /// The command runs.
    AttemptStarted {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// Its process.
        process: ProcessStamp,
    },
    /// The command could not be started.
    AttemptNotStarted {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// Why.
        message: String,
        /// The machine had no room for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortage: Option<Shortage>,
    },
    /// The command ended.
    AttemptFinished {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// How.
        end: AttemptEnd,
        /// The machine ran out of something meanwhile, which ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortage: Option<Shortage>,
    },
    /// Its work is to be committed: on its branch, or (after a failure) kept under a ref of ours.
    CommitRequested {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// The reason of the failure, when the work is only kept.
        failed: Option<(Outcome, Reason)>,
    },
    /// What the tests of a module said in an attempt, before its worktree is made what it was.
    SuiteFinished {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// What they said.
        results: Box<SuiteResults>,
    },
    /// Its work is committed.
    Committed {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// Head of its branch, or of the kept work.
        tip: Oid,
        /// Start to tip.
        changed: Vec<PathChange>,
        /// Something was left uncommitted and committed for it.
        leftovers: bool,
        /// What was odd and how it was dealt with.
        notes: Vec<String>,
        /// Paths that were brought from the user's checkout and that the task committed itself.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        carried: Vec<String>,
        /// What the diff of an arm of a race changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Box<Changes>>,
        /// Seconds it took.
        seconds: f64,
    },
    /// Its work could not be committed or found.
    CommitFailed {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// Why.
        message: String,
    },
    /// Its check is asked for.
    CheckRequested {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// Which run of it, from 1.
        #[serde(default = "once", skip_serializing_if = "is_one")]
        run: u32,
    },
    /// Its check ended.
    CheckFinished {
        /// Task.
        task: TaskId,
        /// Attempt.
        attempt: u32,
        /// How; `Err` when it could not be started.
        end: Result<AttemptEnd, String>,
        /// Tracked files that the check changed (and that were put back).
        tainted: Vec<String>,
        /// The machine had no room for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortage: Option<Shortage>,
        /// What it said, where it decides a race.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Box<CheckEvidence>>,
    },
    /// Another attempt follows.
    RetryScheduled {
        /// Task.
        task: TaskId,
        /// The attempt that failed.
        failed_attempt: u32,
        /// Why it failed.
        reason: Reason,
        /// Not before this point.
        not_before: Timestamp,
        /// It does not count among the `retries`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        free: bool,
    },
    /// The back-off is over.
    RetryReady {
        /// Task.
        task: TaskId,
    },
    /// The task is over.
    TaskFinished {
        /// Task.
        task: TaskId,
        /// How.
        outcome: Outcome,
        /// Why.
        reason: Reason,
    },
    /// The user wants the run to stop.
    StopRequested {
        /// How.
        reason: StopReason,
        /// Do not wait for the grace period.
        force: bool,
    },
    /// A failure stops the rest of the run, or of a group: what runs there is asked to stop, what
    /// waits does not start.
    Halted {
        /// The task that failed.
        cause: TaskId,
        /// The group; `None` means the run.
        group: Option<String>,
    },
    /// A race is over: what runs is asked to stop, what waits does not start.
    RaceDecided {
        /// The arm that is proved.
        by: TaskId,
    },
    /// The time of a group, or of the run, is up: what runs of it is asked to stop, what waits does
    /// not start.
    GroupTimedOut {
        /// The group; `None` means the run.
        group: Option<String>,
        /// The limit.
        #[serde(with = "millis")]
        limit: Duration,
    },
    /// After a crash: what was under way is gone; the task goes back to its start.
    Reconciled {
        /// Task.
        task: TaskId,
        /// What was found, in words.
        finding: String,
    },
    /// The user wants finished tasks to run again.
    RetryRequested {
        /// Those tasks and everything that depends on them.
        tasks: Vec<TaskId>,
    },
    /// What has not started gets another order, because a task ended otherwise than planned.
    Replanned {
        /// The task.
        because: TaskId,
        /// Place of every task in the order of urgency, by index of the plan; 0 starts first.
        ranks: Vec<usize>,
    },
    /// From here on at most this many tasks run at once, or so many of those that the cause means;
    /// what runs goes on.
    WidthChanged {
        /// At least 1, at most what was decided.
        width: usize,
        /// Why.
        because: WidthCause,
    },
    /// What has succeeded so far is to be merged and validated, in a slot that no task wants.
    TrainRequested {
        /// Its tasks in the order of the plan, each with the head of its branch.
        train: Train,
    },
    /// What came of that.
    TrainValidated {
        /// The train that was requested.
        train: Train,
        /// Whether it passed, and who breaks it if not.
        end: TrainEnd,
    },
    /// The user holds the run (Ctrl-Z): what runs is held, and no time counts.
    Suspended,
    /// It goes on where it was held.
    Continued,
    /// What all worktrees share was found changed after commands ran.
    SharedChanged {
        /// What, and what was done about it.
        finding: SharedFinding,
    },
    /// A part of the machinery failed without changing the outcome.
    Warned {
        /// One sentence.
        message: String,
    },
    /// The committed work of a task collides with that of others, as a forecast says.
    ConflictForeseen {
        /// Task.
        task: TaskId,
        /// Head of its work.
        tip: Oid,
        /// With whom, and where.
        collisions: Vec<Collision>,
    },
    /// Nothing is left to do.
    RunFinished,
    /// Stopped before the end.
    RunStopped {
        /// How.
        reason: StopReason,
    },
    /// Part of an integration of this run.
    Integration {
        /// Which part.
        event: IntegrationEvent,
    },
}

impl Event {
    /// Whether nothing more happens in the run until somebody takes it up again.
    pub fn ends_run(&self) -> bool {
        matches!(self, Self::RunFinished | Self::RunStopped { .. })
    }
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_one(run: &u32) -> bool {
    *run == 1
}
