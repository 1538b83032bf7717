//! Giving back a worktree in which nobody's work is: it waits for the next one, or goes.

use std::path::Path;

use super::keep::Keeping;
use crate::adapters::git::{GitError, Repo, WorktreeInfo, real_place, worktree_among};
use crate::adapters::worktree::checkout::Checkout;
use crate::adapters::worktree::lock::RepoLock;
use crate::adapters::worktree::nested::nested_repository;
use crate::adapters::worktree::objection::{Examined, as_committed};
use crate::adapters::worktree::remove::discarded;
use crate::adapters::worktree::trash::Trash;

/// What became of a worktree that was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum HandedBack {
    /// It waits.
    Waits,
    /// It went, as enough others wait.
    Enough,
    /// It went, as it was not what it had been, or cannot be moved.
    Unfit,
}

/// Puts a worktree of tests into the pool if it holds exactly its commit beside what git ignores, or
/// takes it away: nothing in it is anybody's work, nor are commits that only its HEAD holds. One that
/// is not there counts as gone.
///
/// # Errors
/// Git, or the file system; the worktree may still be there.
pub fn hand_back(
    repo: &Repo,
    path: &Path,
    keeping: Keeping<'_>,
    trash: &Trash,
) -> Result<HandedBack, GitError> {
    let path = real_place(path);
    let known = repo.worktrees()?;
    let seen = worktree_among(&known, &path);
    let examined = match seen {
        Some(info) => looked_at(repo, info, &known)?,
        None => None,
    };
    let _lock = RepoLock::acquire(repo)?;
    let room = keeping.room(repo)? > 0;
    let mut outcome = HandedBack::Unfit;
    if let (Some(examined), Some(info)) = (&examined, seen) {
        outcome = HandedBack::Enough;
        if room {
            match keeping.keep(repo, info, examined, trash)? {
                true => return Ok(HandedBack::Waits),
                false => outcome = HandedBack::Unfit,
            }
        }
    }
    trash.add(discarded(repo, &path, &repo.worktrees()?)?);
    Ok(outcome)
}

/// What is in it, if that is the commit of its HEAD and ignored files alone.
fn looked_at(
    repo: &Repo,
    info: &WorktreeInfo,
    known: &[WorktreeInfo],
) -> Result<Option<Examined>, GitError> {
    let checkout = Checkout::listed(repo, info);
    let Some(git_dir) = info.git_dir.as_deref().filter(|_| checkout.is_whole()) else {
        return Ok(None);
    };
    let holds_another =
        known.iter().any(|other| other.path != info.path && other.path.starts_with(&info.path));
    if holds_another || info.branch.is_some() || repo.in_progress(git_dir)?.is_some() {
        return Ok(None);
    }
    let Some(ignored) = as_committed(&checkout, git_dir)? else { return Ok(None) };
    let repositories = nested_repository(&checkout.path, &ignored).is_some();
    Ok(Some(Examined { ignored: Some(ignored), repositories, ..Examined::default() }))
}

#[cfg(test)]
mod tests;
