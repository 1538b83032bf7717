//! One lock per repository around everything that makes or removes worktrees: git reads its
//! siblings' half-made entries and fails.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::adapters::git::{Backoff, GitError, Repo, io};

/// How long a worktree waits for another one to be made or removed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Held until dropped; the system gives it back when the process dies.
#[derive(Debug)]
pub struct RepoLock(File);

impl Drop for RepoLock {
    fn drop(&mut self) {
        // Closing is not enough: a child being started holds a copy until it has become git.
        let _unlocked = self.0.unlock().is_ok();
    }
}

impl RepoLock {
    pub(super) fn acquire(repo: &Repo) -> Result<Self, GitError> {
        Self::named(repo, ".provision.lock")
    }

    /// Held while a run looks for room and says what it takes, so that no other one takes the same.
    ///
    /// # Errors
    /// The lock file, or somebody who holds it for minutes.
    pub fn to_create(repo: &Repo) -> Result<Self, GitError> {
        Self::named(repo, ".create.lock")
    }

    /// `name` begins as no run's does, whose lock lies beside it.
    fn named(repo: &Repo, name: &str) -> Result<Self, GitError> {
        let folder = repo.common_dir().join("wt-orch");
        std::fs::create_dir_all(&folder).map_err(io("create", &folder))?;
        Self::at(&folder.join(name), PATIENCE)
    }

    fn at(path: &Path, patience: Duration) -> Result<Self, GitError> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).open(path);
        let file = file.map_err(io("open", path))?;
        let mut backoff = Backoff::new(patience);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if backoff.wait() => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(GitError::Locked { path: path.to_owned() });
                }
                Err(TryLockError::Error(error)) => return Err(io("lock", path)(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_waited_for_and_then_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = RepoLock::at(&path, Duration::ZERO).unwrap();
        let second = RepoLock::at(&path, Duration::from_millis(10));
        assert!(matches!(second, Err(GitError::Locked { path: named }) if named == path));
        drop(held);
        RepoLock::at(&path, Duration::ZERO).unwrap();
    }
}
