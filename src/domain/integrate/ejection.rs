//! Tasks that are left out, and why nothing lands.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::diagnostic::some_quoted;
use crate::domain::id::TaskId;

/// Why a task is left out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
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
    /// The other tasks concerned; empty when it collides with the target itself, or breaks a
    /// validation alone.
    pub with: Vec<TaskId>,
    /// Paths in conflict.
    pub paths: Vec<String>,
    /// Those of the paths of which a resolution was tried and refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// Excerpts of the conflict.
    pub hunks: Vec<String>,
    /// What fails: tests by name, or the validation where it does not say.
    pub tests: Vec<String>,
    /// Name of the validation that fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
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
            refused: Vec::new(),
            hunks: Vec::new(),
            tests: Vec::new(),
            validation: None,
            note: None,
        }
    }
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
        /// Tracked files that they change there; empty where they fail.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tainted: Vec<String>,
    },
    /// An arm of a race does not pass the race's check on top of the target.
    CheckFails {
        /// The arm.
        arm: TaskId,
        /// The target.
        target: String,
        /// Variables that it had in the race, and that do not land.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        env: Vec<String>,
    },
    /// The target moved more often than it was merged again.
    TargetMoved {
        /// How often.
        times: u32,
    },
    /// The target branch is gone.
    TargetGone,
    /// There can be no new branch of the name that was asked for.
    BranchTaken {
        /// The name.
        branch: String,
        /// Why, in words.
        reason: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkout { message, .. } => write!(f, "{message}"),
            Self::RedBase { validations, tainted } if !tainted.is_empty() => write!(
                f,
                "{} changes tracked files on the target itself ({}), so nothing can be validated by it",
                some_quoted(validations, 3),
                some_quoted(tainted, 3),
            ),
            Self::RedBase { validations, .. } => write!(
                f,
                "{} {} on the target itself, so it cannot vouch for what would land",
                validations.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", "),
                if validations.len() == 1 { "fails" } else { "fail" },
            ),
            Self::CheckFails { arm, target, env } if env.is_empty() => {
                write!(f, "arm `{arm}` no longer passes the check on top of `{target}`")
            }
            Self::CheckFails { arm, target, env } => write!(
                f,
                "arm `{arm}` does not pass the check on top of `{target}` without its `env` ({}), \
                 with which it was proved and which does not land: what it sets has to stand in a \
                 file of the repository",
                some_quoted(env, 3)
            ),
            Self::TargetMoved { times } => {
                write!(f, "the target moved {times} times while it was being validated")
            }
            Self::TargetGone => write!(f, "the target branch is gone"),
            Self::BranchTaken { branch, reason } => {
                write!(f, "`{branch}` cannot be made: {reason}")
            }
        }
    }
}
