//! What is remembered of a waiting worktree, and the right to work on it.

use std::fs::{File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::caches::FileTime;
use crate::adapters::git::{GitError, Repo, attributes_outside, io};
use crate::adapters::worktree::whole_file::write_whole;

/// Its file in git's entry of the worktree.
const FILE: &str = "wt-orch-pool";

/// What is remembered of a waiting worktree.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PoolRecord {
    /// Where it stood.
    pub(super) home: PathBuf,
    /// Modification time of the youngest build product.
    pub(super) newest: Option<FileTime>,
    /// Of everything in git's configuration that decides what files look like.
    pub(super) conversion: u64,
    /// Its caches may hold repositories that tests made: it is for tests only, which keep nothing.
    #[serde(default)]
    pub(super) repositories: bool,
}

/// A locked record.
pub(super) struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing is not enough: a child being started holds a copy until it has become git.
        let _unlocked = self.0.unlock().is_ok();
    }
}

/// The right to work on a waiting worktree, which the death of its holder gives back.
pub(super) enum Hold {
    /// Until it is dropped.
    Held(Held, PoolRecord),
    /// Somebody else works on it.
    Busy,
    /// Its record is gone or unreadable.
    Unknown,
}

impl Hold {
    /// Takes the worktree with this entry, without waiting.
    pub(super) fn of(entry: &Path) -> Self {
        let Ok(mut file) = File::options().read(true).write(true).open(entry.join(FILE)) else {
            return Self::Unknown;
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Self::Busy,
            Err(TryLockError::Error(_)) => return Self::Unknown,
        }
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        let held = Held(file);
        match read.ok().and_then(|_| serde_json::from_str(&text).ok()) {
            Some(record) => Self::Held(held, record),
            None => Self::Unknown,
        }
    }
}

impl PoolRecord {
    /// Reads it from git's entry of a worktree, whoever works there; `None` where there is none.
    pub(super) fn load(entry: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(entry.join(FILE)).ok()?).ok()
    }

    /// When the worktree with this entry was put into the pool.
    pub(super) fn written(entry: &Path) -> Option<std::time::SystemTime> {
        entry.join(FILE).metadata().and_then(|found| found.modified()).ok()
    }

    /// Writes it into git's entry of a worktree.
    pub(super) fn write(&self, entry: &Path) -> Result<(), GitError> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        write_whole(&entry.join(FILE), &text)
    }

    /// Forgets it.
    pub(super) fn remove(entry: &Path) -> Result<(), GitError> {
        let file = entry.join(FILE);
        std::fs::remove_file(&file).map_err(io("delete", &file))
    }
}

/// A number that differs when git's configuration or the attributes that are no part of a commit
/// would give files another content.
pub(super) fn conversion(repo: &Repo) -> u64 {
    let texts = attributes_outside(repo).into_iter().map(|file| {
        let mut text = std::fs::read(file).unwrap_or_default();
        text.push(0);
        text
    });
    repo.settings().digest(&["core.", "filter."], &texts.collect::<Vec<_>>().concat())
}
