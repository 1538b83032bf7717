//! Several branches made at once.

use super::error::GitError;
use super::repo::Repo;
use super::write::{Expected, RefOutcome, RefUpdate};
use crate::domain::id::Oid;

/// What became of branches that were to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(in crate::adapters) enum BranchesOutcome {
    /// All are there.
    Made,
    /// One of them came into being meanwhile; none was made.
    Taken {
        /// Its name.
        name: String,
    },
}

impl Repo {
    /// Makes branches at a commit, all or none, without any tracking configuration. After a loss of
    /// power they may be gone with the worktrees that they were made for.
    ///
    /// # Errors
    /// Git refuses for another reason than a branch that is there.
    pub(in crate::adapters) fn create_branches(
        &self,
        names: &[String],
        at: Oid,
    ) -> Result<BranchesOutcome, GitError> {
        if names.is_empty() {
            return Ok(BranchesOutcome::Made);
        }
        let mut input = Vec::new();
        for name in names {
            input.extend(format!("create refs/heads/{name}\0{at}\0").bytes());
        }
        // Not by libgit2: killed half way, this process would leave locks that nobody clears.
        let command = self.git("update-ref").args(["-m", "wt-orch: made", "--create-reflog"]);
        let Err(error) = command.args(["--stdin", "-z"]).input(input).output() else {
            return Ok(BranchesOutcome::Made);
        };
        for name in names {
            if self.branch_tip(name)?.is_some() {
                return Ok(BranchesOutcome::Taken { name: name.clone() });
            }
        }
        Err(error)
    }

    /// Takes a branch back that nobody has moved.
    ///
    /// # Errors
    /// Git cannot delete it.
    pub(in crate::adapters) fn discard_branch(
        &self,
        name: &str,
        at: Oid,
    ) -> Result<RefOutcome, GitError> {
        self.update_ref(&RefUpdate {
            name: format!("refs/heads/{name}"),
            new: None,
            expected: Expected::At(at),
            message: "wt-orch: worktree not made".to_owned(),
        })
    }
}
