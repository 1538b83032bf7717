//! Why a command could not do what was asked: what is printed, and the exit code.

use std::path::Path;

use crate::adapters::git::GitError;
use crate::adapters::host::shortage::shortage_of;
use crate::adapters::store::StoreError;
use crate::config::ConfigError;
use crate::domain::diagnostic::{Diagnostic, Severity};
use crate::domain::id::RunId;
use crate::domain::plan::GateCycle;
use crate::domain::report::shell_word;
use crate::domain::run::{IllegalEvent, JournalError, Shortage};
use crate::engine::EngineError;

use super::exit::Exit;

/// A refusal, a mistake in the input, or a breakage.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    /// Stable name for `--json`.
    pub(super) code: &'static str,
    /// One sentence without a final stop.
    pub(super) message: String,
    pub(super) causes: Vec<String>,
    /// The way out.
    pub(super) hint: Option<String>,
    /// Files to be drawn with their problems.
    pub(super) files: Vec<ProblemFile>,
}

/// A file that could not be accepted.
#[derive(Debug)]
pub(super) struct ProblemFile {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) problems: Vec<Diagnostic>,
}

impl Failure {
    fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        let (causes, files) = (Vec::new(), Vec::new());
        Self { exit, code, message: message.into(), causes, hint: None, files }
    }

    /// Exit 4.
    pub(super) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, code, message)
    }

    /// Exit 2.
    pub(super) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, code, message)
    }

    /// Exit 3.
    pub(super) fn not_landed(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::NotLanded, code, message)
    }

    /// The way out.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Files that could not be accepted.
    pub(super) fn invalid(code: &'static str, files: Vec<ProblemFile>) -> Self {
        let told: Vec<String> = files
            .iter()
            .map(|file| {
                let errors = file.problems.iter().filter(|p| p.severity == Severity::Error);
                let count = errors.clone().count();
                let noun = if count == 1 { "error" } else { "errors" };
                let first = errors.map(|problem| problem.message.as_str()).next().unwrap_or("");
                format!("`{}` has {count} {noun}: {first}", file.name)
            })
            .collect();
        Self { files, ..Self::usage(code, told.join("; ")) }
            .hint("`problems` lists each with its line and column")
    }

    /// No run of this name.
    pub(super) fn unknown_run(name: &str) -> Self {
        Self::refused("unknown_run", format!("there is no run `{name}` in this repository"))
            .hint("`wt-orch status --all` lists the runs")
    }

    /// Another process drives the run.
    pub(super) fn busy(run: &RunId, pid: Option<u32>) -> Self {
        let by = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        Self::refused("busy", format!("another wt-orch{by} is at work on run `{run}`"))
            .hint(format!("wait for it, or stop it with `wt-orch abort {run}`"))
    }

    /// The message with its causes.
    pub(super) fn sentence(&self) -> String {
        let message = std::iter::once(&self.message);
        message.chain(&self.causes).map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    pub(super) fn caused(mut self, error: &dyn std::error::Error) -> Self {
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !self.message.contains(&text) && !self.causes.contains(&text) {
                self.causes.push(text);
            }
            source = cause.source();
        }
        self
    }

    /// The way out where the machine had no room for something, unless one is given already.
    fn in_want(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        if self.hint.is_none() {
            self.hint = shortage_of(error).and_then(Shortage::remedy).map(str::to_owned);
        }
        self
    }

    /// Of a run that was under way: what is stored of it goes on when the cause is gone.
    pub(crate) fn of_a_stopped_run(mut self, run: &RunId) -> Self {
        if self.exit == Exit::Refused {
            self.exit = Exit::Interrupted;
            let way = format!("`wt-orch resume {run}` goes on when that is settled");
            self.hint = Some(match self.hint {
                Some(hint) => format!("{hint}; {way}"),
                None => way,
            });
        }
        self
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let text = error.to_string();
        let failure = match &error {
            GitError::NotARepository { .. } => Self::refused("not_a_repository", text)
                .hint("run wt-orch inside a git repository, or name one with `-C DIR`"),
            GitError::Unsupported { feature, why, way_out } => Self::refused(
                "unsupported_repository",
                format!("this repository uses {feature}, which wt-orch cannot serve: {why}"),
            )
            .hint(way_out.clone()),
            GitError::DubiousOwnership { path } => {
                let path = path.display();
                Self::refused("dubious_ownership", format!("`{path}` belongs to another user"))
                    .hint(format!(
                        "if you trust it: `git config --global --add safe.directory '{path}'`"
                    ))
            }
            GitError::GitMissing => {
                Self::refused("git_missing", text).hint("install git 2.38 or newer")
            }
            GitError::Locked { path } => {
                Self::refused("locked", format!("another git process holds `{}`", path.display()))
                    .hint("wait for it; if none is at work, delete that file")
            }
            GitError::Command { .. }
            | GitError::TimedOut { .. }
            | GitError::Answer { .. }
            | GitError::Library { .. }
            | GitError::Io { .. }
            | GitError::Mismatch { .. } => Self::refused("git_failed", text),
        };
        failure.caused(&error).in_want(&error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::NewerSchema { .. } => "newer_database",
            StoreError::Corrupt { .. } | StoreError::Foreign { .. } => "damaged_database",
            StoreError::Busy { .. }
            | StoreError::Full { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::Access { .. }
            | StoreError::Folder { .. }
            | StoreError::SequenceGap { .. }
            | StoreError::UnknownRun { .. }
            | StoreError::UnknownOperation { .. }
            | StoreError::Statement { .. } => "database",
        };
        let failure = Self::refused(code, error.to_string()).caused(&error).in_want(&error);
        match database_way_out(&error).filter(|_| failure.hint.is_none()) {
            Some(way) => failure.hint(way),
            None => failure,
        }
    }
}

