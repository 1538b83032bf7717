//! What is half done in a worktree.

use std::fmt;
use std::path::Path;

use super::error::GitError;
use super::repo::Repo;

/// An operation of git's that waits for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// `git merge`.
    Merge,
    /// `git rebase`.
    Rebase,
    /// `git am`.
    Am,
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
            Self::Am => "am",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
            Self::Bisect => "bisect",
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Am => "patch series",
            Self::Merge | Self::Rebase | Self::CherryPick | Self::Revert | Self::Bisect => {
                self.command()
            }
        })
    }
}

impl Repo {
    /// What is half done in the worktree whose git directory this is. Reads the files git keeps
    /// there, and what it keeps among the refs.
    ///
    /// # Errors
    /// Refs that are not files cannot be read.
    pub fn in_progress(&self, git_dir: &Path) -> Result<Option<Progress>, GitError> {
        let has = |name: &str| git_dir.join(name).symlink_metadata().is_ok();
        if has("rebase-apply/applying") {
            return Ok(Some(Progress::Am));
        }
        if has("rebase-merge") || has("rebase-apply") {
            return Ok(Some(Progress::Rebase));
        }
        if has("MERGE_HEAD") {
            return Ok(Some(Progress::Merge));
        }
        let refs = self.stored_root_refs(git_dir, &["REVERT_HEAD", "CHERRY_PICK_HEAD"])?;
        let is_ref = |name: &str| has(name) || refs.iter().any(|(found, _)| found == name);
        Ok(if is_ref("REVERT_HEAD") {
            Some(Progress::Revert)
        } else if is_ref("CHERRY_PICK_HEAD") || has("sequencer") {
            Some(Progress::CherryPick)
        } else if has("BISECT_LOG") {
            Some(Progress::Bisect)
        } else {
            None
        })
    }
}
