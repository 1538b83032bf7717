//! Where HEAD is, and what is half done there.

use std::fmt;
use std::path::Path;

use super::error::{GitError, library};
use super::oid::from_git2;
use super::repo::Repo;
use crate::domain::id::Oid;

/// HEAD of one worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// On a branch with commits.
    Branch {
        /// Name without `refs/heads/`.
        name: String,
        /// Its commit.
        tip: Oid,
    },
    /// On a branch that does not exist yet.
    Unborn {
        /// Name without `refs/heads/`.
        name: String,
    },
    /// On a commit.
    Detached {
        /// The commit.
        tip: Oid,
    },
}

impl Head {
    /// The commit, `None` when unborn.
    pub fn tip(&self) -> Option<Oid> {
        match self {
            Self::Branch { tip, .. } | Self::Detached { tip } => Some(*tip),
            Self::Unborn { .. } => None,
        }
    }

    /// The branch's name, `None` when detached.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Branch { name, .. } | Self::Unborn { name } => Some(name),
            Self::Detached { .. } => None,
        }
    }
}

/// An operation of git's that waits for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// `git merge`.
    Merge,
    /// `git rebase` or `git am`.
    Rebase,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`.
    Revert,
    /// `git bisect`.
    Bisect,
}

impl Progress {
    /// The git subcommand.
    pub fn command(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Rebase => "rebase",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
            Self::Bisect => "bisect",
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.command())
    }
}

/// What is half done in the worktree whose git directory this is. Reads the files git keeps there.
pub fn in_progress(git_dir: &Path) -> Option<Progress> {
    let has = |name: &str| git_dir.join(name).symlink_metadata().is_ok();
    if has("rebase-merge") || has("rebase-apply") {
        Some(Progress::Rebase)
    } else if has("MERGE_HEAD") {
        Some(Progress::Merge)
    } else if has("REVERT_HEAD") {
        Some(Progress::Revert)
    } else if has("CHERRY_PICK_HEAD") || has("sequencer") {
        Some(Progress::CherryPick)
    } else if has("BISECT_LOG") {
        Some(Progress::Bisect)
    } else {
        None
    }
}

impl Repo {
    /// HEAD of the worktree stood in.
    ///
    /// # Errors
    /// HEAD or the ref it names cannot be read.
    pub fn head(&self) -> Result<Head, GitError> {
        head_of(&self.standing()?)
    }

    /// HEAD of the worktree whose git directory this is.
    pub(in crate::adapters) fn head_at(&self, git_dir: &Path) -> Result<Head, GitError> {
        head_of(&git2::Repository::open(git_dir).map_err(library("open the worktree"))?)
    }
}

fn head_of(repo: &git2::Repository) -> Result<Head, GitError> {
    let head = repo.find_reference("HEAD").map_err(library("read HEAD"))?;
    let Some(target) = head.symbolic_target_bytes() else {
        let tip = head.peel_to_commit().map_err(library("read HEAD"))?;
        return Ok(Head::Detached { tip: from_git2(tip.id()) });
    };
    let full = String::from_utf8_lossy(target).into_owned();
    let name = full.strip_prefix("refs/heads/").unwrap_or(&full).to_owned();
    match repo.find_reference(&full).and_then(|branch| branch.peel_to_commit()) {
        Ok(tip) => Ok(Head::Branch { name, tip: from_git2(tip.id()) }),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(Head::Unborn { name }),
        Err(error) => Err(library("read HEAD's branch")(error)),
    }
}
