//! Making a branch at a commit, and taking it away again: moves from and to nothing.

use super::error::GitError;
use super::land::LandOutcome;
use super::land_holder::{Holder, holder};
use super::land_refusal::{LandRefusal, RefusedReason};
use super::repo::Repo;
use super::write::{Expected, RefOutcome, RefUpdate};
use crate::domain::id::Oid;

/// A branch to be made or deleted.
#[derive(Debug, Clone)]
pub struct BranchRequest {
    /// Its name without `refs/heads/`.
    pub name: String,
    /// The commit it is to be at, or is at.
    pub at: Oid,
    /// For the reflog.
    pub message: String,
}

/// Makes the branch if there is none of its name. What it holds beyond `known`, a commit that is
/// safely on the disk, is flushed first.
///
/// # Errors
/// Git or the file system fails.
pub fn make_branch(
    repo: &Repo,
    request: &BranchRequest,
    known: Oid,
) -> Result<LandOutcome, GitError> {
    // A worktree may stand on it before it is born.
    if let Some(refusal) = held(repo, request)? {
        return Ok(LandOutcome::Refused(refusal));
    }
    repo.sync_objects(request.at, &[known])?;
    change(repo, request, Some(request.at), Expected::Absent)
}

/// Deletes the branch if it is where it is said to be and nobody stands on it.
///
/// # Errors
/// Git or the file system fails.
pub fn delete_branch(repo: &Repo, request: &BranchRequest) -> Result<LandOutcome, GitError> {
    let now = repo.branch_tip(&request.name)?;
    if now != Some(request.at) {
        return Ok(LandOutcome::TargetMoved { now });
    }
    if let Some(refusal) = held(repo, request)? {
        return Ok(LandOutcome::Refused(refusal));
    }
    change(repo, request, None, Expected::At(request.at))
}

fn held(repo: &Repo, request: &BranchRequest) -> Result<Option<LandRefusal>, GitError> {
    let reason = RefusedReason::CheckedOut { at: request.at };
    Ok(match holder(repo, &request.name)? {
        Holder::Nobody => None,
        Holder::One(info) => Some(LandRefusal::new(&info.path, reason)),
        Holder::Refused(refusal) => Some(LandRefusal::new(&refusal.worktree, reason)),
    })
}

fn change(
    repo: &Repo,
    request: &BranchRequest,
    new: Option<Oid>,
    expected: Expected,
) -> Result<LandOutcome, GitError> {
    let name = format!("refs/heads/{}", request.name);
    let message = request.message.clone();
    Ok(match repo.update_ref(&RefUpdate { name, new, expected, message })? {
        RefOutcome::Moved => LandOutcome::Landed { checked_out: None },
        RefOutcome::Lost { now } => LandOutcome::TargetMoved { now },
    })
}

#[cfg(test)]
mod tests;
