//! Where HEAD is.

use std::path::Path;

use super::error::GitError;
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

impl Repo {
    /// HEAD of the worktree stood in.
    ///
    /// # Errors
    /// HEAD or the ref it names cannot be read.
    pub fn head(&self) -> Result<Head, GitError> {
        self.head_at(self.git_dir())
    }

    /// HEAD of the worktree whose git directory this is.
    pub(in crate::adapters) fn head_at(&self, git_dir: &Path) -> Result<Head, GitError> {
        self.reader().head_at(git_dir)
    }
}
