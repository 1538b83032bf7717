//! A worktree's `index.lock`, held, with a marker beside it that tells after a crash whose it is.
//!
//! The marker is a file of JSON lines that only grows; while a landing lives it is locked by this
//! process and by every git it starts (as their standard input), so that whoever gets the lock knows
//! that all of them are gone.

use std::fs::{File, FileTimes, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::backoff::Backoff;
use super::error::{GitError, io};
use super::land::{LandOutcome, LandRequest, Step};
use super::program::Invocation;
use super::repo::Repo;
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::Oid;

/// The marker, in the folder that git keeps for a worktree.
pub(super) const MARKER: &str = "wt-orch-landing.json";
/// What keeps every git from writing the index.
pub(super) const LOCK: &str = "index.lock";
const COPY: &str = "wt-orch-landing.index";

/// One line of a marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub(super) enum Mark {
    /// The lock is about to be taken by linking the file with this inode number to it.
    Began { branch: String, old: Oid, new: Oid, inode: u64 },
    /// The lock is ours.
    Locked,
    /// Files and lock are those of the new commit.
    Written,
    /// The lock, a file with this inode number, is about to become the index.
    Releasing { inode: u64 },
    /// The lock, a file with this inode number, is about to be deleted.
    Discarding { inode: u64 },
}

/// What became of the attempt to take the lock.
pub(super) enum Begin {
    Held(Session),
    /// Somebody else has it.
    Locked(PathBuf),
    /// An observer stopped the landing dead.
    Stopped,
}

/// A held `index.lock`.
#[derive(Debug)]
pub(super) struct Session {
    git_dir: PathBuf,
    marker: File,
    /// The lock is ours to remove.
    holds: bool,
    /// Everything is left as it is, as after a crash, for [`Session::adopt`].
    stopped: bool,
}

