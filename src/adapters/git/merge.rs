//! Merging two commits into a tree, in memory: which engine, and what came of it.

use std::fmt;

use super::capability::Backend;
use super::error::GitError;
use super::repo::{Engine, Repo};
use super::version::GitVersion;
use super::{merge_git, merge_libgit2};
use crate::domain::id::Oid;

/// Two commits to be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeRequest {
    /// The commit to merge against in place of the common ancestor.
    pub base: Option<Oid>,
    /// The commit merged into.
    pub ours: Oid,
    /// The commit merged.
    pub theirs: Oid,
}

/// What made a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeEngine {
    /// `git merge-tree`.
    Git {
        /// Of this version.
        version: GitVersion,
    },
    /// libgit2, in this process.
    Libgit2,
}

impl fmt::Display for MergeEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { version } => write!(f, "git {version}"),
            Self::Libgit2 => f.write_str("libgit2"),
        }
    }
}

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// A tree, stored in the repository.
    Clean {
        /// The tree.
        tree: Oid,
        /// What made it.
        engine: MergeEngine,
    },
    /// The two sides collide.
    Conflict {
        /// The paths that collide, sorted.
        paths: Vec<String>,
        /// Excerpts, at most a few.
        hunks: Vec<Hunk>,
        /// What found it.
        engine: MergeEngine,
    },
    /// There is no common ancestor.
    Unrelated,
    /// libgit2 would get this wrong or cannot read it, and git is missing, too old or was ruled out.
    NeedsGit {
        /// What libgit2 cannot do.
        reason: String,
    },
}

/// A place where two sides collide, with conflict markers in the style `zdiff3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// In which file.
    pub path: String,
    /// The lines from `<<<<<<<` to `>>>>>>>`; long ones are shortened.
    pub text: String,
}

impl Repo {
    /// Merges two commits without touching any worktree, index or ref.
    ///
    /// # Errors
    /// The engine fails; a conflict is no failure.
    pub fn merge(&self, request: MergeRequest) -> Result<MergeOutcome, GitError> {
        let version = self.program().version();
        let fits = version.at_least(2, if request.base.is_some() { 40 } else { 38 });
        match self.engine() {
            Engine::Auto | Engine::Git if fits => merge_git::merge(self, request),
            Engine::Auto | Engine::Libgit2 if self.backend() == Backend::Libgit2 => {
                merge_libgit2::merge(self, request)
            }
            Engine::Libgit2 => {
                let reason = self.obstacles().objects.clone();
                let reason = reason.unwrap_or_else(|| "git reads this repository".to_owned());
                Ok(MergeOutcome::NeedsGit { reason })
            }
            Engine::Auto | Engine::Git => Ok(MergeOutcome::NeedsGit {
                reason: format!("git {version} has no `merge-tree` that does this"),
            }),
        }
    }

    /// The engine that [`Self::merge`] uses for merges without an explicit base.
    pub fn merge_engine(&self) -> MergeEngine {
        let version = self.program().version();
        match self.engine() {
            Engine::Auto if !version.at_least(2, 38) => MergeEngine::Libgit2,
            Engine::Libgit2 => MergeEngine::Libgit2,
            Engine::Auto | Engine::Git => MergeEngine::Git { version },
        }
    }
}
