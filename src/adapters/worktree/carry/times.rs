//! Modification times of tracked files beside build products (landing.md rule 9): a file that is the
//! checkout's has the checkout's time, so that its products count as fresh; any other is younger than
//! all of them, so that they never do.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rayon::prelude::*;
use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, statat, utimensat};

use super::admit::Carry;
use super::errands::tracked;
use super::folder::{open_below, open_top, split};
use super::record::Stamp;
use crate::adapters::git::{GitError, Repo, as_path, io};
use crate::domain::id::Oid;

/// Times of the checkout's files whose content is that of a commit.
#[derive(Debug, Clone, Default)]
pub struct KeptTimes(HashMap<Vec<u8>, Stamp>);

impl KeptTimes {
    /// Seconds and nanoseconds since 1970 that a file gets; `None`: it must be younger than any
    /// product.
    pub fn of(&self, path: &[u8]) -> Option<(i64, i64)> {
        self.0.get(path).map(|stamp| (stamp.seconds, stamp.nanoseconds))
    }
}

impl Carry {
    /// Times for the files of `commit`: those that are as the checkout has them keep its times.
    ///
    /// # Errors
    /// Git cannot compare the checkout with the commit.
    pub fn kept_times(&self, repo: &Repo, commit: Oid) -> Result<KeptTimes, GitError> {
        let (checkout, git_dir) = (&self.selection.checkout, &self.selection.git_dir);
        let diff = repo.git_in("diff", git_dir, checkout);
        let listed = diff
            .args(["--name-only", "-z", "--no-ext-diff", "--no-textconv", "--no-renames"])
            .args([&commit.to_string(), "--"])
            .output()?;
        let differ: HashSet<&[u8]> = listed.split(|&byte| byte == 0).collect();
        let top = open_top(checkout).map_err(io("open", checkout))?;
        let mut same = tracked(repo, checkout, git_dir)?;
        same.retain(|path| !differ.contains(path.as_slice()));
        let times = by_folder(same.iter().map(Vec::as_slice)).into_par_iter().flat_map_iter(
            |(folder, paths)| {
                let folder = open_below(top.as_fd(), folder).ok();
                let stamped = |path: &[u8]| {
                    let name = as_path(split(path).1);
                    let stat = statat(folder.as_ref()?, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
                    Some((path.to_vec(), Stamp::at(&stat)))
                };
                paths.into_iter().filter_map(stamped).collect::<Vec<_>>()
            },
        );
        Ok(KeptTimes(times.collect()))
    }

    /// Sets the times of every tracked file of a worktree that stands at the commit of `times`, and
    /// tells its index. To be called after products were brought.
    ///
    /// # Errors
    /// A time cannot be set, or git cannot read the worktree.
    pub fn refresh_times(
        &self,
        repo: &Repo,
        (worktree, git_dir): (&Path, &Path),
        times: &KeptTimes,
    ) -> Result<(), GitError> {
        let top = open_top(worktree).map_err(io("open", worktree))?;
        let files = tracked(repo, worktree, git_dir)?;
        by_folder(files.iter().map(Vec::as_slice)).into_par_iter().try_for_each(
            |(folder, paths)| {
                // Not there: left out by a sparse checkout.
                let Ok(opened) = open_below(top.as_fd(), folder) else { return Ok(()) };
                for path in paths {
                    let name = as_path(split(path).1);
                    match set_time(opened.as_fd(), name, times.0.get(path).copied()) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(io("set the time of", &worktree.join(as_path(path)))(
                                error,
                            ));
                        }
                        Ok(()) | Err(_) => {}
                    }
                }
                Ok(())
            },
        )?;
        let refresh = repo.git_in("update-index", git_dir, worktree);
        refresh.args(["-q", "--refresh"]).answer().map(|_| ())
    }
}

/// Sets the modification time of a file, link or folder: to that of another, or to now.
pub(super) fn set_time(
    folder: BorrowedFd<'_>,
    name: &Path,
    stamp: Option<Stamp>,
) -> io::Result<()> {
    let (seconds, nanoseconds) =
        stamp.map_or((0, UTIME_NOW), |stamp| (stamp.seconds, stamp.nanoseconds));
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: seconds, tv_nsec: nanoseconds },
    };
    Ok(utimensat(folder, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn by_folder<'a>(paths: impl Iterator<Item = &'a [u8]>) -> HashMap<&'a [u8], Vec<&'a [u8]>> {
    let mut folders: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
    for path in paths {
        folders.entry(split(path).0).or_default().push(path);
    }
    folders
}
