//! The folder of one worktree while it is being filled.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::adapters::git::{GitError, as_path, io};

/// An empty folder to be filled, and where git keeps its index.
#[derive(Debug)]
pub(in crate::adapters::worktree) struct Ground {
    path: PathBuf,
    git_dir: PathBuf,
    root: OwnedFd,
    failed: AtomicBool,
    failure: Mutex<Option<GitError>>,
}

impl Ground {
    /// Opens the folder.
    ///
    /// # Errors
    /// It is not there, or is a link.
    pub(in crate::adapters::worktree) fn open(
        path: PathBuf,
        git_dir: PathBuf,
    ) -> Result<Self, GitError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let opened = openat(CWD, &path, flags, Mode::empty()).map_err(std::io::Error::from);
        let root = opened.map_err(io("open", &path))?;
        let (failed, failure) = (AtomicBool::new(false), Mutex::new(None));
        Ok(Self { path, git_dir, root, failed, failure })
    }

    pub(super) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    pub(super) fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// A folder in it, by its path from the root.
    pub(super) fn folder(&self, path: &[u8]) -> Result<OwnedFd, GitError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let name = if path.is_empty() { Path::new(".") } else { as_path(path) };
        let opened = openat(&self.root, name, flags, Mode::empty()).map_err(std::io::Error::from);
        opened.map_err(|error| self.error("open", path, error))
    }

    /// What the system said about a path in it.
    pub(super) fn error(
        &self,
        action: &'static str,
        path: &[u8],
        error: impl Into<std::io::Error>,
    ) -> GitError {
        io(action, &self.path.join(as_path(path)))(error.into())
    }

    /// Does something unless something else has failed here; the first failure counts.
    pub(super) fn attempt<T>(&self, work: impl FnOnce(&Self) -> Result<T, GitError>) -> Option<T> {
        if self.failed.load(Ordering::Relaxed) {
            return None;
        }
        match work(self) {
            Ok(value) => Some(value),
            Err(error) => {
                self.failed.store(true, Ordering::Relaxed);
                if let Ok(mut failure) = self.failure.lock() {
                    failure.get_or_insert(error);
                }
                None
            }
        }
    }

    /// Whether everything went well so far; the failure can be asked for once.
    pub(super) fn verdict(&self) -> Result<(), GitError> {
        match self.failure.lock().ok().and_then(|mut failure| failure.take()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
