//! Removing worktrees of ours, and nothing else.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::checkout::{Broken, Checkout};
use super::lock::RepoLock;
use crate::adapters::git::{GitError, Progress, Repo, io, real_path};
use crate::domain::id::Oid;

/// What a removal may destroy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveMode {
    /// Nothing but ignored files.
    OnlyIfClean,
    /// Everything in the folder. The branch stays.
    Force,
}

/// What came of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum RemoveOutcome {
    /// Neither folder nor entry is there (any more).
    Removed,
    /// It is still there.
    Kept {
        /// Why.
        reason: KeptReason,
    },
}

/// Why a worktree was not removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptReason {
    /// Changed or untracked files.
    Dirty {
        /// Which.
        paths: Vec<String>,
    },
    /// A merge, rebase or the like waits for somebody.
    InProgress(Progress),
    /// HEAD is detached at a commit that no ref holds.
    Unreachable {
        /// The commit.
        commit: Oid,
    },
    /// Somebody else guards it.
    Locked {
        /// In their words.
        reason: String,
    },
    /// It cannot be told whether something would be lost.
    Broken(Broken),
    /// The main worktree, or a folder that is no worktree of this repository.
    NotOurs,
}

impl fmt::Display for KeptReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dirty { paths } => match paths.as_slice() {
                [one] => write!(f, "`{one}` is not committed"),
                [first, rest @ ..] => {
                    write!(f, "`{first}` and {} more are not committed", rest.len())
                }
                [] => f.write_str("something is not committed"),
            },
            Self::InProgress(progress) => write!(f, "a {progress} is in progress"),
            Self::Unreachable { commit } => {
                write!(f, "HEAD is detached at {}, which no branch holds", commit.short())
            }
            Self::Locked { reason } if reason.is_empty() => f.write_str("it is locked"),
            Self::Locked { reason } => write!(f, "it is locked: {reason}"),
            Self::Broken(broken) => write!(f, "{broken}"),
            Self::NotOurs => f.write_str("it is no linked worktree of this repository"),
        }
    }
}

/// Locks with a reason that starts so are ours.
const OUR_LOCK: &str = "wt-orch";

/// Removes a linked worktree: its folder and git's entry, also when one of them is gone already. Its
/// branch stays. Removing what is not there succeeds.
///
/// # Errors
/// A file cannot be deleted, or the worktrees cannot be read.
pub fn remove(repo: &Repo, path: &Path, mode: RemoveMode) -> Result<RemoveOutcome, GitError> {
    let path = real_path(path);
    let _lock = RepoLock::acquire(repo)?;
    let outcome = plan_removal(repo, &path, mode)?;
    if outcome == RemoveOutcome::Removed {
        discard(repo, &path)?;
    }
    Ok(outcome)
}

/// What [`remove`] would come to now. Nothing is changed.
///
/// # Errors
/// The worktrees cannot be read.
pub fn plan_removal(repo: &Repo, path: &Path, mode: RemoveMode) -> Result<RemoveOutcome, GitError> {
    let path = real_path(path);
    let there = path.symlink_metadata().is_ok();
    let kept = |reason| Ok(RemoveOutcome::Kept { reason });
    let Some(info) = repo.worktree_at(&path)? else {
        return if there { kept(KeptReason::NotOurs) } else { Ok(RemoveOutcome::Removed) };
    };
    let holds_repository = repo.common_dir().starts_with(&path);
    if info.git_dir.as_deref() == Some(repo.common_dir()) || holds_repository {
        return kept(KeptReason::NotOurs);
    }
    if mode == RemoveMode::OnlyIfClean {
        if let Some(reason) = info.locked.filter(|reason| !reason.starts_with(OUR_LOCK)) {
            return kept(KeptReason::Locked { reason });
        }
        if let Some(reason) = objection(repo, &path)? {
            return kept(reason);
        }
    }
    Ok(RemoveOutcome::Removed)
}

/// What would be lost.
fn objection(repo: &Repo, path: &Path) -> Result<Option<KeptReason>, GitError> {
    let checkout = Checkout::at(repo, path)?;
    let state = checkout.state()?;
    if let Some(progress) = state.in_progress {
        return Ok(Some(KeptReason::InProgress(progress)));
    }
    if !state.is_clean() {
        let paths = state.dirty.into_iter().chain(state.untracked).collect();
        return Ok(Some(KeptReason::Dirty { paths }));
    }
    match state.broken {
        None | Some(Broken::FolderGone | Broken::GitFileGone) => {}
        Some(broken @ (Broken::EntryGone | Broken::PointsElsewhere)) => {
            return Ok(Some(KeptReason::Broken(broken)));
        }
    }
    if let (Some(commit), None) = (state.head, &state.branch) {
        let command = repo.git("for-each-ref").args(["--count=1", "--contains"]);
        if command.arg(commit.to_string()).text()?.is_empty() {
            return Ok(Some(KeptReason::Unreachable { commit }));
        }
    }
    Ok(None)
}

/// Deletes the folder and git's entry without asking; needs the repository's lock.
pub(super) fn discard(repo: &Repo, path: &Path) -> Result<(), GitError> {
    let info = repo.worktree_at(path)?;
    let admin = info.and_then(|info| info.git_dir).filter(|dir| dir != repo.common_dir());
    // Without an entry the folder is not ours to delete.
    if let Some(admin) = admin {
        remove_tree(path)?;
        remove_tree(&admin)?;
    }
    // Git drops the folder with its last entry, too; not empty means there are more.
    let _emptied = std::fs::remove_dir(repo.common_dir().join("worktrees")).is_ok();
    Ok(())
}

/// Deletes a folder with everything in it, also below folders without permissions.
pub(super) fn remove_tree(path: &Path) -> Result<(), GitError> {
    let attempt = || match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result,
    };
    match attempt() {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            open_folders(path.to_owned());
            attempt().map_err(io("delete", path))
        }
        result => result.map_err(io("delete", path)),
    }
}

fn open_folders(top: PathBuf) {
    let mut folders = vec![top];
    while let Some(folder) = folders.pop() {
        // What cannot be opened is named by the attempt that follows.
        let _opened = std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).is_ok();
        let Ok(entries) = folder.read_dir() else { continue };
        let below =
            entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(below.map(|entry| entry.path()));
    }
}
