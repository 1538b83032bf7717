//! A lock between processes that its holder's death releases, however it dies.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::identity::{ProcessIdentity, is_alive};
use crate::adapters::host::crash_point::crash_point;

/// Longest text read as an owner, in bytes.
const OWNER_MAX: u64 = 4096;

/// How long a lock is awaited whose holder is dead: a process that it was just starting has a copy of
/// the handle until it runs its own program.
const INHERITED: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(5);

/// The file could not be opened, locked or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the lock file {}", path.display())]
pub struct LockError {
    /// The lock file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// What became of the wish to hold a lock.
#[derive(Debug)]
pub enum LockOutcome {
    /// It is held until the value is dropped or the process ends.
    Held(RunLock),
    /// Another process holds it.
    Busy {
        /// Which, when it has had the time to say so.
        owner: Option<ProcessIdentity>,
    },
}

/// What a lock's file tells, without taking the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockTrace {
    /// Its holder lives.
    Held,
    /// Its holder died without giving it back.
    Deserted,
    /// It was given back, or is not there.
    Free,
}

/// Looks who wrote last into a lock's file.
pub fn lock_trace(path: &Path) -> LockTrace {
    match fs::read(path) {
        Ok(text) if text.is_empty() => LockTrace::Free,
        Err(_) => LockTrace::Free,
        Ok(text) => match serde_json::from_slice(&text) {
            Ok(owner) if is_alive(&owner) => LockTrace::Held,
            Ok(_) | Err(_) => LockTrace::Deserted,
        },
    }
}

/// The process that holds a lock; `None` when it is free, and for a moment after it was taken.
pub fn lock_owner(path: &Path) -> Option<ProcessIdentity> {
    load_owner(File::open(path).ok()?)
}

/// A held lock. The file stays when the lock is released.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    path: PathBuf,
}

impl RunLock {
    /// Takes the lock without waiting. Makes the file and its folders; writes this process into it.
    pub fn acquire(path: &Path) -> Result<LockOutcome, LockError> {
        acquire(path).map_err(|source| LockError { path: path.to_owned(), source })
    }

    /// Writes other text than this process into the file. Whoever reads meanwhile finds one of both, as
    /// long as they are short: spaces fill the rest of the longer one.
    pub(super) fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let before = usize::try_from(self.file.metadata()?.len()).unwrap_or(0);
        let mut padded = text.to_vec();
        padded.resize(before.max(text.len()), b' ');
        self.file.write_all_at(&padded, 0)
    }

    /// Releases the lock and deletes its file. Who has just opened that file looks for another one
    /// when it gets the lock.
    ///
    /// # Errors
    /// The file cannot be deleted.
    pub fn remove(self) -> Result<(), LockError> {
        crash_point("lock: before its file goes");
        match fs::remove_file(&self.path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(LockError { path: self.path.clone(), source })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // The text is only for people. A child of ours that is just being started has a copy of the
        // handle, so closing it would not always do.
        crash_point("lock: before it is given back");
        self.file.set_len(0).ok();
        self.file.unlock().ok();
    }
}

fn acquire(path: &Path) -> io::Result<LockOutcome> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut waited = Duration::ZERO;
    loop {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            // Nothing tells when the copy is closed.
            Err(TryLockError::WouldBlock)
                if waited < INHERITED && lock_trace(path) == LockTrace::Deserted =>
            {
                sleep(LOOK);
                waited += LOOK;
                continue;
            }
            Err(TryLockError::WouldBlock) => {
                return Ok(LockOutcome::Busy { owner: load_owner(file) });
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if !is_at(&file, path)? {
            continue;
        }
        crash_point("lock: taken");
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&serde_json::to_vec(&ProcessIdentity::own())?)?;
        crash_point("lock: signed");
        return Ok(LockOutcome::Held(RunLock { file, path: path.to_owned() }));
    }
}

