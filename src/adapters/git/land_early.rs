//! What can be known of why a branch cannot be moved before there is anything to move it to, so that
//! nobody waits an hour for a validation to hear it.

use std::collections::BTreeSet;

use super::backoff::Backoff;
use super::diff::RawChange;
use super::error::GitError;
use super::land_check::{Looked, obstacles};
use super::land_holder::{Holder, holder};
use super::land_refusal::{LandRefusal, RefusedReason};
use super::repo::Repo;
use crate::domain::id::Oid;

/// Why the worktree that has `branch` checked out could not follow it from `old` to a commit with
/// all `deltas` (from, to) merged. What a delta changes counts where the branch does not hold it
/// already. Nothing is written and nothing stays locked: [`land`](super::land) looks again.
///
/// # Errors
/// Git or the file system fails.
pub fn early_obstacle(
    repo: &Repo,
    branch: &str,
    old: Oid,
    deltas: &[(Oid, Oid)],
) -> Result<Option<LandRefusal>, GitError> {
    let branch = repo.branch_behind(branch)?;
    let info = match holder(repo, &branch)? {
        Holder::Nobody => return Ok(None),
        Holder::Refused(refusal) => return Ok(Some(refusal)),
        Holder::One(info) => info,
    };
    let Some(git_dir) = info.git_dir else { return Ok(None) };
    let refused = |reason| Ok(Some(LandRefusal::new(&info.path, reason)));
    if let Some(progress) = repo.in_progress(&git_dir)? {
        return refused(RefusedReason::InProgress(progress));
    }
    let lock = git_dir.join("index.lock");
    let mut backoff = Backoff::new(repo.program().lock_wait());
    while lock.symlink_metadata().is_ok() {
        if !backoff.wait() {
            return refused(RefusedReason::IndexLocked { path: lock });
        }
    }
    let mut changes = Vec::new();
    for (from, to) in deltas {
        changes.extend(news(repo, old, (*from, *to))?);
    }
    let looked = Looked { repo, git_dir: &git_dir, worktree: &info.path, index: None };
    match obstacles(&looked, &changes)? {
        Some(found) => refused(found.into()),
        None => Ok(None),
    }
}

/// What a delta changes that `old` does not hold.
fn news(repo: &Repo, old: Oid, (from, to): (Oid, Oid)) -> Result<Vec<RawChange>, GitError> {
    let mut changes = repo.raw_changes(old, to)?;
    if from != old {
        let own = repo.raw_changes(from, to)?;
        let own: BTreeSet<&[u8]> = own.iter().map(|change| change.path.as_slice()).collect();
        changes.retain(|change| own.contains(change.path.as_slice()));
    }
    Ok(changes)
}

#[cfg(test)]
mod tests;
