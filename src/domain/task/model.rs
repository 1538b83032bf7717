//! The types of a valid tasks file.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttemptRules, Claims, FailFast, Pattern, RaceSet, SetupHook, TimeLimits};
use crate::domain::id::TaskId;

/// Time after which an attempt is stopped when neither task nor settings say otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);

/// Roles a task may name without declaring them (second seed's list).
pub const PERSONAS: [&str; 10] = [
    "agent",
    "analyzer",
    "backend",
    "data_engineer",
    "devops",
    "frontend",
    "performance",
    "qa",
    "refactorer",
    "security",
];

/// A valid tasks file: ids unique, dependencies known and without a cycle.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TaskSet {
    /// `name`, as written.
    pub name: Option<String>,
    /// `base`, a revision; `None` means HEAD.
    pub base: Option<String>,
    /// Tasks in the order of the file.
    pub tasks: Vec<Task>,
    /// Gates in the order of the file.
    pub gates: Vec<Gate>,
    /// Validations in the order of the file.
    pub validations: Vec<Validation>,
    /// Setup hooks in the order of the file.
    pub setup: Vec<SetupHook>,
    /// `fail_fast` of the file and of its groups.
    #[serde(default)]
    pub fail_fast: FailFast,
    /// `run_timeout` of the file and `timeout` of its groups.
    #[serde(default)]
    pub time_limits: TimeLimits,
    /// `[race]` and its hypotheses, which `split` does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<RaceSet>,
}

/// Unit of work the user declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Unique without regard to case.
    pub id: TaskId,
    /// One line for people.
    pub title: Option<String>,
    /// What runs.
    pub work: Work,
    /// Tasks whose tips this one starts from.
    pub depends_on: Vec<TaskId>,
    /// Globs the task may write; `None` means unrestricted.
    pub owns: Option<Claims>,
    /// Globs the task reads.
    pub reads: Vec<String>,
    /// The task must change nothing; its stdout is its result.
    pub read_only: bool,
    /// The user's guess of its duration.
    pub estimate: Option<Duration>,
    /// Tie-breaker among ready tasks.
    pub priority: Priority,
    /// Phase the task belongs to.
    pub phase: Option<String>,
    /// Exclusive shared things: a port, a schema, a device.
    pub locks: Vec<String>,
    /// What it asks of the host.
    pub demand: Demand,
    /// An attempt is stopped after this time.
    #[serde(with = "crate::domain::time::millis")]
    pub timeout: Duration,
    /// Further attempts after a failed one.
    pub retries: u32,
    /// When an attempt ends early, and which failures are tried again.
    #[serde(default, skip_serializing_if = "AttemptRules::is_plain")]
    pub rules: AttemptRules,
    /// Shell command that must pass on the committed tip, in the task's own worktree.
    pub check: Option<String>,
    /// Added to the environment.
    pub env: BTreeMap<String, String>,
    /// The item it was made for, its group, its condition.
    #[serde(default, skip_serializing_if = "Pattern::is_plain")]
    pub pattern: Pattern,
}

/// What a task runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Work {
    /// A plain command.
    Command {
        /// The command.
        command: Command,
        /// Text available as `{prompt}`.
        prompt: Option<String>,
    },
    /// A coding agent; exit code 0 alone proves nothing.
    Agent {
        /// Name of the preset.
        preset: String,
        /// Text given to it.
        prompt: String,
        /// Role.
        persona: Option<String>,
    },
    /// Nothing: what it begins with is what is tried.
    Given,
    /// A gate that the planner inserted: runs on the merge of what it depends on.
    Gate {
        /// The command.
        command: Command,
    },
}

impl Work {
    /// Whether this is a coding agent.
    pub fn is_agent(&self) -> bool {
        matches!(self, Self::Agent { .. })
    }

    /// Whether the planner inserted it.
    pub fn is_gate(&self) -> bool {
        matches!(self, Self::Gate { .. })
    }
}

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Given to `sh -c` unchanged.
    Shell(String),
    /// Program and arguments; `{id}` and the like are filled in.
    Argv(Vec<String>),
}

impl Command {
    /// One line for people.
    pub fn display(&self) -> String {
        match self {
            Self::Shell(text) => text.clone(),
            Self::Argv(words) => words.join(" "),
        }
    }
}

/// What a task asks of the host while it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// Cores it keeps busy.
    pub cpus: f64,
    /// Bytes; 0 means unknown.
    pub memory: u64,
    /// Countable things by name, such as `gpu = 1`.
    pub uses: BTreeMap<String, u32>,
}

/// Tie-breaker among ready tasks. Orders from least to most urgent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Last.
    Low,
    /// The default.
    #[default]
    Medium,
    /// First.
    High,
}

/// Validation of the merge of a phase's tips before later phases start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// A phase that some task has.
    pub after: String,
    /// Shell command.
    pub run: String,
    /// Stopped after this time.
    #[serde(with = "crate::domain::time::millis")]
    pub timeout: Duration,
}

/// Command that must pass on the merged state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// Shown in reports; unique.
    pub name: String,
    /// Shell command.
    pub run: String,
    /// Where it leaves results by test (JUnit XML), relative to the root.
    pub report: Option<String>,
    /// Shell command that runs chosen tests alone: `{tests}` stands for their names.
    #[serde(default)]
    pub rerun: Option<String>,
    /// Exclusive shared things, as of tasks: validations with one in common never run at once.
    #[serde(default)]
    pub locks: Vec<String>,
    /// Whether a tree that passed passes again without being run.
    #[serde(default = "yes")]
    pub cache: bool,
    /// When its runs are a pass. No key of a tasks file.
    #[serde(default)]
    pub pass: PassRule,
    /// Stopped after this time.
    #[serde(with = "crate::domain::time::millis")]
    pub timeout: Duration,
}

/// When the runs of a validation are a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum PassRule {
    /// What fails on the target as well is excused.
    #[default]
    NoWorseThanTarget,
    /// It must pass itself; the target, which may well fail it, is not asked.
    Outright {
        /// Runs at most, 1 or more.
        runs: u32,
        /// How many of them must pass; from 1 to `runs`.
        need: u32,
    },
}

fn yes() -> bool {
    true
}
