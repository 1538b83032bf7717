//! The hidden folder in which worktrees of tests stand, beside the pool: the same names in every run,
//! since build products may name files by their whole path.

use std::path::{Path, PathBuf};

use super::{name_for, stands};
use crate::adapters::git::{GitError, Repo, WorktreeInfo, real_place};
use crate::adapters::worktree::lock::RepoLock;

/// Its name; runs at the same time have different numbers, from 1.
pub fn test_folder_name(repo: &Repo, number: u32) -> String {
    let name = name_for(repo, "test");
    if number == 1 { name } else { format!("{name}-{number}") }
}

/// Whether a folder is one of them.
pub(in crate::adapters::worktree) fn is_test_folder(repo: &Repo, folder: &Path) -> bool {
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else { return false };
    let first = name_for(repo, "test");
    let rest = name.strip_prefix(&first).map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    rest.is_some_and(|rest| name == first || rest.parse::<u32>().is_ok())
}

/// What lies in the folders of tests in `parents` and is no worktree that git knows: tests left it beside
/// theirs.
pub fn left_by_tests(repo: &Repo, parents: &[PathBuf], known: &[WorktreeInfo]) -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let entries = folder.read_dir().into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let folders = parents.iter().flat_map(|parent| entries(parent));
    let folders = folders.filter(|folder| is_test_folder(repo, folder) && stands(folder));
    let known: Vec<PathBuf> = known.iter().map(|info| real_place(&info.path)).collect();
    let mut found: Vec<PathBuf> = folders.flat_map(|folder| entries(&folder)).collect();
    found.retain(|path| !known.contains(&real_place(path)));
    found.sort();
    found.dedup();
    found
}

/// Takes away the folder of a worktree of tests if that is empty.
///
/// # Errors
/// The repository's lock.
pub fn forget_test_folder(repo: &Repo, worktree: &Path) -> Result<(), GitError> {
    let Some(folder) = worktree.parent().filter(|folder| is_test_folder(repo, folder)) else {
        return Ok(());
    };
    if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    // Whoever makes a worktree in it does so under the same lock.
    let _lock = RepoLock::acquire(repo)?;
    // One that still holds something stays.
    let _emptied = std::fs::remove_dir(folder).is_ok();
    Ok(())
}
