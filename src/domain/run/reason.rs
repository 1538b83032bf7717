//! Why a task ended as it did.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outcome::Ending;
use crate::domain::diagnostic::{some_of, some_quoted};
use crate::domain::id::{RunId, TaskId};
use crate::domain::suite::{FailureCause, SuiteResults};
use crate::domain::task::human_size;
use crate::domain::time::{human_duration, millis};

/// Paths and other things that a sentence names.
const NAMED: usize = 3;

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
        /// What came of trying to resolve it.
        #[serde(default)]
        notes: Vec<String>,
        /// The run, for commands; older journals lack it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
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
    /// A race's check could not be started.
    CheckNotRun {
        /// Why.
        message: String,
    },
    /// The base fails the check of a race, so there is something to decide.
    Reproduced {
        /// Runs that failed.
        fails: u32,
        /// Runs.
        runs: u32,
        /// How the last one that failed ended.
        #[serde(default)]
        message: String,
    },
    /// The base passes the check of a race.
    NotReproduced {
        /// Runs that passed.
        passes: u32,
        /// Runs.
        runs: u32,
    },
    /// An arm of a race passes its check.
    Proved {
        /// Runs that passed.
        passes: u32,
        /// Runs.
        runs: u32,
    },
    /// An arm of a race does not pass its check.
    Falsified {
        /// Runs that passed.
        passes: u32,
        /// Runs.
        runs: u32,
        /// How the last one that failed ended.
        message: String,
    },
    /// Another arm of the race is proved.
    RaceDecided {
        /// Which.
        by: TaskId,
    },
    /// A module's tests passed.
    TestsPassed {
        /// How many ran; `None` where nothing was said by test.
        tests: Option<u64>,
        /// How many more were not executed.
        skipped: u64,
    },
    /// Tests of a module failed.
    TestsFailed {
        /// How many.
        failed: u64,
        /// Of how many that ran.
        tests: u64,
    },
    /// A module failed, and not by a test.
    SuiteFailed {
        /// Why.
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

impl Reason {
    /// What the tests of a module said.
    pub(super) fn of_suite(results: &SuiteResults) -> Self {
        let ran = results.tally.passed.saturating_add(results.tally.failed);
        match &results.cause {
            None => Self::TestsPassed {
                tests: results.format.map(|_| ran),
                skipped: results.tally.skipped,
            },
            Some(FailureCause::Tests { failed }) => {
                Self::TestsFailed { failed: *failed, tests: ran.max(*failed) }
            }
            Some(
                cause @ (FailureCause::Trouble { .. }
                | FailureCause::Unexplained { .. }
                | FailureCause::Ended { .. }),
            ) => Self::SuiteFailed { message: cause.to_string() },
        }
    }
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
            Self::StartConflict { between: (a, b), paths, notes, run } => {
                let run = run.as_ref().map_or_else(String::new, |run| format!(" {run}"));
                let (paths, tried) = (some_quoted(paths, NAMED), notes.join("; "));
                let tried = if tried.is_empty() { tried } else { format!(": {tried}") };
                write!(
                    f,
                    "`{a}` and `{b}`, which it starts from, conflict in {paths}{tried}; `wt-orch \
                     integrate{run} --manual` lets you resolve that and lands both, then `wt-orch \
                     retry{run}` starts it"
                )
            }
            Self::ClaimViolation { paths } => {
                write!(f, "changed paths outside its `owns`: {}", some_quoted(paths, NAMED))
            }
            Self::CarriedCommitted { paths } => write!(
                f,
                "it committed what was only brought along from your checkout and must not land: {}; \
                 to let it commit such a file, take the file out of `.worktreeinclude` and \
                 `worktree.include`; `wt-orch retry` runs it again",
                some_quoted(paths, NAMED)
            ),
            Self::NotReadOnly { paths } => {
                write!(f, "is read-only but changed {}", some_quoted(paths, NAMED))
            }
            Self::AgentChangedNothing => write!(f, "the agent ended well but changed nothing"),
            Self::Tampered { what } => write!(
                f,
                "it changed what runs programs for every worktree, which was put back: {}; where an \
                 installer does that, run it as a setup hook (`[[setup]]`)",
                some_of(what, NAMED)
            ),
            Self::WorkLost { message } => write!(f, "its work could not be committed: {message}"),
            Self::CheckFailed { message } => write!(f, "its check failed: {message}"),
            Self::CheckNotRun { message } => write!(f, "the check could not be run: {message}"),
            Self::Reproduced { fails, runs, message } => {
                write!(f, "{}: {message}", reproduced(*fails, *runs))
            }
            Self::NotReproduced { passes, runs } => f.write_str(&not_reproduced(*passes, *runs)),
            Self::Proved { passes: 1, runs: 1 } => write!(f, "passes the check"),
            Self::Proved { passes, runs } => {
                write!(f, "passed the check in {passes} of {runs} runs")
            }
            Self::Falsified { passes: 0, runs: 1, message } => {
                write!(f, "fails the check: {message}")
            }
            Self::Falsified { passes, runs, message } => {
                write!(f, "passed the check in {passes} of {runs} runs only; last: {message}")
            }
            Self::RaceDecided { by } => write!(f, "stopped because `{by}` is proved"),
            Self::TestsPassed { tests, skipped } => f.write_str(&passed_text(*tests, *skipped)),
            Self::TestsFailed { failed, tests } => {
                write!(f, "{failed} of {} failed", tests_text(*tests))
            }
            Self::SuiteFailed { message } => write!(f, "{message}"),
            Self::Dependency { task } => write!(f, "`{task}` did not succeed"),
            Self::Condition { when } => write!(f, "its condition does not hold: `{when}`"),
            Self::LeftOut { task } => {
                write!(f, "`{task}`, which it depends on, was left out by a condition")
            }
            Self::FailFast { task } => write!(f, "stopped because `{task}` failed (`fail_fast`)"),
            Self::GroupTimedOut { group, limit } => {
                let whose = group.as_ref().map_or("the run".to_owned(), |g| format!("group `{g}`"));
                write!(f, "the time of {whose} was up ({})", human_duration(*limit))
            }
            Self::Stopped => write!(f, "stopped by the user"),
        }
    }
}

fn reproduced(fails: u32, runs: u32) -> String {
    match runs {
        1 => "reproduced, the base fails the check".to_owned(),
        _ => format!("reproduced, the base failed the check in {fails} of {runs} runs"),
    }
}

fn not_reproduced(passes: u32, runs: u32) -> String {
    match runs {
        1 => "not reproduced: the base passes the check".to_owned(),
        _ => format!("not reproduced: the base passed the check in {passes} of {runs} runs"),
    }
}

/// `12 tests passed, 1 skipped`.
fn passed_text(tests: Option<u64>, skipped: u64) -> String {
    let tests = tests.map_or("its tests".to_owned(), tests_text);
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    format!("{tests} passed{skipped}")
}

fn tests_text(tests: u64) -> String {
    if tests == 1 { "1 test".to_owned() } else { format!("{tests} tests") }
}
