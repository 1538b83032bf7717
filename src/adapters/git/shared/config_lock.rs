//! Replacing a file of settings under git's own lock, so that no death of this process leaves a lock
//! that nobody may take away.
//!
//! What is to come is written to a file of our own beside it, which is locked as long as its writer
//! lives, and only then linked to the name of git's lock. So a lock that is that file is ours, and
//! whoever can lock the file knows that its writer is dead.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::config::load;
use crate::adapters::git::backoff::Backoff;
use crate::adapters::git::error::{GitError, io};
use crate::adapters::git::land_session::{is_at, remove_if_there};
use crate::adapters::host::crash_point::crash_point;

/// What a file of settings holds and is to hold; `None` where it is not there.
pub(super) struct Replacement<'a> {
    pub(super) found: Option<&'a [u8]>,
    pub(super) wanted: Option<&'a [u8]>,
}

/// Replaces the file where it still holds what was found.
///
/// # Errors
/// Somebody holds the lock for longer than the budget, the file holds something else
/// ([`GitError::Mismatch`]), or it cannot be written.
pub(super) fn replace(
    file: &Path,
    replacement: &Replacement<'_>,
    mut budget: Backoff,
) -> Result<(), GitError> {
    let successor = loop {
        match Successor::begin(file)? {
            Some(successor) => break successor,
            None if budget.wait() => {}
            None => return Err(GitError::Locked { path: beside(file, OWN) }),
        }
    };
    successor.write(replacement.wanted.unwrap_or_default())?;
    crash_point("settings: written");
    successor.lock(budget)?;
    crash_point("settings: locked");
    if load(file)?.as_deref() != replacement.found {
        return Err(GitError::Mismatch {
            what: format!("`{}`", file.display()),
            expected: "left alone while it is put back".to_owned(),
            found: "changed again".to_owned(),
        });
    }
    if replacement.wanted.is_some() {
        let lock = beside(file, LOCK);
        std::fs::rename(&lock, file).map_err(io("replace", file))?;
    } else {
        std::fs::remove_file(file).map_err(io("delete", file))?;
    }
    crash_point("settings: put back");
    Ok(())
}

/// Takes away what a writer that died left beside the file; whether git's lock was among it.
///
/// # Errors
/// The file system.
pub(super) fn settle(file: &Path) -> Result<bool, GitError> {
    let own = beside(file, OWN);
    let handle = match OpenOptions::new().append(true).open(&own) {
        Ok(handle) => handle,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(io("open", &own)(error)),
    };
    if handle.try_lock().is_err() || !is_at(&handle, &own) {
        return Ok(false);
    }
    Successor { of: file.to_owned(), handle }.clear()
}

const LOCK: &str = ".lock";
const OWN: &str = ".wt-orch";

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The file of our own, locked.
struct Successor {
    of: PathBuf,
    handle: File,
}

impl Successor {
    /// `None` while another process writes one.
    fn begin(file: &Path) -> Result<Option<Self>, GitError> {
        settle(file)?;
        let own = beside(file, OWN);
        let handle = match OpenOptions::new().append(true).create_new(true).open(&own) {
            Ok(handle) => handle,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(io("create", &own)(error)),
        };
        // Somebody who takes it for a dead writer's may have been quicker.
        let is_ours = handle.try_lock().is_ok() && is_at(&handle, &own);
        Ok(is_ours.then(|| Self { of: file.to_owned(), handle }))
    }

    fn write(&self, wanted: &[u8]) -> Result<(), GitError> {
        let own = beside(&self.of, OWN);
        let written = match self.of.metadata() {
            Ok(meta) => self.handle.set_permissions(meta.permissions()),
            Err(_) => Ok(()),
        };
        written
            .and_then(|()| (&self.handle).write_all(wanted))
            .and_then(|()| self.handle.sync_all())
            .map_err(io("write", &own))
    }

    /// Takes git's lock.
    fn lock(&self, mut budget: Backoff) -> Result<(), GitError> {
        let (own, lock) = (beside(&self.of, OWN), beside(&self.of, LOCK));
        loop {
            match std::fs::hard_link(&own, &lock) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if !budget.wait() {
                        return Err(GitError::Locked { path: lock });
                    }
                }
                Err(error) => return Err(io("create", &lock)(error)),
            }
        }
    }

    /// Takes itself away, git's lock first where that is held; whether it was.
    fn clear(&self) -> Result<bool, GitError> {
        let lock = beside(&self.of, LOCK);
        let held = is_at(&self.handle, &lock);
        if held {
            remove_if_there(&lock)?;
        }
        crash_point("settings: unlocked");
        remove_if_there(&beside(&self.of, OWN))?;
        Ok(held)
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        // What stays is taken away by the next one.
        let _cleared = self.clear().is_ok();
        // Closing is not enough: a child that is just being started has a copy of the handle.
        let _unlocked = self.handle.unlock().is_ok();
    }
}

#[cfg(test)]
mod tests;
