//! Removing worktrees of ours, and nothing else.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::checkout::{Broken, Checkout};
use super::lock::RepoLock;
use super::objection::{Examined, KeptReason, examine};
use super::pool::{self, Keeping};
use super::trash::{Trash, Waste, discarded_entry, discarded_folder};
use crate::adapters::git::{GitError, Repo, WorktreeInfo, real_place, worktree_among};

/// What a removal may destroy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveMode {
    /// Nothing but ignored files.
    OnlyIfClean,
    /// Everything in the folder. The branch stays.
    Force,
}

/// What came of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum RemoveOutcome {
    /// Neither folder nor entry is there (any more).
    Removed,
    /// It waits for a later task, on no branch and elsewhere.
    Pooled,
    /// It is still there.
    Kept {
        /// Why.
        reason: KeptReason,
        /// What else speaks against it.
        also: Vec<KeptReason>,
    },
}

/// Several worktrees to be removed.
#[derive(Debug, Clone, Copy)]
pub struct Removal<'a> {
    /// Their folders.
    pub paths: &'a [PathBuf],
    /// What may be lost.
    pub mode: RemoveMode,
    /// Keeps some of those that lose nothing for later tasks.
    pub pool: Option<Keeping<'a>>,
}

/// Locks with a reason that starts so are ours.
const OUR_LOCK: &str = "wt-orch";

/// Whether a worktree that is locked with this reason was locked by us.
pub fn is_our_lock(reason: &str) -> bool {
    reason.starts_with(OUR_LOCK)
}

/// Worktrees that are examined at once: more only makes a disk seek.
const AT_ONCE: usize = 2;

/// Removes a linked worktree: its folder and git's entry, also when one of them is gone already. Its
/// branch stays. Removing what is not there succeeds.
///
/// # Errors
/// A file cannot be deleted, or the worktrees cannot be read.
pub fn remove(repo: &Repo, path: &Path, mode: RemoveMode) -> Result<RemoveOutcome, GitError> {
    let trash = Trash::begin();
    let paths = [path.to_owned()];
    let mut outcomes = remove_each(repo, Removal { paths: &paths, mode, pool: None }, &trash)?;
    if let Some(error) = trash.finish().failed {
        return Err(error);
    }
    outcomes.pop().unwrap_or(Ok(RemoveOutcome::Removed))
}

/// What [`remove`] would come to now. Nothing is changed.
///
/// # Errors
/// The worktrees cannot be read.
pub fn plan_removal(repo: &Repo, path: &Path, mode: RemoveMode) -> Result<RemoveOutcome, GitError> {
    let judged = judge(repo, &repo.worktrees()?, path, mode)?;
    Ok(judged.outcome())
}

/// Everything that speaks against removing a worktree, for each of these folders.
///
/// # Errors
/// The worktrees cannot be read.
pub fn objections(repo: &Repo, paths: &[PathBuf]) -> Result<Vec<Vec<KeptReason>>, GitError> {
    let judged = judge_all(repo, paths, RemoveMode::OnlyIfClean)?;
    Ok(judged.into_iter().map(|judged| judged.examined.objections).collect())
}

/// What [`remove_all`] would come to now. Nothing is changed.
///
/// # Errors
/// The worktrees cannot be read.
pub fn plan_removals(repo: &Repo, removal: Removal<'_>) -> Result<Vec<RemoveOutcome>, GitError> {
    let mut room = removal.pool.map_or(Ok(0), |pool| pool.room(repo))?;
    let judged = judge_all(repo, removal.paths, removal.mode)?;
    let outcome = |judged: Judged| {
        let free = judged.outcome() == RemoveOutcome::Removed && room > 0;
        if free
            && judged.info.as_ref().is_some_and(|info| pool::is_fit(repo, info, &judged.examined))
        {
            room -= 1;
            return RemoveOutcome::Pooled;
        }
        judged.outcome()
    };
    Ok(judged.into_iter().map(outcome).collect())
}

/// Removes several worktrees, each as [`remove`] does; their folders are deleted by `trash`, and
/// some may be kept for later tasks. One that cannot be taken away stays, and the others go.
///
/// # Errors
/// The worktrees cannot be read.
pub fn remove_all(
    repo: &Repo,
    removal: Removal<'_>,
    trash: &Trash,
) -> Result<Vec<RemoveOutcome>, GitError> {
    let stuck = |error: GitError| RemoveOutcome::Kept {
        reason: KeptReason::Stuck { why: error.to_string() },
        also: Vec::new(),
    };
    let each = remove_each(repo, removal, trash)?;
    Ok(each.into_iter().map(|outcome| outcome.unwrap_or_else(stuck)).collect())
}

