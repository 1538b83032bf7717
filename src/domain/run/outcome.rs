//! How provisioning, attempts and tasks end.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agent_report::AgentReport;
use super::shortage::Shortage;
use crate::domain::id::TaskId;
use crate::domain::time::millis;

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Exit 0 within its limits, check passed, claims kept.
    Succeeded,
    /// Anything else that is the task's own doing.
    Failed,
    /// Its time ran out.
    TimedOut,
    /// The user stopped it.
    Cancelled,
    /// It never started: something it needs did not succeed.
    Skipped,
}

impl Outcome {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// Why a worktree could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "failure")]
pub enum ProvisionFailure {
    /// The tips it starts from conflict.
    StartConflict {
        /// The pair.
        between: (TaskId, TaskId),
        /// Where.
        paths: Vec<String>,
        /// What came of trying to resolve it, in sentences; empty where nobody tried.
        #[serde(default)]
        notes: Vec<String>,
    },
    /// It was to stop before its start was known.
    Stopped,
    /// There was no room for it.
    Short {
        /// Of what.
        shortage: Shortage,
        /// What was missing, as one sentence.
        message: String,
    },
    /// Anything else, as one sentence with the way out.
    Other {
        /// The sentence.
        message: String,
    },
}

impl ProvisionFailure {
    /// What there was no room for.
    pub fn shortage(&self) -> Option<Shortage> {
        match self {
            Self::Short { shortage, .. } => Some(*shortage),
            Self::StartConflict { .. } | Self::Stopped | Self::Other { .. } => None,
        }
    }
}

/// A process that can be recognised after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessStamp {
    /// Process id, also the id of its group.
    pub pid: u32,
    /// Start time in clock ticks since boot; 0 where unknown.
    pub start_time: u64,
    /// Boot it belongs to.
    pub boot_id: String,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ending")]
pub enum Ending {
    /// By itself, with an exit code.
    Code {
        /// 0 to 255.
        code: i32,
    },
    /// By a signal that wt-orch did not send.
    Signal {
        /// Its number.
        signal: i32,
    },
    /// wt-orch stopped it at its time limit.
    TimedOut,
    /// wt-orch stopped it because it did nothing for too long.
    Stalled,
    /// wt-orch stopped it for the user.
    Stopped,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code { code: 127 } => write!(f, "exit code 127 (command not found)"),
            Self::Code { code } => write!(f, "exit code {code}"),
            Self::Signal { signal } => write!(f, "signal {signal}"),
            Self::TimedOut => write!(f, "timed out"),
            Self::Stalled => write!(f, "stalled"),
            Self::Stopped => write!(f, "stopped"),
        }
    }
}

/// What a process used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Wall-clock time.
    #[serde(with = "millis")]
    pub wall: Duration,
    /// Processor time, user and system, of it and its children.
    #[serde(with = "millis")]
    pub cpu: Duration,
    /// Most memory resident in its processes at once, bytes: in all of them together as far as that
    /// was seen, else in the largest one. 0: not known.
    pub peak_rss: u64,
    /// Bytes read from disks, as far as it was seen; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<u64>,
    /// Bytes written to disks, as far as it was seen; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_bytes: Option<u64>,
    /// Most processes at once, as far as it was seen; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
}

impl Usage {
    /// Takes in what another command used.
    pub(in crate::domain) fn add(&mut self, other: &Self) {
        let sum = |one: Option<u64>, other: Option<u64>| {
            one.map_or(other, |one| Some(one.saturating_add(other.unwrap_or(0))))
        };
        self.wall = self.wall.checked_add(other.wall).unwrap_or(Duration::MAX);
        self.cpu = self.cpu.checked_add(other.cpu).unwrap_or(Duration::MAX);
        self.peak_rss = self.peak_rss.max(other.peak_rss);
        self.read_bytes = sum(self.read_bytes, other.read_bytes);
        self.written_bytes = sum(self.written_bytes, other.written_bytes);
        self.processes = self.processes.max(other.processes);
    }
}

/// The end of one supervised command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEnd {
    /// How.
    pub ending: Ending,
    /// At what cost.
    pub usage: Usage,
    /// Somebody still held its output open after it had ended.
    pub leaked_output: bool,
    /// Processes that outlived it and were killed.
    pub leaked_processes: u32,
    /// It was ended because all of it together held more memory than it may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub out_of_memory: bool,
    /// Its last lines of output, control characters made harmless.
    pub last_lines: Vec<String>,
    /// What did not go as it should without being the command's doing: output that could not be
    /// written, processes that could not be ended.
    #[serde(default)]
    pub trouble: Vec<String>,
    /// What the agent says of its work; `None` for plain commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Box<AgentReport>>,
}

/// How a path changed between two commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathChange {
    /// Path relative to the root of the repository.
    pub path: String,
    /// The kind.
    pub change: ChangeKind,
}

/// Kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Was not there before.
    Added,
    /// Is not there any more.
    Deleted,
    /// Content, mode or type differ.
    Modified,
}
