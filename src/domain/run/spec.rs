//! Everything that is fixed when a run is created.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::kind::RunKind;
use super::worktree_rules::WorktreeRules;
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::integrate::ResolutionRules;
use crate::domain::plan::Plan;
use crate::domain::time::millis;

/// What a run was created with; `resume` needs nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSpec {
    /// Its name.
    pub run: RunId,
    /// Name of the task set, which several runs share: what its history is kept under.
    #[serde(default)]
    pub workflow: String,
    /// Commit that every task starts from.
    pub base: Oid,
    /// How the user named it: `main`, `HEAD`, …
    pub base_name: String,
    /// Branch that `integrate` lands on by default; `None` when HEAD was detached and `base` names
    /// no branch.
    pub target: Option<String>,
    /// Plan with the decision.
    pub plan: Plan,
    /// Place of each task, by index of the plan.
    pub places: Vec<TaskPlace>,
    /// Limits for every command.
    pub limits: Limits,
    /// What its worktrees are made of.
    #[serde(default)]
    pub worktree: WorktreeRules,
    /// What resolves conflicts between tips that a task starts from.
    #[serde(default)]
    pub resolution: ResolutionRules,
    /// What it is for.
    #[serde(default)]
    pub kind: RunKind,
    /// Folders above its worktrees that were not there when it was created, and go when they are empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made_folders: Vec<String>,
    /// wt-orch that made it.
    pub version: String,
}

impl RunSpec {
    /// Name of the task set; of a run stored without it, the name of the run.
    pub fn workflow(&self) -> &str {
        if self.workflow.is_empty() { self.run.as_str() } else { &self.workflow }
    }

    /// Commits beside the base that its tasks begin at, and that may be on no branch: of the working
    /// tree, of patches, or of whatever else the user named. Sorted, each once.
    pub fn own_starts(&self) -> Vec<Oid> {
        self.own_starts_of(|_| true)
    }

    /// As [`own_starts`](Self::own_starts), of some of its tasks alone.
    pub fn own_starts_of(&self, is_wanted: impl Fn(&TaskId) -> bool) -> Vec<Oid> {
        let arms = self.kind.race().into_iter().flat_map(|race| &race.arms);
        let arms = arms.filter(|arm| is_wanted(&arm.task));
        let begun = arms.map(|arm| arm.begins_at).filter(|start| *start != self.base);
        let any = self.plan.tasks.iter().any(|planned| is_wanted(&planned.task.id));
        let snapshot = self.kind.suite().and_then(|suite| suite.snapshot).filter(|_| any);
        let starts: BTreeSet<Oid> = begun.chain(snapshot).collect();
        starts.into_iter().collect()
    }

    /// Whether a folder goes with the last worktree in it: it was made for the run, or has its name, as
    /// `worktree_path = "…/{run}/{task}"` gives it.
    pub fn has_made(&self, folder: &Path) -> bool {
        folder.file_name().is_some_and(|name| *name == *self.run.as_str())
            || self.made_folders.iter().any(|made| Path::new(made) == folder)
    }

    /// Whether its parts fit together: what was stored may be damaged.
    pub fn is_sound(&self) -> bool {
        self.places.len() == self.plan.tasks.len() && self.plan.is_sound()
    }
}

/// Where a task works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskPlace {
    /// Branch without `refs/heads/`; `None` where it works on no branch.
    #[serde(default)]
    pub branch: Option<String>,
    /// Absolute path of its worktree; the same for all tasks of a sequential run.
    pub worktree: String,
    /// A port of this machine that is the task's.
    #[serde(default)]
    pub port: Option<u16>,
    /// Absolute path of its folder for temporary files, which is there while an attempt runs.
    #[serde(default)]
    pub temporary: Option<String>,
}

/// Limits that hold for every command of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time between the polite and the hard signal.
    #[serde(with = "millis")]
    pub grace: Duration,
    /// Bytes kept of a log.
    pub log_limit: u64,
    /// Names of programs that may outlive their task.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Builds share the cores by a GNU jobserver.
    #[serde(default)]
    pub jobserver: bool,
    /// What other runs on this machine use counts.
    #[serde(default)]
    pub share_host: bool,
    /// What has succeeded is validated while other tasks still run.
    #[serde(default)]
    pub speculate: bool,
    /// Globs of environment variables that tasks do not see.
    pub env_deny: Vec<String>,
    /// Globs that are given back.
    pub env_pass: Vec<String>,
    /// Text of each persona that has one.
    pub personas: Vec<(String, String)>,
}
