//! Entries of an index that never sees a worktree.

use crate::adapters::git::diff::{FileMode, TreeFile};
use crate::adapters::git::error::GitError;
use crate::adapters::git::oid::to_git2;

pub(super) fn index_entry(path: &[u8], file: TreeFile) -> Result<git2::IndexEntry, GitError> {
    let mode = match file.mode {
        FileMode::File => 0o100_644,
        FileMode::Executable => 0o100_755,
        FileMode::Link => 0o120_000,
        FileMode::Submodule => 0o160_000,
    };
    let never = git2::IndexTime::new(0, 0);
    Ok(git2::IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: to_git2(file.id)?,
        flags: 0,
        flags_extended: 0,
        path: path.to_vec(),
    })
}
