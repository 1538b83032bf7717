//! Making the pool smaller.

use std::path::PathBuf;

use super::record::{Hold, PoolRecord};
use super::{forget_if_empty, is_pooled, left_to_its_author};
use crate::adapters::git::{GitError, Repo};
use crate::adapters::worktree::lock::RepoLock;
use crate::adapters::worktree::remove::discarded;
use crate::adapters::worktree::trash::Trash;

/// Hands the worktrees that have waited longest to the trash until `size` of them wait. Returns their
/// paths.
///
/// # Errors
/// The worktrees cannot be read, or a folder cannot be renamed.
pub fn trim(repo: &Repo, size: u32, trash: &Trash) -> Result<Vec<PathBuf>, GitError> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let _lock = RepoLock::acquire(repo)?;
    let known = repo.worktrees()?;
    let mut waiting: Vec<_> = known.iter().filter(|info| is_pooled(repo, info)).collect();
    waiting.sort_by_key(|info| info.git_dir.as_deref().and_then(PoolRecord::written));
    let excess = waiting.len().saturating_sub(size);
    let mut gone = Vec::new();
    for info in waiting.into_iter().take(excess) {
        let held = info.git_dir.as_deref().map(Hold::of);
        if matches!(held, Some(Hold::Busy)) || left_to_its_author(repo, info, &known)?.is_some() {
            continue;
        }
        trash.add(discarded(repo, &info.path, &known)?);
        gone.push(info.path.clone());
    }
    gone.iter().filter_map(|path| path.parent()).for_each(forget_if_empty);
    Ok(gone)
}
