//! A module with a test suite.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::task::{Claims, Command};

/// Who knows how to test a module.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ModuleKind {
    /// A package of a cargo workspace.
    Cargo,
    /// A workspace of npm.
    Npm,
    /// A workspace of pnpm.
    Pnpm,
    /// A workspace of yarn.
    Yarn,
    /// Packages of a go module.
    Go,
    /// A folder of tests for pytest.
    Pytest,
    /// `[test.modules.NAME]`.
    Configured,
}

impl ModuleKind {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
            Self::Go => "go",
            Self::Pytest => "pytest",
            Self::Configured => "configured",
        }
    }
}

impl ModuleKind {
    /// The way out where what runs its tests is missing.
    pub fn when_missing(self) -> &'static str {
        match self {
            Self::Pytest => {
                "tests run with the first `python3` of the PATH: activate the environment that has \
                 pytest, or name the command, `[test.modules.NAME]` with `run`"
            }
            Self::Npm => {
                "where your checkout has no `node_modules`, `npm install` there makes it, and its packages \
                 go along; where there are setup hooks (`[[setup]]`), one of them is to install them"
            }
            Self::Pnpm => {
                "where your checkout has no `node_modules`, `pnpm install` there makes it, and its \
                 packages go along; where there are setup hooks (`[[setup]]`), one of them is to \
                 install them"
            }
            Self::Yarn => {
                "where your checkout has no `node_modules`, `yarn install` there makes it, and its \
                 packages go along; where there are setup hooks (`[[setup]]`), one of them is to \
                 install them"
            }
            Self::Cargo | Self::Go | Self::Configured => {
                "what its command calls must be on the PATH, or be made by a setup hook (`[[setup]]`)"
            }
        }
    }
}

/// A module with a test suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// What the user names it by; unique without regard to case.
    pub name: String,
    /// Who knows how to test it.
    pub kind: ModuleKind,
    /// Its folder, relative to the root; empty is the root itself.
    pub folder: String,
    /// Runs all of its tests, in the root of a worktree. `{report}` in it stands for a file outside of
    /// the worktree that it is to leave results by test in (JUnit XML).
    pub command: Command,
    /// Where that leaves results by test (JUnit XML), relative to the root; `None` where it leaves
    /// none, or has `{report}`.
    pub report: Option<String>,
    /// Why it was found, in a few words.
    pub why: String,
    /// Names of the modules whose code it uses directly.
    pub depends_on: Vec<String>,
    /// Modules of one build share its products; `None` where nothing is built.
    pub build: Option<String>,
    /// Parts that can run on their own; together they run exactly what the whole does. Fewer than two
    /// where it runs as a whole only.
    pub units: Vec<Unit>,
    /// What the words of units follow.
    #[serde(default)]
    pub stem: Vec<String>,
    /// Files and folders whose change touches it; the innermost one of all modules counts.
    #[serde(default)]
    pub areas: Vec<String>,
    /// Globs whose change touches it as well.
    #[serde(default)]
    pub paths: Option<Claims>,
}

/// A part of a module's tests that can run on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// A file, a package or a target: the name under which its time is remembered.
    pub name: String,
    /// Words that [`Module::stem`] takes for it.
    pub words: Vec<String>,
    /// Its words stand beside those of no other unit in one command.
    #[serde(default)]
    pub alone: bool,
}
