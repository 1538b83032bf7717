//! What is fixed of a race when its run is created.

use serde::{Deserialize, Serialize};

use crate::domain::id::{Oid, TaskId};
use crate::domain::task::RaceRules;

/// The arms of a race, which are tasks of its run, and what decides between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaceSpec {
    /// What decides.
    pub rules: RaceRules,
    /// The task that runs the check on the base; every arm depends on it.
    pub control: Option<TaskId>,
    /// In the order of the file.
    pub arms: Vec<Arm>,
}

impl RaceSpec {
    /// The arm of a task; the control is none.
    pub fn arm(&self, task: &TaskId) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.task == *task)
    }
}

/// One hypothesis, as a task of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The task.
    pub task: TaskId,
    /// Commit that its worktree begins at: where it is `from`, with its patch.
    pub begins_at: Oid,
    /// Commit that its diff counts from: the base, or where its branch left the base.
    pub counts_from: Oid,
    /// Name that several arms of one command share.
    pub family: Option<String>,
}
