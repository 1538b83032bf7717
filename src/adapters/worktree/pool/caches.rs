//! Build products in a worktree: which of the ignored paths they are, and how young.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rayon::prelude::*;

use crate::adapters::git::as_path;

/// Seconds and nanoseconds of a modification time.
pub(super) type FileTime = (i64, i64);

/// Lines of a `.gitignore` that say what is a build product.
pub(in crate::adapters::worktree) struct CacheLines(Gitignore);

impl CacheLines {
    /// Compiles them; a line that is no pattern matches nothing.
    pub(in crate::adapters::worktree) fn new(lines: &[String]) -> Self {
        let mut builder = GitignoreBuilder::new("");
        for line in lines {
            let _unfit = builder.add_line(None, line).is_ok();
        }
        Self(builder.build().unwrap_or_else(|_| Gitignore::empty()))
    }

    /// Whether a path of this worktree is a build product.
    pub(in crate::adapters::worktree) fn contains(&self, worktree: &Path, path: &[u8]) -> bool {
        let path = as_path(path);
        let folder = worktree.join(path).symlink_metadata().is_ok_and(|found| found.is_dir());
        self.0.matched_path_or_any_parents(path, folder).is_ignore()
    }
}

/// Whether a folder is a Python environment, whose scripts name it by its whole path.
pub(super) fn names_its_place(folder: &Path) -> bool {
    folder.join("pyvenv.cfg").exists()
}

/// The modification time of the youngest thing at or below a path, links not followed.
pub(super) fn newest(path: &Path) -> Option<FileTime> {
    let found = path.symlink_metadata().ok()?;
    let own = (found.mtime(), found.mtime_nsec());
    if !found.is_dir() {
        return Some(own);
    }
    let entries: Vec<_> = path.read_dir().ok()?.flatten().collect();
    let below = entries.par_iter().filter_map(|entry| newest(&entry.path())).max();
    Some(below.map_or(own, |below| below.max(own)))
}
