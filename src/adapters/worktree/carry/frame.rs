//! The folders that files come into, made with the permissions and times of the checkout's.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{Mode, Stat, fstat};

use super::folder::{ensure_folder, open_below, split};
use super::record::Stamp;
use super::times::set_time;
use crate::adapters::git::as_path;

/// Folders of one worktree.
pub(super) struct Frame<'a> {
    to: BorrowedFd<'a>,
    /// Those that were missing, with the time of the checkout's, parents first.
    made: Vec<(Vec<u8>, Option<Stamp>)>,
    /// Those that cannot be had: a link or a file is there, or above.
    blocked: BTreeSet<Vec<u8>>,
}

impl<'a> Frame<'a> {
    /// Makes the folders that are missing; `needed` names parents before what is in them. An error
    /// comes with the folder that could not be made.
    pub(super) fn build(
        from: BorrowedFd<'_>,
        to: BorrowedFd<'a>,
        needed: BTreeSet<Vec<u8>>,
    ) -> Result<Self, (Vec<u8>, io::Error)> {
        let mut frame = Self { to, made: Vec::new(), blocked: BTreeSet::new() };
        for path in needed {
            if frame.is_blocked(split(&path).0) {
                frame.blocked.insert(path);
                continue;
            }
            let origin = open_below(from, &path).and_then(|folder| Ok(fstat(folder)?)).ok();
            let mode = origin.as_ref().map_or(Mode::from(0o755), mode_of);
            match ensure_folder(to, &path, mode) {
                Ok(true) => frame.made.push((path, origin.as_ref().map(Stamp::at))),
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                    frame.blocked.insert(path);
                }
                Err(error) => return Err((path, error)),
            }
        }
        Ok(frame)
    }

    /// Whether nothing can be brought into this folder.
    pub(super) fn is_blocked(&self, folder: &[u8]) -> bool {
        self.blocked.contains(folder)
    }

    /// Gives the folders that were made the times of the checkout's, now that they are full: a folder
    /// younger than a source file looks like a finished build to make.
    pub(super) fn keep_times(&self) {
        for (path, stamp) in self.made.iter().rev() {
            let (folder, name) = split(path);
            if let (Some(stamp), Ok(folder)) = (stamp, open_below(self.to, folder)) {
                // Too young a folder only costs a rebuild.
                let _kept = set_time(folder.as_fd(), as_path(name), Some(*stamp)).is_ok();
            }
        }
    }
}

/// The checkout's permissions, and ours to fill the folder.
fn mode_of(stat: &Stat) -> Mode {
    Mode::from_raw_mode(stat.st_mode) & Mode::from(0o777) | Mode::RWXU
}
