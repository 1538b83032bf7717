//! A worktree whose ties to the repository something that ran in it has cut: the `.git` file, the
//! place of its folder and git's entry are ours, and are made again where its files are still there.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::admin;
use super::batch::Wanted;
use super::checkout::{Broken, Checkout};
use super::lock::RepoLock;
use super::provision::WorktreeOptions;
use super::whole_file::write_whole;
use crate::adapters::git::{GitError, admin_dirs, io, real_path};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::Oid;

/// Most folders beside a worktree's place that are looked at for one that was moved.
const LOOKED_AT: usize = 2000;

/// A worktree as it was found, or made whole again.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) checkout: Checkout,
    /// What was wrong and was put right, as sentences for a report.
    pub(super) notes: Vec<String>,
    /// Git's entry was gone, and with it what was remembered there: which files had been brought from
    /// the user's checkout.
    pub(super) forgot: bool,
}

impl Checkout {
    /// Puts right what can be put right.
    ///
    /// # Errors
    /// The file system.
    pub(super) fn recovered(&self, branch: &str, start: Oid) -> Result<Recovered, GitError> {
        let mut found = Recovered { checkout: self.clone(), notes: Vec::new(), forgot: false };
        match self.broken() {
            None | Some(Broken::Replaced | Broken::PointsElsewhere) => {}
            Some(Broken::GitFileGone) => {
                if let Some(git_dir) = &self.git_dir {
                    write_link(&self.path, git_dir)?;
                    found.notes.push("its .git file was gone and was written again".to_owned());
                }
            }
            Some(Broken::FolderGone | Broken::EntryGone) => {
                if let Some((folder, git_dir)) = self.moved(branch)? {
                    self.move_back(&folder, &git_dir)?;
                    let place = folder.display();
                    found
                        .notes
                        .push(format!("its folder was moved to `{place}` and was moved back"));
                    found.checkout.git_dir = Some(git_dir);
                } else if self.path.symlink_metadata().is_ok_and(|found| found.is_dir())
                    && self.repo.checkout_needs_git().is_none()
                {
                    found.checkout.git_dir = Some(self.register_again(branch, start)?);
                    found.forgot = true;
                }
            }
        }
        Ok(found)
    }

    /// The folder that a worktree on `branch` has now, and git's entry of it.
    fn moved(&self, branch: &str) -> Result<Option<(PathBuf, PathBuf)>, GitError> {
        if self.path.symlink_metadata().is_ok() {
            return Ok(None);
        }
        let entries = admin_dirs(self.repo.common_dir())?;
        let on_branch = format!("ref: refs/heads/{branch}\n");
        let ours = |folder: &Path, git_dir: &Path| {
            real_path(folder) == self.path
                || std::fs::read(git_dir.join("HEAD"))
                    .is_ok_and(|head| head == on_branch.as_bytes())
        };
        let Some((folder, git_dir)) = entries.into_iter().find(|(f, dir)| ours(f, dir)) else {
            return Ok(None);
        };
        // `git worktree move` has told the entry, `mv` has not.
        if folder != self.path && is_linked_to(&folder, &git_dir) {
            return Ok(Some((folder, git_dir)));
        }
        let beside = self.path.parent().and_then(|parent| parent.read_dir().ok());
        let mut folders = beside.into_iter().flatten().flatten().take(LOOKED_AT);
        let moved = folders.find(|entry| is_linked_to(&entry.path(), &git_dir));
        Ok(moved.map(|entry| (entry.path(), git_dir)))
    }

    fn move_back(&self, folder: &Path, git_dir: &Path) -> Result<(), GitError> {
        let mut place = self.path.join(".git").into_os_string().into_encoded_bytes();
        place.push(b'\n');
        // First, since a folder that is elsewhere than its entry says is looked for again.
        write_whole(&git_dir.join("gitdir"), &place)?;
        std::fs::rename(folder, &self.path).map_err(io("move", folder))?;
        crash_point("worktree: moved back");
        write_link(&self.path, git_dir)
    }

    /// Makes git's entry again, without an index.
    fn register_again(&self, branch: &str, start: Oid) -> Result<PathBuf, GitError> {
        let lock = RepoLock::acquire(&self.repo)?;
        let wanted = Wanted {
            path: self.path.clone(),
            branch: Some(branch.to_owned()),
            lock_reason: None,
            options: WorktreeOptions::default(),
        };
        let git_dir = admin::register(&self.repo, &wanted, start, &lock)?;
        write_link(&self.path, &git_dir)?;
        admin::unlock(&git_dir, None)?;
        Ok(git_dir)
    }
}

/// Whether a folder's `.git` file names this entry.
fn is_linked_to(folder: &Path, git_dir: &Path) -> bool {
    let Ok(text) = std::fs::read(folder.join(".git")) else { return false };
    let target = text.strip_prefix(b"gitdir: ").map(<[u8]>::trim_ascii_end);
    target.is_some_and(|to| real_path(&folder.join(OsStr::from_bytes(to))) == real_path(git_dir))
}

/// Writes the `.git` file of a worktree.
pub(super) fn write_link(folder: &Path, git_dir: &Path) -> Result<(), GitError> {
    let file = folder.join(".git");
    let mut link = b"gitdir: ".to_vec();
    link.extend(git_dir.as_os_str().as_encoded_bytes());
    link.push(b'\n');
    std::fs::write(&file, link).map_err(io("write", &file))?;
    crash_point("worktree: tied to its entry");
    Ok(())
}
