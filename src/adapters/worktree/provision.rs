//! Making a worktree on a branch of its own, all or nothing.

use std::path::{Path, PathBuf};

use super::lock::RepoLock;
use crate::adapters::git::{
    BranchConflict, Expected, GitError, RefUpdate, Repo, io, real_path, shell_word,
};
use crate::domain::id::Oid;

/// A worktree to be made.
#[derive(Debug, Clone)]
pub struct WorktreeSpec {
    /// Its folder, which must not exist.
    pub path: PathBuf,
    /// Its branch, which must not exist.
    pub branch: String,
    /// The commit it begins at.
    pub start: Oid,
    /// Keeps git from pruning it while it is in use; `None` leaves it unlocked.
    pub lock_reason: Option<String>,
}

/// A worktree at a commit, on no branch.
#[derive(Debug, Clone)]
pub struct Detached {
    /// Its folder, which must not exist.
    pub path: PathBuf,
    /// The commit.
    pub commit: Oid,
    /// As in [`WorktreeSpec`].
    pub lock_reason: Option<String>,
}

/// A worktree that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// Its folder, by its real path.
    pub path: PathBuf,
    /// Where git keeps its HEAD and index.
    pub git_dir: PathBuf,
}

/// Why no worktree was made. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// Something of that name is there already and is never reused.
    #[error("{}; to resolve it: {}", .0.what, .0.resolve)]
    Occupied(Occupied),
    /// Git or the file system refused.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What is in the way, and the command that clears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupied {
    /// What is there.
    pub what: Occupant,
    /// One shell command.
    pub resolve: String,
}

/// What is in the way of a new worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occupant {
    /// The branch.
    Branch {
        /// Its name.
        name: String,
        /// Its commit.
        tip: Oid,
    },
    /// A branch that git cannot have beside it.
    BranchClash {
        /// The name asked for.
        name: String,
        /// The branch that is there.
        with: String,
    },
    /// A file or folder, even an empty one.
    Path {
        /// Where.
        path: PathBuf,
    },
    /// A worktree, though its folder may be gone.
    Worktree {
        /// Where.
        path: PathBuf,
    },
    /// Git does not allow the branch's name.
    InvalidBranch {
        /// The name.
        name: String,
    },
}

impl std::fmt::Display for Occupant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Branch { name, tip } => {
                write!(f, "the branch `{name}` exists, at {}", tip.short())
            }
            Self::BranchClash { name, with } => {
                write!(f, "the branch `{name}` cannot be made beside the branch `{with}`")
            }
            Self::Path { path } => write!(f, "`{}` exists", path.display()),
            Self::Worktree { path } => {
                write!(f, "`{}` is registered as a worktree", path.display())
            }
            Self::InvalidBranch { name } => write!(f, "`{name}` is no valid branch name"),
        }
    }
}

/// Makes a worktree with a new branch at a commit: filters, LFS and sparse checkout as git does
/// them, no hook run, nothing tracked. The repository is locked only while git's entries are made.
///
/// # Errors
/// [`ProvisionError::Occupied`] when the branch, the folder or the worktree is there, else what git
/// or the file system said; in both cases nothing is left behind.
pub fn provision(repo: &Repo, spec: WorktreeSpec) -> Result<Provisioned, ProvisionError> {
    let plan = Plan {
        path: real_path(&spec.path),
        branch: Some(spec.branch),
        commit: spec.start,
        lock_reason: spec.lock_reason,
    };
    plan.make(repo)
}

/// Makes a worktree at a commit, on no branch: for checks of a candidate.
///
/// # Errors
/// As [`provision`].
pub fn detached(repo: &Repo, spec: Detached) -> Result<Provisioned, ProvisionError> {
    let Detached { path, commit, lock_reason } = spec;
    Plan { path: real_path(&path), branch: None, commit, lock_reason }.make(repo)
}

struct Plan {
    path: PathBuf,
    branch: Option<String>,
    commit: Oid,
    lock_reason: Option<String>,
}

impl Plan {
    fn make(&self, repo: &Repo) -> Result<Provisioned, ProvisionError> {
        // Fails before anything is made when the commit is not there.
        repo.tree_of(self.commit)?;
        let lock = RepoLock::acquire(repo)?;
        if let Some(occupied) = self.occupied(repo)? {
            return Err(ProvisionError::Occupied(occupied));
        }
        let parents = create_parents(&self.path)?;
        let mut undo = Undo { plan: self, repo, parents, lock: Some(lock), armed: true };
        let git_dir = self.register(repo)?;
        undo.lock = None;
        self.fill(repo, &git_dir)?;
        self.verify(repo, &git_dir)?;
        undo.armed = false;
        Ok(Provisioned { path: real_path(&self.path), git_dir })
    }

