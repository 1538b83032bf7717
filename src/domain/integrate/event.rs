//! Facts of an integration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::closure::Member;
use super::ejection::{Ejection, Refusal};
use super::failing_set::FailingSet;
use super::matrix::MatrixCell;
use super::resolution::PathResolution;
use super::validation::ValidationRun;
use crate::domain::id::{Oid, TaskId};
use crate::domain::task::Validation;

/// How a task's work becomes part of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// A merge commit for each task.
    #[default]
    Merge,
    /// One plain commit for each task.
    Squash,
    /// The commits of each task, made anew one after the other.
    Rebase,
}

impl Strategy {
    /// The words of the setting.
    pub const WORDS: [(&'static str, Self); 3] =
        [("merge", Self::Merge), ("squash", Self::Squash), ("rebase", Self::Rebase)];

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Squash => "squash",
            Self::Rebase => "rebase",
        }
    }
}

/// What an integration was started with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntegrationSpec {
    /// Branch that the work is merged onto, and that it lands on unless `branch` is given.
    pub target: String,
    /// New branch that it lands on; the target stays.
    #[serde(default)]
    pub branch: Option<String>,
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
    /// Validations that run at once, 1 or more.
    #[serde(default = "one")]
    pub slots: u32,
    /// Runs of a flaky test, on each side, before it is judged.
    #[serde(default = "one")]
    pub flake_runs: u32,
    /// The arm of a race that was asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<TaskId>,
    /// Tasks to spare when one of a set has to go.
    #[serde(default)]
    pub keep: Vec<TaskId>,
    /// A validation that is red on the target, and does not say by which test, is left out of the
    /// verdict instead of refusing the landing.
    #[serde(default)]
    pub allow_red_base: bool,
    /// Variables that the arm of a race had there, and that do not land with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arm_env: Vec<String>,
}

impl IntegrationSpec {
    /// Branch that a landing moves or makes.
    pub fn destination(&self) -> &str {
        self.branch.as_deref().unwrap_or(&self.target)
    }
}

fn one() -> u32 {
    1
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
    /// A member was merged on top of a commit.
    Merged {
        /// The member.
        task: TaskId,
        /// That commit with the member's work.
        commit: Oid,
        /// On top of which commit; `None`: of the train's head.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        onto: Option<Oid>,
        /// It is one of the trial merges by which a failure is isolated.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        trial: bool,
        /// How its conflicts were resolved, and what else there is to say.
        #[serde(default, skip_serializing_if = "MergeRemarks::is_empty")]
        remarks: MergeRemarks,
        /// What made the tree: `git 2.47.3`, `libgit2`, `disjoint paths`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        engine: Option<String>,
    },
    /// A member is left out.
    Ejected {
        /// Which and why.
        ejection: Ejection,
        /// The commit on top of which it was to be merged; `None`: the train's head.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        onto: Option<Oid>,
        /// It is one of the trial merges by which a failure is isolated.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        trial: bool,
    },
    /// A validation of a commit is asked for.
    ValidationRequested {
        /// That commit.
        commit: Oid,
        /// Which; `None`: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// It ended.
    ValidationFinished {
        /// That commit.
        commit: Oid,
        /// Each command.
        runs: Vec<ValidationRun>,
    },
    /// It was stopped, because what else was found out made it needless.
    ValidationDropped {
        /// That commit.
        commit: Oid,
        /// Which.
        name: String,
    },
    /// The smallest set of members that breaks a validation was found.
    Isolated {
        /// That set.
        set: FailingSet,
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
    /// The user wants it to stop: what runs of it is asked to end.
    StopRequested,
    /// It is over.
    Finished,
}

/// What is to be said of a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeRemarks {
    /// Paths that did not merge by themselves, and what resolved them.
    #[serde(default)]
    pub resolved: Vec<PathResolution>,
    /// Sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl MergeRemarks {
    /// Everything, one sentence each: what was resolved, then the rest.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let resolved = self
            .resolved
            .iter()
            .map(|one| format!("`{}` was in conflict; resolved: {}", one.path, one.label.as_str()));
        resolved.chain(self.notes.iter().cloned())
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.resolved.is_empty() && self.notes.is_empty()
    }
}
