//! What can break while a run is carried out. Expected refusals are values of the functions that
//! meet them, not errors.

use std::io;
use std::path::PathBuf;

use crate::adapters::git::GitError;
use crate::adapters::host::control::ControlError;
use crate::adapters::host::lock::LockError;
use crate::adapters::store::StoreError;
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::run::{IllegalEvent, JournalError};

/// A situation that ends a command.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Git or libgit2.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A journal that cannot be folded.
    #[error("the journal of run `{run}` cannot be read")]
    Journal {
        /// Whose.
        run: RunId,
        /// Why.
        source: IllegalEvent,
    },
    /// An event that cannot be written.
    #[error(transparent)]
    Encode(#[from] JournalError),
    /// A lock file.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The control socket.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The file system.
    #[error("cannot {what} `{}`", path.display())]
    Io {
        /// Verb: `create`, `remove`, …
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The runtime or the signal handlers.
    #[error("cannot {what}")]
    System {
        /// Verb and object.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The worktree for validations could not be made or read.
    #[error("cannot validate: {message}")]
    ValidationWorktree {
        /// Why.
        message: String,
    },
    /// The worktree in which a conflict was resolved is in the way.
    #[error("cannot take away the worktree of a conflict: {message}")]
    ResolutionWorktree {
        /// Why.
        message: String,
    },
    /// Every port that tasks are given is in use.
    #[error("there is no free port for `{task}` between 20000 and 29999")]
    NoFreePort {
        /// Which task.
        task: TaskId,
    },
    /// Git has collected what a run begins at.
    #[error("the commit {} that run `{run}` begins at is gone from the repository", commit.short())]
    StartGone {
        /// Which run.
        run: RunId,
        /// Which commit.
        commit: Oid,
    },
    /// A worker ended without an answer: a bug.
    #[error("a worker of wt-orch ended without an answer")]
    WorkerLost,
}