    fn occupied(&self, repo: &Repo) -> Result<Option<Occupied>, GitError> {
        let occupied = |what, resolve| Some(Occupied { what, resolve });
        let at = shell_word(&repo.root().display().to_string());
        if let Some(name) = &self.branch {
            let name = name.clone();
            let folds = repo.settings().is_true("core.ignorecase");
            match repo.branch_conflict(&name)? {
                Some(BranchConflict::Exists { tip }) => {
                    // Renaming loses nothing, wherever the branch is checked out.
                    let (from, to) = (shell_word(&name), shell_word(&format!("{name}-old")));
                    let resolve = format!("git -C {at} branch -m {from} {to}");
                    return Ok(occupied(Occupant::Branch { name, tip }, resolve));
                }
                Some(BranchConflict::Clash { with }) => {
                    let resolve = format!("git -C {at} branch -m {} NEW-NAME", shell_word(&with));
                    return Ok(occupied(Occupant::BranchClash { name, with }, resolve));
                }
                Some(BranchConflict::CaseOnly { with }) if folds => {
                    let resolve = format!("git -C {at} branch -m {} NEW-NAME", shell_word(&with));
                    return Ok(occupied(Occupant::BranchClash { name, with }, resolve));
                }
                Some(BranchConflict::Invalid) => {
                    let resolve = "choose another `branch` template".to_owned();
                    return Ok(occupied(Occupant::InvalidBranch { name }, resolve));
                }
                Some(BranchConflict::CaseOnly { .. }) | None => {}
            }
        }
        let path = self.path.clone();
        let shown = shell_word(&path.display().to_string());
        let there = path.symlink_metadata().is_ok();
        if repo.worktree_at(&path)?.is_some() {
            let resolve = if there {
                format!("git -C {at} worktree remove {shown}")
            } else {
                format!("git -C {at} worktree prune")
            };
            return Ok(occupied(Occupant::Worktree { path }, resolve));
        }
        if there {
            let resolve = format!("mv {shown} {shown}.old");
            return Ok(occupied(Occupant::Path { path }, resolve));
        }
        Ok(None)
    }

    /// Makes git's entries and the branch, without files.
    fn register(&self, repo: &Repo) -> Result<PathBuf, GitError> {
        let command = repo.git("worktree").config("branch.autoSetupMerge=false");
        let mut command =
            command.config("worktree.guessRemote=false").arg("add").arg("--no-checkout");
        command = match &self.branch {
            Some(branch) => command.args(["--no-track", "-b", branch]),
            None => command.arg("--detach"),
        };
        if let Some(reason) = &self.lock_reason {
            command = command.args(["--lock", "--reason", reason]);
        }
        command.arg("--").arg(&self.path).arg(self.commit.to_string()).output()?;
        let made = repo.worktree_at(&self.path)?.and_then(|info| info.git_dir);
        made.ok_or_else(|| GitError::Mismatch {
            what: format!("the worktree at `{}`", self.path.display()),
            expected: "registered".to_owned(),
            found: "missing".to_owned(),
        })
    }

    /// Writes the files, as `git worktree add` itself does.
    fn fill(&self, repo: &Repo, git_dir: &Path) -> Result<(), GitError> {
        let command = repo.git_in("reset", git_dir, &self.path);
        command.args(["--hard", "--quiet", "--no-recurse-submodules"]).output().map(|_| ())
    }

    fn verify(&self, repo: &Repo, git_dir: &Path) -> Result<(), GitError> {
        let head = repo.head_at(git_dir)?;
        let branch = head.branch().map(str::to_owned);
        if head.tip() == Some(self.commit) && branch == self.branch {
            return Ok(());
        }
        let shown = |tip: Option<Oid>, branch: Option<&str>| {
            let tip = tip.map_or_else(|| "no commit".to_owned(), |tip| tip.to_string());
            branch.map_or_else(|| tip.clone(), |branch| format!("{branch} at {tip}"))
        };
        Err(GitError::Mismatch {
            what: format!("HEAD of the worktree at `{}`", self.path.display()),
            expected: shown(Some(self.commit), self.branch.as_deref()),
            found: shown(head.tip(), branch.as_deref()),
        })
    }
}

/// Creates the folders above `path` and names those that were not there, outermost first.
fn create_parents(path: &Path) -> Result<Vec<PathBuf>, GitError> {
    let missing = path.ancestors().skip(1).take_while(|folder| folder.symlink_metadata().is_err());
    let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    missing.reverse();
    for (at, folder) in missing.iter().enumerate() {
        if let Err(error) = std::fs::create_dir(folder)
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            remove_empty(&missing[..at]);
            return Err(io("create", folder)(error));
        }
    }
    Ok(missing)
}

fn remove_empty(folders: &[PathBuf]) {
    // A folder that somebody else uses by now is not empty, and stays.
    let _removed = folders.iter().rev().map(std::fs::remove_dir).take_while(Result::is_ok).count();
}

/// Takes back what was made, unless disarmed.
struct Undo<'a> {
    plan: &'a Plan,
    repo: &'a Repo,
    parents: Vec<PathBuf>,
    lock: Option<RepoLock>,
    armed: bool,
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let _lock = self.lock.take().or_else(|| RepoLock::acquire(self.repo).ok());
        let Self { plan, repo, .. } = self;
        // What fails here leaves an entry that the next attempt reports as occupied.
        let _forgotten = super::remove::discard(repo, &plan.path).is_ok();
        if let Some(branch) = &plan.branch {
            let update = RefUpdate {
                name: format!("refs/heads/{branch}"),
                new: None,
                expected: Expected::At(plan.commit),
                message: "wt-orch: worktree not made".to_owned(),
            };
            let _deleted = repo.update_ref(&update).is_ok();
        }
        remove_empty(&self.parents);
    }
}