/// What to do about a database that cannot be used, where its message does not say it yet.
pub(super) fn database_way_out(error: &StoreError) -> Option<String> {
    let word = |path: &Path| shell_word(&path.to_string_lossy());
    match error {
        StoreError::Corrupt { path, .. } => {
            let beside = word(&path.with_extension("damaged"));
            Some(format!("`mkdir {beside} && mv {}* {beside}`", word(path)))
        }
        StoreError::Foreign { path, .. } => {
            let word = word(path);
            Some(format!("`mv {word} {word}.foreign`"))
        }
        StoreError::Access { path, .. }
        | StoreError::Folder { path, .. }
        | StoreError::ReadOnly { path } => {
            Some(format!("`ls -ld {}` shows what is there", word(path)))
        }
        StoreError::Full { path } => Some(format!("`df -h {}` shows how full it is", word(path))),
        StoreError::Busy { .. } => Some("try again when that has ended".to_owned()),
        StoreError::NewerSchema { .. }
        | StoreError::SequenceGap { .. }
        | StoreError::UnknownRun { .. }
        | StoreError::UnknownOperation { .. }
        | StoreError::Statement { .. } => None,
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Git(error) => error.into(),
            EngineError::Store(error) => error.into(),
            EngineError::Journal {
                source: IllegalEvent::Journal(JournalError::Newer { .. }),
                ..
            } => Self::refused("newer_journal", error.to_string())
                .hint("a newer wt-orch wrote it; use that one")
                .caused(&error),
            EngineError::Journal { ref run, .. } => {
                Self::refused("damaged_journal", error.to_string())
                    .hint(format!("`wt-orch clean {run} --force` forgets the run"))
                    .caused(&error)
            }
            EngineError::StartGone { ref run, .. } => Self::refused(
                "start_gone",
                error.to_string(),
            )
            .hint(format!(
                "the command that began the run makes the commit again, in a new one; if this one \
                     is not over, `wt-orch abort {run}` gives it up"
            )),
            EngineError::WorkerLost => Self::new(Exit::Bug, "bug", error.to_string()),
            EngineError::Encode(_)
            | EngineError::Lock(_)
            | EngineError::Control(_)
            | EngineError::Io { .. }
            | EngineError::System { .. }
            | EngineError::NoFreePort { .. }
            | EngineError::ResolutionWorktree { .. }
            | EngineError::ValidationWorktree { .. } => {
                Self::refused("failed", error.to_string()).caused(&error).in_want(&error)
            }
        }
    }
}

impl From<GateCycle> for Failure {
    fn from(cycle: GateCycle) -> Self {
        Self::usage("gate_cycle", cycle.to_string())
            .hint("a task must not depend on a task of a later phase when a gate stands between")
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Invalid { problems } => {
                let files = problems.into_iter().map(|file| ProblemFile {
                    name: file.name,
                    text: file.text,
                    problems: file.diagnostics,
                });
                Self::invalid("invalid_config", files.collect())
            }
            ConfigError::Unreadable { .. }
            | ConfigError::TooLarge { .. }
            | ConfigError::NotText { .. } => Self::usage("unreadable_config", error.to_string()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let causes = error.chain().skip(1).map(ToString::to_string).collect();
        Self { causes, ..Self::refused("failed", error.to_string()) }.in_want(error.as_ref())
    }
}
