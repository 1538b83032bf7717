//! Commits, branches and trees.

use super::error::GitError;
use super::path::quote_path;
use super::repo::Repo;
use crate::domain::id::Oid;

/// Why a branch of a name cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchConflict {
    /// It is there already.
    Exists {
        /// Its commit.
        tip: Oid,
    },
    /// A branch is in the way: git cannot have both `t` and `t/1`.
    Clash {
        /// The branch that exists.
        with: String,
    },
    /// A branch whose name differs by case only: one file on some systems.
    CaseOnly {
        /// The branch that exists.
        with: String,
    },
    /// Git does not allow the name.
    Invalid,
}

impl Repo {
    /// The commit that a revision names (`main`, `HEAD~2`, a tag, an id), `None` when there is none
    /// or it is no commit.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn resolve_commit(&self, rev: &str) -> Result<Option<Oid>, GitError> {
        self.reader().resolve_commit(rev)
    }

    /// The commit of a local branch.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn branch_tip(&self, name: &str) -> Result<Option<Oid>, GitError> {
        self.ref_target(&format!("refs/heads/{name}"))
    }

    /// The commit of a ref by its full name.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn ref_target(&self, name: &str) -> Result<Option<Oid>, GitError> {
        self.reader().ref_target(name)
    }

    /// What stands in the way of a new branch of this name.
    ///
    /// # Errors
    /// The refs cannot be read.
    pub fn branch_conflict(&self, name: &str) -> Result<Option<BranchConflict>, GitError> {
        self.branch_conflict_among(name, &self.branch_names()?)
    }

    /// Names of all local branches, of those as well that name no commit.
    pub(in crate::adapters) fn branch_names(&self) -> Result<Vec<String>, GitError> {
        let names = self.reader().ref_names("refs/heads/")?.into_iter();
        Ok(names.map(|name| name["refs/heads/".len()..].to_owned()).collect())
    }

    /// The same for one of several names, with the branches read once.
    pub(in crate::adapters) fn branch_conflict_among(
        &self,
        name: &str,
        branches: &[String],
    ) -> Result<Option<BranchConflict>, GitError> {
        let full = format!("refs/heads/{name}");
        if !git2::Reference::is_valid_name(&full) || name.starts_with('-') {
            return Ok(Some(BranchConflict::Invalid));
        }
        if branches.iter().any(|branch| branch == name)
            && let Some(tip) = self.branch_tip(name)?
        {
            return Ok(Some(BranchConflict::Exists { tip }));
        }
        let mut case_only = None;
        for with in branches {
            let below = |outer: &str, inner: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
            };
            if below(with, name) || below(name, with) {
                return Ok(Some(BranchConflict::Clash { with: with.to_owned() }));
            }
            if with.to_lowercase() == name.to_lowercase() {
                case_only = Some(BranchConflict::CaseOnly { with: with.to_owned() });
            }
        }
        Ok(case_only)
    }

    /// Names of the local branches, in no order.
    ///
    /// # Errors
    /// The refs cannot be read.
    pub fn branches(&self) -> Result<Vec<String>, GitError> {
        self.refs_below("refs/heads/").map(|refs| {
            let short = |name: String| name["refs/heads/".len()..].to_owned();
            refs.into_iter().map(|(name, _)| short(name)).collect()
        })
    }

    /// Full names and commits of the refs whose name starts with `prefix`; refs to anything but a
    /// commit are left out.
    ///
    /// # Errors
    /// The refs cannot be read.
    pub fn refs_below(&self, prefix: &str) -> Result<Vec<(String, Oid)>, GitError> {
        self.reader().refs_below(prefix)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn tree_of(&self, commit: Oid) -> Result<Oid, GitError> {
        Ok(self.reader().commit(commit)?.tree)
    }

    /// The parents of a commit, in order.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn parents(&self, commit: Oid) -> Result<Vec<Oid>, GitError> {
        Ok(self.reader().commit(commit)?.parents)
    }

    /// Number of files in a commit.
    ///
    /// # Errors
    /// There is no such commit, or a tree of it is missing.
    pub fn file_count(&self, commit: Oid) -> Result<usize, GitError> {
        self.reader().file_count(commit)
    }

    /// Paths of all files in a commit; see [`quote_path`](super::quote_path).
    ///
    /// # Errors
    /// There is no such commit, or a tree of it is missing.
    pub fn paths_in(&self, commit: Oid) -> Result<Vec<String>, GitError> {
        let files = self.listing(commit)?.files.into_iter();
        Ok(files.map(|file| quote_path(&file.path)).collect())
    }

    /// Whether `ancestor` is `commit` or reachable from it.
    ///
    /// # Errors
    /// One of them is no commit.
    pub fn is_ancestor(&self, ancestor: Oid, commit: Oid) -> Result<bool, GitError> {
        Ok(ancestor == commit || self.reader().is_ancestor(ancestor, commit)?)
    }

    /// The best common ancestor, `None` for unrelated histories.
    ///
    /// # Errors
    /// One of them is no commit.
    pub fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError> {
        self.reader().merge_base(one, two)
    }

    /// Commits reachable from `to` and not from `from`, parents before children.
    ///
    /// # Errors
    /// One of them is no commit.
    pub fn commits_between(&self, from: Oid, to: Oid) -> Result<Vec<Oid>, GitError> {
        self.reader().commits_between(from, to)
    }
}
