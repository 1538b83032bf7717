//! Repositories in ignored folders: git does not look there, and what they hold is nowhere else.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::adapters::git::{as_path, quote_path};

/// The first repository found in one of these ignored paths of a worktree, relative to it. Links are
/// not followed.
pub(super) fn nested_repository(worktree: &Path, ignored: &[Vec<u8>]) -> Option<String> {
    let inside = |path: &Vec<u8>| repository_below(&worktree.join(as_path(path)));
    let found = ignored.par_iter().find_map_any(inside)?;
    let relative = found.strip_prefix(worktree).unwrap_or(&found);
    Some(format!("{}/", quote_path(relative.as_os_str().as_encoded_bytes())))
}

fn repository_below(folder: &Path) -> Option<PathBuf> {
    if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return None;
    }
    if folder.join(".git").symlink_metadata().is_ok() {
        return Some(folder.to_owned());
    }
    let entries: Vec<_> = folder.read_dir().ok()?.flatten().collect();
    let folders = entries.par_iter().filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir()));
    folders.find_map_any(|entry| repository_below(&entry.path()))
}
