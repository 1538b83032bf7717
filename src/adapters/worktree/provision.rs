//! Making worktrees, each on a branch of its own, all or nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::batch::{Wanted, make_all};
use super::occupied::Occupied;
use crate::adapters::git::{GitError, Repo, real_path};
use crate::domain::id::Oid;
use crate::domain::run::Submodules;

/// A worktree to be made.
#[derive(Debug, Clone)]
pub struct WorktreeSpec {
    /// Its folder, which must not exist.
    pub path: PathBuf,
    /// Its branch, which must not exist; `None` for none.
    pub branch: Option<String>,
    /// The commit it begins at.
    pub start: Oid,
    /// Keeps git from pruning it while it is in use; `None` leaves it unlocked.
    pub lock_reason: Option<String>,
    /// What else it is to be like.
    pub options: WorktreeOptions,
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
    /// As in [`WorktreeSpec`].
    pub options: WorktreeOptions,
}

/// What a worktree is to be like beyond its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorktreeOptions {
    /// The modification times of its files.
    pub times: FileTimes,
    /// What becomes of submodules that the repository has initialised.
    pub submodules: Submodules,
}

impl Default for WorktreeOptions {
    fn default() -> Self {
        Self { times: FileTimes::Past, submodules: Submodules::Empty }
    }
}

/// The modification times that files get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileTimes {
    /// Some seconds ago, so that git has no file to suspect of a change in the very moment in which
    /// the index was written. Only where no build product can be older than the files.
    Past,
    /// The time of writing, so that every build product that is brought along is older.
    Present,
}

/// A worktree that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// Its folder, by its real path.
    pub path: PathBuf,
    /// Where git keeps its HEAD and index.
    pub git_dir: PathBuf,
    /// Why git wrote its files and not this program; `None` when this program did.
    pub by_git: Option<String>,
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

/// Makes a worktree with a new branch at a commit: line ends, filters, LFS and sparse checkout as
/// git does them, no hook run, nothing tracked. The repository is locked only while git's entries
/// are made.
///
/// # Errors
/// [`ProvisionError::Occupied`] when the branch, the folder or the worktree is there, else what git
/// or the file system said; in both cases nothing is left behind.
pub fn provision(repo: &Repo, spec: WorktreeSpec) -> Result<Provisioned, ProvisionError> {
    let commit = spec.start;
    one(make_all(repo, commit, vec![wanted(spec)]))
}

/// Makes several worktrees in the time of few: those with the same start are written together. The
/// answers stand in the order of `specs`; what fails in one of them does not touch the others.
pub fn provision_all(
    repo: &Repo,
    specs: Vec<WorktreeSpec>,
) -> Vec<Result<Provisioned, ProvisionError>> {
    let mut by_start: BTreeMap<Oid, Vec<(usize, Wanted)>> = BTreeMap::new();
    for (at, spec) in specs.into_iter().enumerate() {
        by_start.entry(spec.start).or_default().push((at, wanted(spec)));
    }
    let mut answers = Vec::new();
    for (start, group) in by_start {
        let (places, group): (Vec<usize>, Vec<Wanted>) = group.into_iter().unzip();
        answers.extend(places.into_iter().zip(make_all(repo, start, group)));
    }
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Makes a worktree at a commit, on no branch: for checks of a candidate.
///
/// # Errors
/// As [`provision`].
pub fn detached(repo: &Repo, spec: Detached) -> Result<Provisioned, ProvisionError> {
    let Detached { path, commit, lock_reason, options } = spec;
    let wanted = Wanted { path: real_path(&path), branch: None, lock_reason, options };
    one(make_all(repo, commit, vec![wanted]))
}

fn wanted(spec: WorktreeSpec) -> Wanted {
    let WorktreeSpec { path, branch, start: _, lock_reason, options } = spec;
    Wanted { path: real_path(&path), branch, lock_reason, options }
}

fn one(answers: Vec<Result<Provisioned, ProvisionError>>) -> Result<Provisioned, ProvisionError> {
    let none = || GitError::Mismatch {
        what: "the answers for one worktree".to_owned(),
        expected: "one".to_owned(),
        found: "none".to_owned(),
    };
    answers.into_iter().next().unwrap_or_else(|| Err(none().into()))
}
