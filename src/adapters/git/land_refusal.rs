//! Why a worktree cannot follow its branch, and the command that clears it.

use std::fmt;
use std::path::{Path, PathBuf};

use super::progress::Progress;
use crate::domain::id::Oid;
use crate::domain::report::shell_word;

/// A worktree that cannot follow its branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandRefusal {
    /// Which.
    pub worktree: PathBuf,
    /// Why.
    pub reason: RefusedReason,
    /// One shell command that clears it.
    pub resolve: String,
}

impl LandRefusal {
    pub(super) fn new(worktree: &Path, reason: RefusedReason) -> Self {
        let at = word(worktree);
        let listed = |paths: &[String]| {
            let words: Vec<String> = paths.iter().map(|path| shell_word(path)).collect();
            words.join(" ")
        };
        let resolve = match &reason {
            RefusedReason::InProgress(Progress::Bisect) => format!("git -C {at} bisect reset"),
            RefusedReason::InProgress(progress) => {
                format!("git -C {at} {} --continue", progress.command())
            }
            RefusedReason::Unmerged { paths } => format!("git -C {at} add -- {}", listed(paths)),
            RefusedReason::Dirty { paths } => {
                format!("git -C {at} stash push -- {}", listed(paths))
            }
            RefusedReason::Untracked { paths } => {
                format!("git -C {at} stash push --all -- {}", listed(paths))
            }
            // Deleting it under a git that is at work would damage the index.
            RefusedReason::IndexLocked { path } => {
                format!("while [ -e {0} ]; do sleep 1; done", word(path))
            }
            // The branch is free then, whatever the worktree goes on to.
            RefusedReason::Switching => format!("git -C {at} switch --detach"),
            RefusedReason::CheckedOutTwice { other } => {
                format!("git -C {} switch --detach", word(other))
            }
            RefusedReason::CheckedOut { at: commit } => {
                format!("git -C {at} checkout --detach {}", commit.short())
            }
        };
        Self { worktree: worktree.to_owned(), reason, resolve }
    }
}

/// Why a worktree cannot follow its branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusedReason {
    /// A merge, rebase or the like waits for the user.
    InProgress(Progress),
    /// Conflicts wait for the user, of a `git stash pop` for one.
    Unmerged {
        /// Where.
        paths: Vec<String>,
    },
    /// Files that the landing would change differ from the commit.
    Dirty {
        /// Which.
        paths: Vec<String>,
    },
    /// Files that are not tracked, ignored ones too, lie where the landing would write.
    Untracked {
        /// Which.
        paths: Vec<String>,
    },
    /// Another git holds the index.
    IndexLocked {
        /// Its lock.
        path: PathBuf,
    },
    /// A second worktree has the branch, too.
    CheckedOutTwice {
        /// Which.
        other: PathBuf,
    },
    /// Whenever it was to be moved, the worktree that had it was at something else by then.
    Switching,
    /// It is to be made or deleted under the worktree that has it.
    CheckedOut {
        /// Where the worktree can stay.
        at: Oid,
    },
}

impl fmt::Display for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = |paths: &[String]| match paths {
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
            [] => "something".to_owned(),
        };
        match self {
            Self::InProgress(progress) => write!(f, "a {progress} is in progress"),
            Self::Unmerged { paths } => write!(f, "conflicts in {} are not resolved", first(paths)),
            Self::Dirty { paths } => {
                write!(f, "uncommitted changes in {} would be overwritten", first(paths))
            }
            Self::Untracked { paths } => {
                write!(f, "untracked {} would be overwritten", first(paths))
            }
            Self::IndexLocked { path } => write!(f, "another git holds {}", path.display()),
            Self::CheckedOutTwice { other } => {
                write!(f, "the branch is checked out in {} as well", other.display())
            }
            Self::Switching => {
                f.write_str("what is checked out there changed again and again meanwhile")
            }
            Self::CheckedOut { .. } => {
                f.write_str("a branch that is checked out is neither made nor deleted")
            }
        }
    }
}

fn word(path: &Path) -> String {
    shell_word(&path.display().to_string())
}
