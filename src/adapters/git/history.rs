//! Commits, branches and trees, read with libgit2.

use super::error::{GitError, library};
use super::oid::{from_git2, to_git2};
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
        use git2::ErrorCode::{Ambiguous, InvalidSpec, NotFound, Peel};
        let repo = self.standing()?;
        let found = repo.revparse_single(rev).and_then(|object| object.peel_to_commit());
        match found {
            Ok(commit) => Ok(Some(from_git2(commit.id()))),
            Err(error) if matches!(error.code(), NotFound | InvalidSpec | Ambiguous | Peel) => {
                Ok(None)
            }
            Err(error) => Err(library("resolve a revision")(error)),
        }
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
        use git2::ErrorCode::{InvalidSpec, NotFound};
        let repo = self.objects()?;
        match repo.find_reference(name).and_then(|found| found.peel_to_commit()) {
            Ok(commit) => Ok(Some(from_git2(commit.id()))),
            Err(error) if matches!(error.code(), NotFound | InvalidSpec) => Ok(None),
            Err(error) => Err(library("read a ref")(error)),
        }
    }

    /// What stands in the way of a new branch of this name.
    ///
    /// # Errors
    /// The refs cannot be read.
    pub fn branch_conflict(&self, name: &str) -> Result<Option<BranchConflict>, GitError> {
        if !git2::Reference::is_valid_name(&format!("refs/heads/{name}")) || name.starts_with('-') {
            return Ok(Some(BranchConflict::Invalid));
        }
        if let Some(tip) = self.branch_tip(name)? {
            return Ok(Some(BranchConflict::Exists { tip }));
        }
        let repo = self.objects()?;
        let mut refs = repo.references_glob("refs/heads/*").map_err(library("list branches"))?;
        let mut case_only = None;
        for found in refs.names() {
            let found = found.map_err(library("list branches"))?;
            let with = found.strip_prefix("refs/heads/").unwrap_or(found);
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
        let repo = self.objects()?;
        let refs = repo.references_glob(&format!("{prefix}*")).map_err(library("list refs"))?;
        let mut found = Vec::new();
        for reference in refs {
            let reference = reference.map_err(library("list refs"))?;
            if let (Ok(name), Ok(commit)) = (reference.name(), reference.peel_to_commit()) {
                found.push((name.to_owned(), from_git2(commit.id())));
            }
        }
        Ok(found)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn tree_of(&self, commit: Oid) -> Result<Oid, GitError> {
        let repo = self.objects()?;
        let commit = repo.find_commit(to_git2(commit)?).map_err(library("read a commit"))?;
        Ok(from_git2(commit.tree_id()))
    }

    /// The parents of a commit, in order.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn parents(&self, commit: Oid) -> Result<Vec<Oid>, GitError> {
        let repo = self.objects()?;
        let commit = repo.find_commit(to_git2(commit)?).map_err(library("read a commit"))?;
        Ok(commit.parent_ids().map(from_git2).collect())
    }

    /// Number of files in a commit.
    ///
    /// # Errors
    /// There is no such commit, or a tree of it is missing.
    pub fn file_count(&self, commit: Oid) -> Result<usize, GitError> {
        let repo = self.objects()?;
        let commit = repo.find_commit(to_git2(commit)?).map_err(library("read a commit"))?;
        let mut count = 0;
        let walk = commit.tree().and_then(|tree| {
            tree.walk(git2::TreeWalkMode::PreOrder, |_, entry| {
                count += usize::from(entry.kind() == Some(git2::ObjectType::Blob));
                git2::TreeWalkResult::Ok
            })
        });
        walk.map_err(library("read a tree"))?;
        Ok(count)
    }

    /// Paths of all files in a commit; see [`quote_path`](super::quote_path).
    ///
    /// # Errors
    /// There is no such commit, or a tree of it is missing.
    pub fn paths_in(&self, commit: Oid) -> Result<Vec<String>, GitError> {
        let repo = self.objects()?;
        let commit = repo.find_commit(to_git2(commit)?).map_err(library("read a commit"))?;
        // An index in memory: the walk of libgit2's binding stops at names that are no UTF-8.
        let filled = commit.tree().and_then(|tree| {
            let mut index = git2::Index::new()?;
            index.read_tree(&tree).map(|()| index)
        });
        let index = filled.map_err(library("read a tree"))?;
        Ok(index.iter().map(|entry| quote_path(&entry.path)).collect())
    }

    /// Whether `ancestor` is `commit` or reachable from it.
    ///
    /// # Errors
    /// One of them is no commit.
    pub fn is_ancestor(&self, ancestor: Oid, commit: Oid) -> Result<bool, GitError> {
        if ancestor == commit {
            return Ok(true);
        }
        let repo = self.objects()?;
        repo.graph_descendant_of(to_git2(commit)?, to_git2(ancestor)?)
            .map_err(library("compare commits"))
    }

    /// The best common ancestor, `None` for unrelated histories.
    ///
    /// # Errors
    /// One of them is no commit.
    pub fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError> {
        match self.objects()?.merge_base(to_git2(one)?, to_git2(two)?) {
            Ok(base) => Ok(Some(from_git2(base))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(library("find a merge base")(error)),
        }
    }

    /// Commits reachable from `to` and not from `from`, parents before children.
    ///
    /// # Errors
    /// One of them is no commit.
    pub fn commits_between(&self, from: Oid, to: Oid) -> Result<Vec<Oid>, GitError> {
        let repo = self.objects()?;
        let failed = || library("list commits");
        let mut walk = repo.revwalk().map_err(failed())?;
        walk.push(to_git2(to)?).map_err(failed())?;
        walk.hide(to_git2(from)?).map_err(failed())?;
        let order = git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE;
        walk.set_sorting(order).map_err(failed())?;
        walk.map(|oid| oid.map(from_git2).map_err(failed())).collect()
    }
}