/// Whether the file is still the one of that name: its last holder may have deleted it.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let opened = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A dead owner's text may still stand there for a moment after another process took the lock.
fn load_owner(file: File) -> Option<ProcessIdentity> {
    let mut text = String::new();
    file.take(OWNER_MAX).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok().filter(is_alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(path: &Path) -> RunLock {
        match RunLock::acquire(path).unwrap() {
            LockOutcome::Held(lock) => lock,
            LockOutcome::Busy { owner } => panic!("busy: {owner:?}"),
        }
    }

    #[test]
    fn the_second_taker_learns_who_holds_the_lock_and_gets_it_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("locks/r.lock");
        let lock = held(&path);
        match RunLock::acquire(&path).unwrap() {
            LockOutcome::Busy { owner } => assert_eq!(owner, Some(ProcessIdentity::own())),
            LockOutcome::Held(_) => panic!("held twice"),
        }
        drop(lock);
        assert!(path.exists());
        drop(held(&path));
    }

    #[test]
    fn a_removed_lock_leaves_no_file_and_lets_no_two_in() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.lock");
        let lock = held(&path);
        let waiting = File::open(&path).unwrap();
        lock.remove().unwrap();
        assert!(!path.exists());
        // Whoever had the old file open may lock it and is then not taken for the holder.
        waiting.try_lock().unwrap();
        assert!(!is_at(&waiting, &path).unwrap());
        let _next = held(&path);
        assert!(!is_at(&waiting, &path).unwrap());
        assert!(matches!(RunLock::acquire(&path).unwrap(), LockOutcome::Busy { .. }));
    }

    #[test]
    fn what_a_killed_holder_left_in_the_file_does_not_keep_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.lock");
        fs::write(&path, vec![b'x'; 9000]).unwrap();
        let _lock = held(&path);
        let owner: ProcessIdentity = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(owner, ProcessIdentity::own());
    }

    #[test]
    fn killing_the_holder_frees_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.lock");
        // The child's stdin is the locked file, which is closed on this side.
        let file = File::create(&path).unwrap();
        file.try_lock().unwrap();
        let mut holder = std::process::Command::new("sleep").arg("60").stdin(file).spawn().unwrap();
        assert!(matches!(RunLock::acquire(&path).unwrap(), LockOutcome::Busy { owner: None }));
        holder.kill().unwrap();
        holder.wait().unwrap();
        // Children that other tests are just starting may have a copy of the handle.
        let is_free = (0..10_000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            matches!(RunLock::acquire(&path).unwrap(), LockOutcome::Held(_))
        });
        assert!(is_free);
    }

    #[test]
    fn a_copy_of_the_handle_that_outlives_the_holder_for_a_moment_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.lock");
        let dead = ProcessIdentity { pid: 0, ..ProcessIdentity::own() };
        fs::write(&path, serde_json::to_vec(&dead).unwrap()).unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.try_lock().unwrap();
        let mut heir = std::process::Command::new("sleep").arg("0.1").stdin(file).spawn().unwrap();
        let _lock = held(&path);
        heir.wait().unwrap();
    }

    #[test]
    fn the_file_tells_whether_its_holder_lives() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.lock");
        assert_eq!(lock_trace(&path), LockTrace::Free);
        let lock = held(&path);
        assert_eq!(lock_trace(&path), LockTrace::Held);
        drop(lock);
        assert_eq!(lock_trace(&path), LockTrace::Free);
        let dead = ProcessIdentity { pid: 0, ..ProcessIdentity::own() };
        fs::write(&path, serde_json::to_vec(&dead).unwrap()).unwrap();
        assert_eq!(lock_trace(&path), LockTrace::Deserted);
    }

    #[test]
    fn an_unusable_place_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let error = RunLock::acquire(&dir.path().join("file/r.lock")).unwrap_err();
        assert!(error.to_string().ends_with("file/r.lock"), "{error}");
    }
}
