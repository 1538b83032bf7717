//! Handing a waiting worktree to a task.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::record::{Held, Hold, PoolRecord};
use super::update::{Goal, Waiting, difference};
use super::{REASON, folder_in, forget_if_empty};
use crate::adapters::git::{BranchesOutcome, GitError, RawChange, Repo, admin_dirs, io, real_path};
use crate::adapters::worktree::lock::RepoLock;
use crate::adapters::worktree::remove::discarded;
use crate::adapters::worktree::trash::{Trash, discarded_entry, discarded_folder};
use crate::adapters::worktree::whole_file::write_whole;
use crate::adapters::worktree::{Provisioned, WorktreeSpec};
use crate::domain::id::Oid;

/// Odd ones that are removed before a worktree is made from nothing instead.
const MOST_TRIED: usize = 8;

/// Makes as many of these worktrees as it can out of ones that wait for a task, several at once; the
/// answers stand in the order of `specs`.
pub fn take_all(
    repo: &Repo,
    specs: &[WorktreeSpec],
    caches: &[String],
) -> Vec<Result<Option<Provisioned>, GitError>> {
    specs.par_iter().map(|spec| take(repo, spec, caches)).collect()
}

/// Makes a worktree out of one that waits for a task: on a new branch at the start, its tracked
/// files exactly the start's, nothing else in it but build products that `caches` (lines of a
/// `.gitignore`) name and git ignores, every one of them older than every file that changed. `None`
/// when none fits, also when something stands in the way of the branch or the folder: making a
/// worktree from nothing then says what.
///
/// # Errors
/// The worktrees cannot be read, or git cannot be run.
pub fn take(
    repo: &Repo,
    spec: &WorktreeSpec,
    caches: &[String],
) -> Result<Option<Provisioned>, GitError> {
    let path = real_path(&spec.path);
    let pool = folder_in(repo, path.parent().unwrap_or(&path));
    if !pool.is_dir() {
        return Ok(None);
    }
    // What is deleted here goes on being deleted while the task runs.
    let trash = Trash::begin();
    for _ in 0..MOST_TRIED {
        let Some(claim) = Claim::nearest(repo, (&path, spec), &trash)? else { return Ok(None) };
        let waiting = Waiting {
            repo,
            entry: &claim.entry,
            path: &claim.place,
            head: claim.head,
            record: &claim.record,
        };
        let goal = Goal { path: &path, start: spec.start, changes: &claim.changes, caches };
        if waiting.bring(&goal, &trash).unwrap_or(false) {
            return claim.hand_over(repo, (&path, spec), &trash);
        }
        let _lock = RepoLock::acquire(repo)?;
        trash.add(discarded(repo, &claim.place, &repo.worktrees()?)?);
        forget_if_empty(&pool);
    }
    Ok(None)
}

/// Whether nothing is where the new worktree should be, not even an entry of git's.
fn is_free(path: &Path, entries: &HashMap<PathBuf, PathBuf>) -> bool {
    let registered = entries.keys().any(|served| real_path(served) == path);
    !registered && path.symlink_metadata().is_err()
}

/// A waiting worktree that nobody else works on.
struct Claim {
    entry: PathBuf,
    place: PathBuf,
    head: Oid,
    /// What differs between its commit and the start.
    changes: Vec<RawChange>,
    record: PoolRecord,
    _held: Held,
}

impl Claim {
    /// Of the waiting worktrees the one in which the fewest files differ from the start.
    fn nearest(
        repo: &Repo,
        (path, spec): (&Path, &WorktreeSpec),
        trash: &Trash,
    ) -> Result<Option<Self>, GitError> {
        let _lock = RepoLock::acquire(repo)?;
        // Git's own listing would look at every worktree, while others wait for the lock.
        let entries = admin_dirs(repo.common_dir())?;
        if !is_free(path, &entries) || repo.branch_conflict(&spec.branch)?.is_some() {
            return Ok(None);
        }
        let pool = folder_in(repo, path.parent().unwrap_or(path));
        let mut differences = HashMap::new();
        let mut nearest = Vec::new();
        for (place, entry) in &entries {
            if place.parent() != Some(&pool) || !is_locked_by_pool(entry) {
                continue;
            }
            match Hold::of(entry) {
                Hold::Held(held, record) => nearest.push((place, entry, record, held)),
                Hold::Busy => {}
                Hold::Unknown => trash.add(discarded(repo, place, &repo.worktrees()?)?),
            }
        }
        let mut found: Option<Self> = None;
        for (place, entry, record, held) in nearest {
            let Some(head) = detached_head(entry) else { continue };
            let changes = match differences.entry(head) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(difference(repo, head, spec.start)?),
            };
            let Some(changes) = changes else { continue };
            if found.as_ref().is_none_or(|found| changes.len() < found.changes.len()) {
                let (entry, place, changes) = (entry.clone(), place.clone(), changes.clone());
                found = Some(Self { entry, place, head, changes, record, _held: held });
            }
        }
        Ok(found)
    }

    /// Puts it where it is wanted. Killed half way, it is a worktree whose folder is gone and a
    /// folder in the pool that git does not know, or it is the task's already.
    fn hand_over(
        self,
        repo: &Repo,
        (path, spec): (&Path, &WorktreeSpec),
        trash: &Trash,
    ) -> Result<Option<Provisioned>, GitError> {
        match repo.create_branches(std::slice::from_ref(&spec.branch), spec.start)? {
            BranchesOutcome::Made => {}
            BranchesOutcome::Taken { .. } => return Ok(None),
        }
        let lock = RepoLock::acquire(repo)?;
        if is_free(path, &admin_dirs(repo.common_dir())?) {
            if let Ok(git_dir) = self.move_to(path, spec) {
                forget_if_empty(self.place.parent().unwrap_or(&self.place));
                return Ok(Some(Provisioned { path: real_path(path), git_dir, by_git: None }));
            }
            trash.add(discarded_folder(repo, &self.place)?);
            trash.add(discarded_entry(repo, &self.entry)?);
        }
        drop(lock);
        // Whoever moved the branch meanwhile keeps it.
        let _deleted = repo.discard_branch(&spec.branch, spec.start)?;
        Ok(None)
    }

    fn move_to(&self, path: &Path, spec: &WorktreeSpec) -> Result<PathBuf, GitError> {
        let head = format!("ref: refs/heads/{}\n", spec.branch);
        write_whole(&self.entry.join("HEAD"), head.as_bytes())?;
        let link = format!("{}\n", path.join(".git").display());
        write_whole(&self.entry.join("gitdir"), link.as_bytes())?;
        std::fs::rename(&self.place, path).map_err(io("rename", &self.place))?;
        PoolRecord::remove(&self.entry)?;
        let locked = self.entry.join("locked");
        match &spec.lock_reason {
            Some(reason) => write_whole(&locked, reason.as_bytes())?,
            None => std::fs::remove_file(&locked).map_err(io("delete", &locked))?,
        }
        Ok(self.entry.clone())
    }
}

fn is_locked_by_pool(entry: &Path) -> bool {
    std::fs::read(entry.join("locked")).is_ok_and(|reason| reason.trim_ascii() == REASON.as_bytes())
}

/// The commit that HEAD names itself.
fn detached_head(entry: &Path) -> Option<Oid> {
    std::fs::read_to_string(entry.join("HEAD")).ok()?.trim_end().parse().ok()
}
