//! Landings that have begun and not ended, as they lie there. Only looks.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::{GitError, io};
use super::land_session::{LOCK, MARKER, Mark, is_at, parse_marks};
use super::repo::Repo;

/// A landing in a worktree that has begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsettledLanding {
    /// The branch that was to move.
    pub branch: String,
    /// Where it is checked out.
    pub worktree: PathBuf,
    /// Whether somebody is at it.
    pub alive: bool,
    /// Files may be those of neither commit, or of the new one although the branch is at the old.
    pub half_written: bool,
    /// The lock of the index, which keeps git out, where the landing holds it.
    pub lock: Option<PathBuf>,
}

/// The landings of this repository that have begun and not ended, also those whose process died.
///
/// # Errors
/// Git or the file system.
pub fn unsettled_landings(repo: &Repo) -> Result<Vec<UnsettledLanding>, GitError> {
    let mut found = Vec::new();
    for info in repo.worktrees()?.into_iter().filter(|info| !info.bare) {
        if let Some(git_dir) = info.git_dir {
            found.extend(seen(info.path, &git_dir)?);
        }
    }
    Ok(found)
}

fn seen(worktree: PathBuf, git_dir: &Path) -> Result<Option<UnsettledLanding>, GitError> {
    let path = git_dir.join(MARKER);
    let read = || std::fs::read_to_string(&path).and_then(|text| Ok((text, File::open(&path)?)));
    let (text, marker) = match read() {
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("read", &path)(error)),
    };
    let marks = parse_marks(&text);
    // One that has not said what it is about has taken nothing, and may be about to lock its marker,
    // in which it must not be disturbed.
    let (Some(Mark::Began { branch, .. }), Some(last)) = (marks.first(), marks.last()) else {
        return Ok(None);
    };
    let alive = marker.try_lock_shared().is_err();
    if !is_at(&marker, &path) {
        return Ok(None);
    }
    let lock = git_dir.join(LOCK);
    let inode = lock.metadata().map(|meta| meta.ino()).ok();
    let (holds, half_written) = match last {
        Mark::Began { inode: own, .. }
        | Mark::Releasing { inode: own }
        | Mark::Discarding { inode: own } => (inode == Some(*own), false),
        Mark::Locked | Mark::Written => (inode.is_some(), true),
    };
    let lock = holds.then_some(lock);
    Ok(Some(UnsettledLanding { branch: branch.clone(), worktree, alive, half_written, lock }))
}
