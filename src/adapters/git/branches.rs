//! Several branches made at once.

use super::capability::Backend;
use super::error::{GitError, library};
use super::oid::to_git2;
use super::repo::Repo;
use super::write::{Expected, RefOutcome, RefUpdate};
use crate::domain::id::Oid;

/// What their logs say.
const MESSAGE: &str = "wt-orch: Created";

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
        let made = match self.backend() {
            Backend::Libgit2 => self.create_by_libgit2(names, at),
            Backend::Git => self.create_by_git(names, at),
        };
        let Err(error) = made else { return Ok(BranchesOutcome::Made) };
        for name in names {
            if self.branch_tip(name)?.is_some() {
                return Ok(BranchesOutcome::Taken { name: name.clone() });
            }
        }
        Err(error)
    }

    fn create_by_git(&self, names: &[String], at: Oid) -> Result<(), GitError> {
        let mut input = Vec::new();
        for name in names {
            input.extend(format!("create refs/heads/{name}\0{at}\0").bytes());
        }
        let command = self.git("update-ref").args(["-m", MESSAGE, "--create-reflog"]);
        command.args(["--stdin", "-z"]).input(input).output().map(|_| ())
    }

    fn create_by_libgit2(&self, names: &[String], at: Oid) -> Result<(), GitError> {
        let failed = || library("create a branch");
        let git = self.objects()?;
        let by = git2::Signature::now("wt-orch", "wt-orch@localhost").map_err(failed())?;
        let mut transaction = git.transaction().map_err(failed())?;
        let names: Vec<String> = names.iter().map(|name| format!("refs/heads/{name}")).collect();
        for name in &names {
            transaction.lock_ref(name).map_err(failed())?;
            // Nobody can make it any more.
            if git.find_reference(name).is_ok() {
                let message = format!("`{name}` exists");
                return Err(GitError::Library { action: "create a branch", message });
            }
            let target = to_git2(at)?;
            transaction.set_target(name, target, Some(&by), MESSAGE).map_err(failed())?;
        }
        transaction.commit().map_err(failed())
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
