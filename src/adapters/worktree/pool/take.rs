//! Handing a waiting worktree to a task.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::record::{Held, Hold, PoolRecord};
use super::update::{Goal, Waiting, difference};
use super::{REASON, folder_in, forget_if_empty, left_to_its_author, stands};
use crate::adapters::git::{BranchesOutcome, GitError, RawChange, Repo, admin_dirs, io, real_path};
use crate::adapters::host::crash_point::crash_point;
use crate::adapters::worktree::carry::Record;
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

/// Makes a worktree out of one that waits for a task: on a new branch, or none, at the start, its tracked
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
    if repo.checkout_needs_git().is_some() {
        return Ok(None);
    }
    let path = real_path(&spec.path);
    let pool = folder_in(repo, path.parent().unwrap_or(&path));
    if !stands(&pool) {
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
        match waiting.bring(&goal, &trash) {
            Ok(true) => return claim.hand_over(repo, (&path, spec), &trash),
            Ok(false) => {}
            // A full disk, or git failing, would come to the same with the next one. Whatever is half
            // done here is seen by whoever takes this one next.
            Err(_) => return Ok(None),
        }
        let _lock = RepoLock::acquire(repo)?;
        let known = repo.worktrees()?;
        let info = known.iter().find(|info| real_path(&info.path) == real_path(&claim.place));
        if let Some(info) = info
            && left_to_its_author(repo, info, &known)?.is_some()
        {
            continue;
        }
        trash.add(discarded(repo, &claim.place, &known)?);
        forget_if_empty(&pool);
    }
    Ok(None)
}

/// Whether nothing is where the new worktree should be, not even an entry of git's.
fn is_free(path: &Path, entries: &HashMap<PathBuf, PathBuf>) -> bool {
    let registered = entries.keys().any(|served| real_path(served) == path);
    !registered && path.symlink_metadata().is_err()
}

/// A worktree that waited when it was looked at.
struct Candidate {
    entry: PathBuf,
    place: PathBuf,
    head: Oid,
    /// Preferred, since it stood where it is wanted.
    home: bool,
}

impl Candidate {
    /// Those in the pool; `None` when the task cannot have one.
    fn all(repo: &Repo, path: &Path, spec: &WorktreeSpec) -> Result<Option<Vec<Self>>, GitError> {
        let _lock = RepoLock::acquire(repo)?;
        // Git's own listing would look at every worktree, while others wait for the lock.
        let entries = admin_dirs(repo.common_dir())?;
        if !is_free(path, &entries) {
            return Ok(None);
        }
        if let Some(branch) = &spec.branch
            && repo.branch_conflict(branch)?.is_some()
        {
            return Ok(None);
        }
        let pool = folder_in(repo, path.parent().unwrap_or(path));
        let waits =
            |place: &Path, entry: &Path| place.parent() == Some(&pool) && is_locked_by_pool(entry);
        let waiting = entries.into_iter().filter(|(place, entry)| waits(place, entry));
        let candidate = |(place, entry): (PathBuf, PathBuf)| {
            let record = PoolRecord::load(&entry);
            if spec.branch.is_some() && record.as_ref().is_some_and(|record| record.repositories) {
                return None;
            }
            // What a test's caches name by its whole path holds at the same place only.
            let home = spec.branch.is_none() && record.is_some_and(|record| record.home == path);
            detached_head(&entry).map(|head| Self { entry, place, head, home })
        };
        Ok(Some(waiting.filter_map(candidate).collect()))
    }

