//! Locks that a killed git left, on what belongs to a worktree in which nothing runs any more. What all
//! worktrees share is another's, and stays locked.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::adapters::git::{GitError, Repo, io};

const INDEX: &str = "index.lock";
/// Folders of a worktree's own part of the repository in which git takes locks, see gitrepository-layout(5).
const FOLDERS: [&str; 5] = ["", "logs", "refs/bisect", "refs/worktree", "reftable"];
/// A lock on a branch may be that of a `git pack-refs`, which has it for some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(50);

/// Deletes the lock of a worktree's index; its name, if there was one.
pub(super) fn free_index(git_dir: &Path) -> Result<Option<String>, GitError> {
    delete(git_dir.join(INDEX))
}

/// Deletes all other locks of a worktree, and one on its branch that lies there unchanged; their names.
pub(super) fn free_head(
    repo: &Repo,
    git_dir: &Path,
    branch: &str,
) -> Result<Vec<String>, GitError> {
    let mut freed = Vec::new();
    for path in FOLDERS.into_iter().flat_map(|folder| locks_in(&git_dir.join(folder))) {
        freed.extend(delete(path)?);
    }
    let path = repo.common_dir().join("refs/heads").join(format!("{branch}.lock"));
    if is_left(&path) {
        freed.extend(delete(path)?);
    }
    Ok(freed)
}

/// What is said of one that was deleted.
pub(super) fn note(name: &str) -> String {
    format!("a killed git had left {name}; it was removed")
}

fn locks_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_lock = |path: &PathBuf| {
        path.extension().is_some_and(|kind| kind == "lock") && !path.ends_with(INDEX)
    };
    entries.filter(is_lock).collect()
}

/// Nothing tells when a lock is given back but that it is gone.
fn is_left(path: &Path) -> bool {
    let look = || path.symlink_metadata().ok().map(|found| (found.ino(), found.mtime_nsec()));
    let first = look();
    let mut waited = Duration::ZERO;
    while first.is_some() && waited < PATIENCE {
        sleep(LOOK);
        waited += LOOK;
        if look() != first {
            return false;
        }
    }
    first.is_some()
}

fn delete(path: PathBuf) -> Result<Option<String>, GitError> {
    match fs::remove_file(&path) {
        Ok(()) => Ok(path.file_name().map(|name| name.to_string_lossy().into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("delete", &path)(error)),
    }
}