/// What came of each one.
fn remove_each(
    repo: &Repo,
    removal: Removal<'_>,
    trash: &Trash,
) -> Result<Vec<Result<RemoveOutcome, GitError>>, GitError> {
    let judged = judge_all(repo, removal.paths, removal.mode)?;
    if judged.iter().all(|judged| judged.outcome() != RemoveOutcome::Removed) {
        return Ok(judged.iter().map(|judged| Ok(judged.outcome())).collect());
    }
    let _lock = RepoLock::acquire(repo)?;
    let known = repo.worktrees()?;
    let mut room = removal.pool.map_or(Ok(0), |pool| pool.room(repo))?;
    let mut remove_one = |mut one: Judged| {
        if worktree_among(&known, &one.path) != one.info.as_ref() {
            // Somebody was here between the look and the lock.
            one = judge(repo, &known, &one.path, removal.mode)?;
        }
        let outcome = one.outcome();
        if outcome != RemoveOutcome::Removed {
            return Ok(outcome);
        }
        let kept = match (removal.pool.filter(|_| room > 0), &one.info) {
            (Some(pool), Some(info)) => pool.keep(repo, info, &one.examined, trash)?,
            (None, _) | (_, None) => false,
        };
        if kept {
            room -= 1;
            return Ok(RemoveOutcome::Pooled);
        }
        trash.add(discarded(repo, &one.path, &known)?);
        Ok(outcome)
    };
    Ok(judged.into_iter().map(&mut remove_one).collect())
}

/// A worktree that was looked at.
struct Judged {
    path: PathBuf,
    /// As it was listed.
    info: Option<WorktreeInfo>,
    examined: Examined,
}

impl Judged {
    fn outcome(&self) -> RemoveOutcome {
        match self.examined.objections.as_slice() {
            [reason, also @ ..] => {
                RemoveOutcome::Kept { reason: reason.clone(), also: also.to_vec() }
            }
            [] => RemoveOutcome::Removed,
        }
    }
}

fn judge_all(repo: &Repo, paths: &[PathBuf], mode: RemoveMode) -> Result<Vec<Judged>, GitError> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let known = repo.worktrees()?;
    let judge = |path: &PathBuf| match judge(repo, &known, path, mode) {
        // A `git worktree prune` at the same time takes entries away.
        Err(_) if repo.worktree_at(path).is_ok_and(|found| found.is_none()) => {
            judge(repo, &repo.worktrees()?, path, mode)
        }
        judged => judged,
    };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
    match threads {
        Ok(threads) => threads.install(|| paths.par_iter().map(judge).collect()),
        Err(_) => paths.iter().map(judge).collect(),
    }
}

fn judge(
    repo: &Repo,
    known: &[WorktreeInfo],
    path: &Path,
    mode: RemoveMode,
) -> Result<Judged, GitError> {
    let path = real_place(path);
    let info = worktree_among(known, &path).cloned();
    let mut examined = Examined::default();
    match &info {
        None if path.symlink_metadata().is_ok() => examined.objections.push(KeptReason::NotOurs),
        None => {}
        Some(info) => {
            let holds_repository = repo.common_dir().starts_with(&path);
            if info.git_dir.as_deref() == Some(repo.common_dir()) || holds_repository {
                examined.objections.push(KeptReason::NotOurs);
            } else if mode == RemoveMode::Force {
                // Whatever stands there now is somebody else's.
                let broken = Checkout::listed(repo, info).broken();
                let elsewhere =
                    broken.filter(|b| matches!(b, Broken::Replaced | Broken::PointsElsewhere));
                examined.objections.extend(elsewhere.map(KeptReason::Broken));
            } else {
                examined = match examine(repo, info, known) {
                    Ok(examined) => examined,
                    // A `git worktree prune` at the same time takes entries away.
                    Err(error) if repo.worktree_at(&path)?.is_none() => return Err(error),
                    Err(error) => {
                        let why = format!("it cannot be looked at: {error}");
                        let objections = vec![KeptReason::Stuck { why }];
                        Examined { objections, ..Examined::default() }
                    }
                };
                let foreign = info.locked.clone().filter(|reason| !is_our_lock(reason));
                if let Some(reason) = foreign {
                    examined.objections.insert(0, KeptReason::Locked { reason });
                }
            }
        }
    }
    Ok(Judged { path, info, examined })
}

/// Takes the folder and git's entry out of the way without asking; needs the repository's lock. What
/// it returns is to be deleted.
pub(super) fn discarded(
    repo: &Repo,
    path: &Path,
    known: &[WorktreeInfo],
) -> Result<Vec<Waste>, GitError> {
    let entry = worktree_among(known, path).and_then(|info| info.git_dir.clone());
    let mut waste = Vec::new();
    // Without an entry the folder is not ours to delete.
    if let Some(entry) = entry.filter(|dir| dir != repo.common_dir()) {
        waste.extend(discarded_folder(repo, path)?);
        waste.extend(discarded_entry(repo, &entry)?);
    }
    // Git drops the folder with its last entry, too; not empty means there are more.
    let _emptied = std::fs::remove_dir(repo.common_dir().join("worktrees")).is_ok();
    Ok(waste)
}