    /// Each with what differs between its commit and the start, the nearest first; without those that
    /// cannot be brought there.
    fn by_nearness(
        repo: &Repo,
        candidates: Vec<Self>,
        start: Oid,
    ) -> Result<Vec<(Self, Vec<RawChange>)>, GitError> {
        let mut differences = HashMap::new();
        let mut found = Vec::new();
        for candidate in candidates {
            let changes = match differences.entry(candidate.head) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(difference(repo, candidate.head, start)?),
            };
            found.extend(changes.clone().map(|changes| (candidate, changes)));
        }
        found.sort_by_key(|(candidate, changes)| (!candidate.home, changes.len()));
        Ok(found)
    }
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
    /// Of the waiting worktrees the one in which the fewest files differ from the start. Others do not
    /// wait for the lock while trees are compared.
    fn nearest(
        repo: &Repo,
        (path, spec): (&Path, &WorktreeSpec),
        trash: &Trash,
    ) -> Result<Option<Self>, GitError> {
        let Some(seen) = Candidate::all(repo, path, spec)? else { return Ok(None) };
        let candidates = Candidate::by_nearness(repo, seen, spec.start)?;
        let _lock = RepoLock::acquire(repo)?;
        let entries = admin_dirs(repo.common_dir())?;
        for (Candidate { entry, place, head, home: _ }, changes) in candidates {
            if entries.get(&place) != Some(&entry) || !is_locked_by_pool(&entry) {
                continue;
            }
            match Hold::of(&entry) {
                Hold::Held(held, record) if detached_head(&entry) == Some(head) => {
                    return Ok(Some(Self { entry, place, head, changes, record, _held: held }));
                }
                // Of those that another task is getting, or that were changed since.
                Hold::Held(..) | Hold::Busy => {}
                Hold::Unknown => trash.add(discarded(repo, &place, &repo.worktrees()?)?),
            }
        }
        Ok(None)
    }

    /// Puts it where it is wanted. Killed half way, it is a worktree whose folder is gone and a
    /// folder in the pool that git does not know, or it is the task's already.
    fn hand_over(
        self,
        repo: &Repo,
        (path, spec): (&Path, &WorktreeSpec),
        trash: &Trash,
    ) -> Result<Option<Provisioned>, GitError> {
        let branches = spec.branch.as_slice();
        match repo.create_branches(branches, spec.start)? {
            BranchesOutcome::Made => {}
            BranchesOutcome::Taken { .. } => return Ok(None),
        }
        let lock = RepoLock::acquire(repo)?;
        if is_free(path, &admin_dirs(repo.common_dir())?) {
            // What is at the path until the rename succeeds is somebody else's.
            let whereabouts = match self.move_to(path, spec) {
                Err(_) => self.place.as_path(),
                Ok(()) => match self.unlock(spec) {
                    Ok(()) => {
                        forget_if_empty(self.place.parent().unwrap_or(&self.place));
                        let path = real_path(path);
                        return Ok(Some(Provisioned { path, git_dir: self.entry, by_git: None }));
                    }
                    Err(_) => path,
                },
            };
            trash.add(discarded_folder(repo, whereabouts)?);
            trash.add(discarded_entry(repo, &self.entry)?);
            forget_if_empty(self.place.parent().unwrap_or(&self.place));
        }
        drop(lock);
        // Whoever moved the branch meanwhile keeps it.
        for branch in branches {
            let _deleted = repo.discard_branch(branch, spec.start)?;
        }
        Ok(None)
    }

    /// Makes the entry that of the task and, last, moves the folder.
    fn move_to(&self, path: &Path, spec: &WorktreeSpec) -> Result<(), GitError> {
        let head = match &spec.branch {
            Some(branch) => format!("ref: refs/heads/{branch}\n"),
            None => format!("{}\n", spec.start),
        };
        write_whole(&self.entry.join("HEAD"), head.as_bytes())?;
        let link = format!("{}\n", path.join(".git").display());
        write_whole(&self.entry.join("gitdir"), link.as_bytes())?;
        if let Some(reason) = &spec.lock_reason {
            write_whole(&self.entry.join("locked"), reason.as_bytes())?;
        }
        PoolRecord::remove(&self.entry)?;
        if spec.branch.is_some() {
            // Whatever the task commits is its own.
            Record::remove(&self.entry)?;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io("create", parent))?;
        }
        crash_point("pool: before the move out");
        std::fs::rename(&self.place, path).map_err(io("rename", &self.place))
    }

    /// Only once the folder is there: `git worktree prune` would take the entry away before.
    fn unlock(&self, spec: &WorktreeSpec) -> Result<(), GitError> {
        crash_point("pool: moved out");
        let locked = self.entry.join("locked");
        match &spec.lock_reason {
            Some(_) => Ok(()),
            None => std::fs::remove_file(&locked).map_err(io("delete", &locked)),
        }
    }
}

fn is_locked_by_pool(entry: &Path) -> bool {
    std::fs::read(entry.join("locked")).is_ok_and(|reason| reason.trim_ascii() == REASON.as_bytes())
}

/// The commit that HEAD names itself.
fn detached_head(entry: &Path) -> Option<Oid> {
    std::fs::read_to_string(entry.join("HEAD")).ok()?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests;
