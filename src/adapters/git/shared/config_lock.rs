//! Replacing a file of settings under git's own lock, so that no death of this process leaves a lock
//! that nobody may take away.
//!
//! What is to come is written to a file of our own beside it, which is locked as long as its writer
//! lives, and only then linked to the name of git's lock. So a lock that is that file is ours, and
//! whoever can lock the file knows that its writer is dead.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::config::load;
use crate::adapters::git::backoff::Backoff;
use crate::adapters::git::error::{GitError, io as failed};
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
    let mut successor = loop {
        match Successor::begin(file)? {
            Some(successor) => break successor,
            None if budget.wait() => {}
            None => return Err(GitError::Locked { path: beside(file, OWN) }),
        }
    };
    let wanted = replacement.wanted.unwrap_or_default();
    let own = beside(file, OWN);
    fill(&successor.handle, file, wanted).map_err(failed("write", &own))?;
    crash_point("settings: written");
    successor.lock(wanted, |own, lock| std::fs::hard_link(own, lock), budget)?;
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
        std::fs::rename(&lock, file).map_err(failed("replace", file))?;
    } else {
        std::fs::remove_file(file).map_err(failed("delete", file))?;
    }
    crash_point("settings: put back");
    Ok(())
}

/// Takes away what a writer that died left beside the file; whether git's lock was among it.
///
/// # Errors
/// The file system.
pub(super) fn settle(file: &Path) -> Result<bool, GitError> {
    let own = leftover(file);
    // Its mode is that of the file, which may forbid to write; and nothing may be waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let handle = match OpenOptions::new().read(true).custom_flags(flags).open(&own) {
        Ok(handle) => handle,
        // What may not be read is not ours.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            return Ok(false);
        }
        Err(error) => return Err(failed("open", &own)(error)),
    };
    if !is_locked(handle.try_lock(), &own)? || !is_at(&handle, &own) {
        return Ok(false);
    }
    Successor { of: file.to_owned(), handle, unlinked: None }.clear()
}

/// What a writer that died may have left beside the file.
pub(super) fn leftover(file: &Path) -> PathBuf {
    beside(file, OWN)
}

const LOCK: &str = ".lock";
const OWN: &str = ".wt-orch";

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Whether a lock was got; `false` where somebody else has it.
fn is_locked(tried: Result<(), TryLockError>, path: &Path) -> Result<bool, GitError> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(failed("lock", path)(error)),
    }
}

/// Whether a file system says that no file there can have two names.
fn has_no_links(error: &io::Error) -> bool {
    use ErrorKind::{PermissionDenied, TooManyLinks, Unsupported};
    matches!(error.kind(), PermissionDenied | TooManyLinks | Unsupported)
}

/// Writes what is to come, with the mode of the file that it replaces.
fn fill(mut handle: &File, of: &Path, wanted: &[u8]) -> io::Result<()> {
    if let Ok(meta) = of.metadata() {
        handle.set_permissions(meta.permissions())?;
    }
    handle.write_all(wanted)?;
    handle.sync_all()
}

/// The file of our own, locked.
struct Successor {
    of: PathBuf,
    handle: File,
    /// Git's lock, where a file cannot have two names: nobody knows that it is ours when we die.
    unlinked: Option<File>,
}

impl Successor {
    /// `None` while another process writes one.
    fn begin(file: &Path) -> Result<Option<Self>, GitError> {
        settle(file)?;
        let own = beside(file, OWN);
        let handle = match OpenOptions::new().append(true).create_new(true).open(&own) {
            Ok(handle) => handle,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(failed("create", &own)(error)),
        };
        let locked = is_locked(handle.try_lock(), &own).inspect_err(|_| {
            // Without locks nobody else would.
            let _removed = remove_if_there(&own).is_ok();
        })?;
        // Somebody who takes it for a dead writer's may have been quicker.
        let is_ours = locked && is_at(&handle, &own);
        Ok(is_ours.then(|| Self { of: file.to_owned(), handle, unlinked: None }))
    }

    /// Takes git's lock, which then holds what is wanted; `link` gives a file a second name.
    fn lock(
        &mut self,
        wanted: &[u8],
        link: impl Fn(&Path, &Path) -> io::Result<()>,
        mut budget: Backoff,
    ) -> Result<(), GitError> {
        let (own, lock) = (beside(&self.of, OWN), beside(&self.of, LOCK));
        loop {
            let taken = match link(&own, &lock) {
                Err(error) if has_no_links(&error) => self.lock_unlinked(&lock, wanted),
                linked => linked,
            };
            match taken {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if !budget.wait() {
                        return Err(GitError::Locked { path: lock });
                    }
                }
                taken => return taken.map_err(failed("create", &lock)),
            }
        }
    }

    fn lock_unlinked(&mut self, lock: &Path, wanted: &[u8]) -> io::Result<()> {
        let handle = OpenOptions::new().append(true).create_new(true).open(lock)?;
        fill(self.unlinked.insert(handle), &self.of, wanted)
    }

    /// Takes itself away, git's lock first where that is held; whether it was.
    fn clear(&self) -> Result<bool, GitError> {
        let lock = beside(&self.of, LOCK);
        let held = [Some(&self.handle), self.unlinked.as_ref()]
            .into_iter()
            .flatten()
            .any(|handle| is_at(handle, &lock));
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
