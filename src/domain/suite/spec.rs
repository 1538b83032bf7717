//! What is fixed of a test run when it is created.

use serde::{Deserialize, Serialize};

use super::ModuleKind;
use crate::domain::id::{Oid, TaskId};

/// What a test run runs, as tasks of its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteSpec {
    /// The commit made of the working tree, when that was asked for.
    pub snapshot: Option<Oid>,
    /// In the order of the modules.
    pub parts: Vec<Part>,
}

/// A module, or a part of it, as a task of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The task.
    pub task: TaskId,
    /// The module's name.
    pub module: String,
    /// Who knows how to test it.
    pub kind: ModuleKind,
    /// The module's folder, relative to the root.
    #[serde(default)]
    pub folder: String,
    /// Names of the units that it runs; empty is the whole module.
    pub units: Vec<String>,
    /// Names of the units whose times it can tell: those that it runs, or all of the module's.
    #[serde(default)]
    pub timed: Vec<String>,
    /// Where it leaves results by test (JUnit XML), relative to the root.
    pub report: Option<String>,
}