impl Session {
    pub(super) fn begin(
        repo: &Repo,
        request: &LandRequest,
        git_dir: &Path,
        observe: &mut dyn FnMut(Step) -> bool,
    ) -> Result<Begin, GitError> {
        let mut backoff = Backoff::new(repo.program().lock_wait());
        let marker = loop {
            match new_marker(git_dir)? {
                Some(marker) => break marker,
                None if backoff.wait() => {}
                None => return Err(GitError::Locked { path: git_dir.join(MARKER) }),
            }
        };
        let mut session =
            Self { git_dir: git_dir.to_owned(), marker, holds: false, stopped: false };
        crash_point("landing: marker made");
        let copy = session.copy_index(repo)?;
        crash_point("landing: index copied");
        let inode = copy.metadata().map_err(io("read", &copy))?.ino();
        let (branch, old, new) = (request.branch.clone(), request.old, request.new);
        session.mark(&Mark::Began { branch, old, new, inode })?;
        if !observe(Step::Marked) {
            session.stopped = true;
            return Ok(Begin::Stopped);
        }
        let lock = session.lock_path();
        loop {
            match std::fs::hard_link(&copy, &lock) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if !backoff.wait() {
                        return Ok(Begin::Locked(lock));
                    }
                }
                Err(error) => return Err(io("create", &lock)(error)),
            }
        }
        crash_point("landing: index locked");
        session.holds = true;
        session.mark(&Mark::Locked)?;
        crash_point("landing: lock marked");
        std::fs::remove_file(&copy).map_err(io("delete", &copy))?;
        crash_point("landing: copy deleted");
        if !observe(Step::Locked) {
            session.stopped = true;
            return Ok(Begin::Stopped);
        }
        Ok(Begin::Held(session))
    }

    /// Takes over the session of a landing that died; `None` while it lives or when there is none.
    pub(super) fn adopt(
        repo: &Repo,
        git_dir: &Path,
    ) -> Result<Option<(Self, Vec<Mark>)>, GitError> {
        let path = git_dir.join(MARKER);
        let mut backoff = Backoff::new(repo.program().lock_wait());
        loop {
            let marker = match OpenOptions::new().read(true).append(true).open(&path) {
                Ok(marker) => marker,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(io("open", &path)(error)),
            };
            if marker.try_lock().is_ok() && is_at(&marker, &path) {
                let text = std::fs::read_to_string(&path).map_err(io("read", &path))?;
                let marks = parse_marks(&text);
                // Until it is settled, a failure leaves it for the next attempt.
                let git_dir = git_dir.to_owned();
                return Ok(Some((Self { git_dir, marker, holds: false, stopped: true }, marks)));
            }
            if !backoff.wait() {
                return Err(GitError::Locked { path });
            }
        }
    }

    pub(super) fn lock_path(&self) -> PathBuf {
        self.git_dir.join(LOCK)
    }

    pub(super) fn index_path(&self) -> PathBuf {
        self.git_dir.join("index")
    }

    /// A git command that takes the lock for the index.
    pub(super) fn git<'a>(
        &self,
        repo: &'a Repo,
        worktree: &Path,
        subcommand: &str,
    ) -> Result<Invocation<'a>, GitError> {
        let marker = self.marker.try_clone().map_err(io("share", &self.git_dir.join(MARKER)))?;
        let command = repo.git_in(subcommand, &self.git_dir, worktree);
        Ok(command.env("GIT_INDEX_FILE", self.lock_path()).input_file(marker))
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn written(&mut self) -> Result<(), GitError> {
        crash_point("landing: files written");
        self.mark(&Mark::Written)?;
        crash_point("landing: writing marked");
        Ok(())
    }

    /// Leaves everything as it is, as a crash would.
    pub(super) fn stop(&mut self) -> LandOutcome {
        self.stopped = true;
        LandOutcome::TargetMoved { now: None }
    }

    /// Makes the lock the index.
    pub(super) fn release_forward(
        mut self,
        observe: &mut dyn FnMut(Step) -> bool,
    ) -> Result<(), GitError> {
        let (lock, index) = (self.lock_path(), self.index_path());
        let inode = lock.metadata().map_err(io("read", &lock))?.ino();
        self.mark(&Mark::Releasing { inode })?;
        crash_point("landing: release marked");
        std::fs::rename(&lock, &index).map_err(io("replace", &index))?;
        crash_point("landing: index replaced");
        self.holds = false;
        if !observe(Step::Released) {
            self.stopped = true;
            return Ok(());
        }
        self.clean_up()
    }

    /// Gives the lock up; the index is what it was.
    pub(super) fn release_back(mut self) -> Result<(), GitError> {
        let lock = self.lock_path();
        if let Ok(meta) = lock.metadata() {
            self.mark(&Mark::Discarding { inode: meta.ino() })?;
            crash_point("landing: discard marked");
            std::fs::remove_file(&lock).map_err(io("delete", &lock))?;
            crash_point("landing: lock deleted");
        }
        self.holds = false;
        self.clean_up()
    }

    /// Puts a fresh copy of the index in the place of the lock.
    pub(super) fn reset_lock(&self, repo: &Repo) -> Result<(), GitError> {
        let inner = self.git_dir.join("index.lock.lock");
        remove_if_there(&inner)?;
        let (copy, lock) = (self.copy_index(repo)?, self.lock_path());
        std::fs::rename(&copy, &lock).map_err(io("replace", &lock))
    }

    /// Removes the marker and what it stands for, but not the lock.
    pub(super) fn clean_up(&mut self) -> Result<(), GitError> {
        remove_if_there(&self.git_dir.join(COPY))?;
        crash_point("landing: before its marker goes");
        remove_if_there(&self.git_dir.join(MARKER))?;
        crash_point("landing: marker gone");
        self.stopped = true;
        Ok(())
    }

    /// A copy of the index with its modification time, without which a file changed in the same
    /// instant as the index would pass for unchanged.
    fn copy_index(&self, repo: &Repo) -> Result<PathBuf, GitError> {
        let (index, copy) = (self.index_path(), self.git_dir.join(COPY));
        remove_if_there(&copy)?;
        let copied = std::fs::copy(&index, &copy).and_then(|_| {
            let times = FileTimes::new().set_modified(index.metadata()?.modified()?);
            File::options().write(true).open(&copy)?.set_times(times)
        });
        match copied {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let command = repo.git_in("read-tree", &self.git_dir, &self.git_dir);
                command.env("GIT_INDEX_FILE", &copy).arg("--empty").output()?;
            }
            Err(error) => return Err(io("copy", &index)(error)),
        }
        Ok(copy)
    }

    fn mark(&mut self, mark: &Mark) -> Result<(), GitError> {
        let path = self.git_dir.join(MARKER);
        let mut line = serde_json::to_vec(mark)
            .map_err(|error| io("write", &path)(std::io::Error::other(error)))?;
        line.push(b'\n');
        let written = self.marker.write_all(&line).and_then(|()| self.marker.sync_data());
        written.map_err(io("write", &path))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.stopped {
            // A refusal or an error on the way: nothing of ours outlives us.
            let _removed = self.holds && remove_if_there(&self.lock_path()).is_ok();
            let _cleaned = self.clean_up().is_ok();
        }
        let _unlocked = self.marker.unlock().is_ok();
    }
}

/// The lines of a marker; of one that was cut off in the middle of a line, those before.
pub(super) fn parse_marks(text: &str) -> Vec<Mark> {
    text.lines().map_while(|line| serde_json::from_str(line).ok()).collect()
}

/// Creates and locks the marker; `None` when there is one.
fn new_marker(git_dir: &Path) -> Result<Option<File>, GitError> {
    let path = git_dir.join(MARKER);
    let marker = match OpenOptions::new().append(true).create_new(true).open(&path) {
        Ok(marker) => marker,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(io("create", &path)(error)),
    };
    // Somebody who takes it for a dead landing's may have been quicker.
    Ok((marker.try_lock().is_ok() && is_at(&marker, &path)).then_some(marker))
}

pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.metadata()) {
        (Ok(one), Ok(two)) => (one.dev(), one.ino()) == (two.dev(), two.ino()),
        _ => false,
    }
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), GitError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("delete", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
