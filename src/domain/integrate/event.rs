//! Facts of an integration.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::closure::Member;
use super::matrix::MatrixCell;
use crate::domain::id::{Oid, TaskId};
use crate::domain::task::Validation;
use crate::domain::time::millis;

/// How a task's work becomes part of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// A merge commit for each task.
    #[default]
    Merge,
    /// One plain commit for each task.
    Squash,
}

impl Strategy {
    /// The words of the setting.
    pub const WORDS: [(&'static str, Self); 2] = [("merge", Self::Merge), ("squash", Self::Squash)];

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Squash => "squash",
        }
    }
}

/// What an integration was started with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntegrationSpec {
    /// Branch to land on.
    pub target: String,
    /// Its tip when the integration started.
    pub old: Oid,
    /// Tasks that are ready, in merge order.
    pub members: Vec<Member>,
    /// Tasks that are left out because they did not succeed.
    pub unfinished: Vec<TaskId>,
    /// How work is combined.
    pub strategy: Strategy,
    /// Commands that must pass on the result.
    pub validations: Vec<Validation>,
    /// Predicted conflicts.
    pub matrix: Vec<MatrixCell>,
    /// Why this order, in one sentence.
    pub order_reason: String,
    /// Engine that makes the trees: `git 2.47.3` or `libgit2 1.9.7`.
    pub engine: String,
    /// Merge and report only.
    pub dry_run: bool,
    /// How often a target that moved is merged again.
    pub target_retries: u32,
}

/// Why a task is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EjectionReason {
    /// It conflicts with what is merged already.
    Conflict,
    /// It makes a validation fail.
    Validation,
    /// Something it started from is left out.
    Dependency,
    /// It failed, timed out or was skipped.
    Unfinished,
    /// Only the git program can merge it, and there is none that fits.
    NeedsGit,
    /// The validated tree was changed while it was validated.
    Tainted,
}

/// A task that is left out, with the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ejection {
    /// The task.
    pub task: TaskId,
    /// Why.
    pub reason: EjectionReason,
    /// The other tasks concerned; empty when it collides with the target itself.
    pub with: Vec<TaskId>,
    /// Paths in conflict.
    pub paths: Vec<String>,
    /// Excerpts of the conflict.
    pub hunks: Vec<String>,
    /// Names of failing validations.
    pub tests: Vec<String>,
    /// One sentence where the fields do not say it all.
    pub note: Option<String>,
}

impl Ejection {
    /// An ejection with nothing but a reason.
    pub fn plain(task: TaskId, reason: EjectionReason) -> Self {
        Self {
            task,
            reason,
            with: Vec::new(),
            paths: Vec::new(),
            hunks: Vec::new(),
            tests: Vec::new(),
            note: None,
        }
    }
}

/// How a validation command came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidationVerdict {
    /// Exit 0.
    Passed,
    /// Anything else.
    Failed,
    /// Failed, then passed unchanged.
    Flaky,
    /// Failed, and fails on the target as well.
    Baseline,
}

/// One run of one validation command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationRun {
    /// Name of the validation.
    pub name: String,
    /// How it came out.
    pub verdict: ValidationVerdict,
    /// How it ended, in words: `exit code 1`.
    pub ending: String,
    /// How long it took.
    #[serde(with = "millis")]
    pub duration: Duration,
    /// Its last lines, when it failed.
    pub last_lines: Vec<String>,
    /// Tracked files it changed: the tree is tainted and never lands.
    pub tainted: Vec<String>,
}

/// Why nothing was landed although something was ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "refusal")]
pub enum Refusal {
    /// The target is checked out where the landing would overwrite something, or in the middle of
    /// something.
    Checkout {
        /// The sentence.
        message: String,
        /// The command that resolves it.
        resolve: String,
    },
    /// A validation fails on the target itself and cannot vouch for anything.
    RedBase {
        /// Names of the validations.
        validations: Vec<String>,
    },
    /// The target moved more often than it was merged again.
    TargetMoved {
        /// How often.
        times: u32,
    },
    /// The target branch is gone.
    TargetGone,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkout { message, .. } => write!(f, "{message}"),
            Self::RedBase { validations } => write!(
                f,
                "{} {} on the target itself, so it cannot vouch for what would land",
                validations.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", "),
                if validations.len() == 1 { "fails" } else { "fail" },
            ),
            Self::TargetMoved { times } => {
                write!(f, "the target moved {times} times while it was being validated")
            }
            Self::TargetGone => write!(f, "the target branch is gone"),
        }
    }
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum IntegrationEvent {
    /// It begins.
    Started {
        /// All that is fixed.
        spec: Box<IntegrationSpec>,
    },
    /// A member was merged on top of the train.
    Merged {
        /// The member.
        task: TaskId,
        /// The train's head with it.
        commit: Oid,
    },
    /// A member is left out.
    Ejected {
        /// Which and why.
        ejection: Ejection,
    },
    /// A validation of a commit is asked for.
    ValidationRequested {
        /// That commit.
        commit: Oid,
    },
    /// All its commands ended.
    ValidationFinished {
        /// That commit.
        commit: Oid,
        /// Each command.
        runs: Vec<ValidationRun>,
    },
    /// The target is about to be moved.
    LandRequested {
        /// To this commit.
        commit: Oid,
    },
    /// The target was moved.
    Landed {
        /// From.
        old: Oid,
        /// To.
        new: Oid,
        /// Operation that `undo` takes back.
        operation: u64,
        /// Worktree whose files were updated.
        checkout: Option<String>,
    },
    /// The target was somewhere else: merge again.
    TargetMoved {
        /// Its tip.
        now: Oid,
    },
    /// It will not land.
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// It is over.
    Finished,
}
