//! How provisioning, attempts and tasks end.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agent_report::AgentReport;
use super::shortage::Shortage;
use crate::domain::id::TaskId;
use crate::domain::task::human_size;
use crate::domain::time::{human_duration, millis};

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

/// Why a task ended as it did: facts, with one sentence for people by `Display`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Reason {
    /// All was well and paths changed.
    Changed {
        /// How many.
        paths: usize,
    },
    /// All was well and there was nothing to commit.
    ChangedNothing,
    /// The command's own exit code.
    ExitCode {
        /// Not 0.
        code: i32,
    },
    /// The command was killed by a signal that wt-orch did not send.
    Signal {
        /// Its number.
        signal: i32,
    },
    /// Its time ran out.
    TimedOut {
        /// The limit.
        #[serde(with = "millis")]
        limit: Duration,
    },
    /// All of it together held more memory than it may.
    OutOfMemory {
        /// The limit, bytes.
        limit: u64,
    },
    /// It neither wrote nor computed for too long.
    Stalled {
        /// The limit.
        #[serde(with = "millis")]
        limit: Duration,
    },
    /// Its model's provider asked for fewer calls.
    RateLimited {
        /// What it said.
        said: String,
    },
    /// An agent whose last word was that it failed, whatever its exit code.
    AgentReportedError {
        /// What it said.
        said: String,
    },
    /// It could not be started.
    SpawnFailed {
        /// Why.
        message: String,
    },
    /// Its worktree could not be made.
    ProvisionFailed {
        /// Why.
        message: String,
    },
    /// A setup hook did not end well.
    SetupFailed {
        /// Which.
        hook: String,
        /// How it ended.
        ending: Ending,
        /// Where its output is.
        log: String,
    },
    /// Its worktree could not be set up.
    NotSetUp {
        /// Why.
        message: String,
    },
    /// What it depends on cannot be merged.
    StartConflict {
        /// The pair that conflicts.
        between: (TaskId, TaskId),
        /// Where.
        paths: Vec<String>,
    },
    /// It changed paths outside `owns`.
    ClaimViolation {
        /// Those paths.
        paths: Vec<String>,
    },
    /// It committed files that were only brought from the user's checkout.
    CarriedCommitted {
        /// Which.
        paths: Vec<String>,
    },
    /// It changed something although it is read-only.
    NotReadOnly {
        /// What.
        paths: Vec<String>,
    },
    /// An agent that changed nothing.
    AgentChangedNothing,
    /// It changed what runs programs outside its worktree.
    Tampered {
        /// What, all of which was put back.
        what: Vec<String>,
    },
    /// Its work could not be committed or found.
    WorkLost {
        /// What was found instead.
        message: String,
    },
    /// Its check did not pass.
    CheckFailed {
        /// How the check ended.
        message: String,
    },
    /// Something it depends on did not succeed.
    Dependency {
        /// Which.
        task: TaskId,
    },
    /// Its condition does not hold.
    Condition {
        /// The condition.
        when: String,
    },
    /// A condition left out something it depends on.
    LeftOut {
        /// Which.
        task: TaskId,
    },
    /// Another task failed, and the run or their group is to fail fast.
    FailFast {
        /// Which.
        task: TaskId,
    },
    /// The time of its group, or of the run, was up.
    GroupTimedOut {
        /// The group; `None` means the run.
        group: Option<String>,
        /// The limit.
        #[serde(with = "millis")]
        limit: Duration,
    },
    /// The user stopped it.
    Stopped,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { paths: 1 } => write!(f, "changed 1 path"),
            Self::Changed { paths } => write!(f, "changed {paths} paths"),
            Self::ChangedNothing => write!(f, "changed nothing"),
            Self::ExitCode { code } => write!(f, "{}", Ending::Code { code: *code }),
            Self::Signal { signal } => write!(f, "killed by signal {signal}"),
            Self::TimedOut { limit } => {
                write!(f, "stopped after its timeout of {}", human_duration(*limit))
            }
            Self::OutOfMemory { limit } => {
                let limit = human_size(*limit);
                write!(f, "its processes held more than its memory_limit of {limit}")
            }
            Self::Stalled { limit } => {
                write!(f, "stopped after {} without output or work", human_duration(*limit))
            }
            Self::RateLimited { said } => write!(f, "its provider limits the rate: {said}"),
            Self::AgentReportedError { said } => write!(f, "the agent says that it failed: {said}"),
            Self::SpawnFailed { message } => write!(f, "could not be started: {message}"),
            Self::ProvisionFailed { message } => {
                write!(f, "its worktree could not be made: {message}")
            }
            Self::SetupFailed { hook, ending, log } => {
                write!(f, "its setup hook `{hook}` failed: {ending}; its output is in {log}")
            }
            Self::NotSetUp { message } => write!(f, "its worktree could not be set up: {message}"),
            Self::StartConflict { between: (a, b), paths } => {
                write!(f, "`{a}` and `{b}`, which it starts from, conflict in {}", listed(paths))
            }
            Self::ClaimViolation { paths } => {
                write!(f, "changed paths outside its `owns`: {}", listed(paths))
            }
            Self::CarriedCommitted { paths } => write!(
                f,
                "it committed what was only brought along from your checkout and must not land: {}; \
                 to let it commit such a file, take the file out of `.worktreeinclude` and \
                 `worktree.include`; `wt-orch retry` runs it again",
                listed(paths)
            ),
            Self::NotReadOnly { paths } => {
                write!(f, "is read-only but changed {}", listed(paths))
            }
            Self::AgentChangedNothing => write!(f, "the agent ended well but changed nothing"),
            Self::Tampered { what } => write!(
                f,
                "it changed what runs programs for every worktree, which was put back: {}; where an \
                 installer does that, run it as a setup hook (`[[setup]]`)",
                some_of(what)
            ),
            Self::WorkLost { message } => write!(f, "its work could not be committed: {message}"),
            Self::CheckFailed { message } => write!(f, "its check failed: {message}"),
            Self::Dependency { task } => write!(f, "`{task}` did not succeed"),
            Self::Condition { when } => write!(f, "its condition does not hold: `{when}`"),
            Self::LeftOut { task } => {
                write!(f, "`{task}`, which it depends on, was left out by a condition")
            }
            Self::FailFast { task } => write!(f, "stopped because `{task}` failed (`fail_fast`)"),
            Self::GroupTimedOut { group: Some(group), limit } => {
                write!(f, "the time of group `{group}` was up ({})", human_duration(*limit))
            }
            Self::GroupTimedOut { group: None, limit } => {
                write!(f, "the time of the run was up ({})", human_duration(*limit))
            }
            Self::Stopped => write!(f, "stopped by the user"),
        }
    }
}

/// The first few of a list of paths.
fn listed(paths: &[String]) -> String {
    let quoted: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    some_of(&quoted)
}

/// The first few of a list.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names[..names.len().min(SHOWN)].join(", ") + &more
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
    },
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
