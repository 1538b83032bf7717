//! What can go wrong between us and git. Expected refusals are values elsewhere, never here.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failure of git, of libgit2 or of the files they work on.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No repository at or above the folder.
    #[error("`{}` is not in a git repository", .path.display())]
    NotARepository {
        /// Where the search began.
        path: PathBuf,
    },
    /// A repository that this program cannot serve.
    #[error("{feature} is not supported: {why}; {way_out}")]
    Unsupported {
        /// Name of the feature.
        feature: String,
        /// What stands in the way.
        why: String,
        /// What the user can do.
        way_out: String,
    },
    /// Git refuses the repository because somebody else owns it.
    #[error(
        "`{}` belongs to another user; if you trust it: git config --global --add safe.directory '{}'",
        .path.display(), .path.display()
    )]
    DubiousOwnership {
        /// The folder git named.
        path: PathBuf,
    },
    /// No `git` on the PATH.
    #[error("no `git` program on the PATH")]
    GitMissing,
    /// Another process held a lock for longer than we wait.
    #[error("`{}` exists: another git process is at work; if none is, remove that file", .path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A git command failed.
    #[error("`git {words}` failed{}: {stderr}", code_text(*.code))]
    Command {
        /// The command's words, without options that every command gets.
        words: String,
        /// Exit code; `None` when a signal ended it.
        code: Option<i32>,
        /// What it wrote on standard error, trimmed.
        stderr: String,
    },
    /// A git command that was given a limit took longer and was ended.
    #[error("`git {words}` was ended after {} s", .limit.as_secs())]
    TimedOut {
        /// The command's words.
        words: String,
        /// What it was given.
        limit: Duration,
    },
    /// Git answered in a form that it does not document.
    #[error("`git {words}` answered in an unexpected form: {what}")]
    Answer {
        /// The command's words.
        words: String,
        /// What was not understood.
        what: String,
    },
    /// libgit2 failed.
    #[error("cannot {action}: {message}")]
    Library {
        /// What was tried.
        action: &'static str,
        /// libgit2's message.
        message: String,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {action} `{}`: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Something that was just written is not what it must be.
    #[error("{what}: expected {expected}, found {found}")]
    Mismatch {
        /// Which fact was checked.
        what: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
}

impl GitError {
    /// The same failure for somebody else who met it; a system's error keeps its kind and words.
    pub(in crate::adapters) fn repeated(&self) -> Self {
        match self {
            Self::NotARepository { path } => Self::NotARepository { path: path.clone() },
            Self::Unsupported { feature, why, way_out } => Self::Unsupported {
                feature: feature.clone(),
                why: why.clone(),
                way_out: way_out.clone(),
            },
            Self::DubiousOwnership { path } => Self::DubiousOwnership { path: path.clone() },
            Self::GitMissing => Self::GitMissing,
            Self::Locked { path } => Self::Locked { path: path.clone() },
            Self::Command { words, code, stderr } => {
                Self::Command { words: words.clone(), code: *code, stderr: stderr.clone() }
            }
            Self::TimedOut { words, limit } => {
                Self::TimedOut { words: words.clone(), limit: *limit }
            }
            Self::Answer { words, what } => {
                Self::Answer { words: words.clone(), what: what.clone() }
            }
            Self::Library { action, message } => Self::Library { action, message: message.clone() },
            Self::Io { action, path, source } => {
                let source = std::io::Error::new(source.kind(), source.to_string());
                Self::Io { action, path: path.clone(), source }
            }
            Self::Mismatch { what, expected, found } => Self::Mismatch {
                what: what.clone(),
                expected: expected.clone(),
                found: found.clone(),
            },
        }
    }
}

fn code_text(code: Option<i32>) -> String {
    code.map_or_else(|| " (ended by a signal)".to_owned(), |code| format!(" (exit {code})"))
}

/// Turns an `io::Error` into [`GitError::Io`].
pub(in crate::adapters) fn io<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(std::io::Error) -> GitError + 'a {
    move |source| GitError::Io { action, path: path.to_owned(), source }
}

/// Turns libgit2's error into [`GitError::Library`].
pub(super) fn library(action: &'static str) -> impl FnOnce(git2::Error) -> GitError {
    move |error| GitError::Library { action, message: error.message().to_owned() }
}
