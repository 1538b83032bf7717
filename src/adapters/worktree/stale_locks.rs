//! Locks that a killed git left, on what belongs to a worktree in which nothing of ours runs any more.
//! What all worktrees share is another's, and stays locked.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::checkout::Checkout;
use crate::adapters::git::{GitError, io, real_path};
use crate::adapters::host::git_at_work::is_git_at_work;

const INDEX: &str = "index.lock";
/// Settings of the worktree, which whatever replaces them locks by itself.
const SETTINGS: &str = "config.worktree.lock";
/// Folders of a worktree's own part of the repository in which git takes locks, see
/// gitrepository-layout(5).
const FOLDERS: [&str; 5] = ["", "logs", "refs/bisect", "refs/worktree", "reftable"];
/// A git that is not seen, with a folder elsewhere, has a lock for some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(50);

/// Deletes the lock of a worktree's index; its name, if there was one.
pub(super) fn free_index(git_dir: &Path) -> Result<Option<String>, GitError> {
    delete(git_dir.join(INDEX))
}

/// What is said of one that was deleted.
pub(super) fn note(name: &str) -> String {
    format!("a killed git had left {name}; it was removed")
}

impl Checkout {
    /// Deletes all other locks of the worktree, and one on its branch if it has one, unless a git may
    /// still have them; their names.
    pub(super) fn free_head(
        &self,
        git_dir: &Path,
        branch: Option<&str>,
    ) -> Result<Vec<String>, GitError> {
        let mut locks: Vec<PathBuf> =
            FOLDERS.into_iter().flat_map(|folder| locks_in(&git_dir.join(folder))).collect();
        let heads = self.repo.common_dir().join("refs/heads");
        let shared = branch.map(|branch| heads.join(format!("{branch}.lock")));
        locks.extend(shared.filter(|shared| shared.symlink_metadata().is_ok()));
        if locks.is_empty() {
            return Ok(Vec::new());
        }
        let mut folders = vec![real_path(self.repo.common_dir())];
        folders.extend(self.repo.worktrees()?.iter().map(|worktree| real_path(&worktree.path)));
        let budget = self.repo.program().lock_wait();
        let left = left(locks, &folders, budget);
        left.into_iter().filter_map(|path| delete(path).transpose()).collect()
    }
}

fn locks_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_lock = |path: &PathBuf| {
        path.extension().is_some_and(|kind| kind == "lock")
            && !path.ends_with(INDEX)
            && !path.ends_with(SETTINGS)
    };
    entries.filter(is_lock).collect()
}

/// Those that lie there unchanged although no git is at work; none while one may have them for as long
/// as git itself would wait for them. Nothing tells when a lock is given back but that it is gone.
fn left(mut locks: Vec<PathBuf>, folders: &[PathBuf], budget: Duration) -> Vec<PathBuf> {
    let look =
        |path: &Path| path.symlink_metadata().ok().map(|found| (found.ino(), found.mtime_nsec()));
    let first: Vec<_> = locks.iter().map(|path| look(path)).collect();
    let mut waited = Duration::ZERO;
    loop {
        let is_over = match is_git_at_work(folders) {
            Some(false) => waited >= PATIENCE.min(budget),
            Some(true) if waited >= budget => return Vec::new(),
            Some(true) => false,
            None => waited >= budget,
        };
        if is_over {
            let mut first = first.iter();
            locks.retain(|path| {
                first.next().is_some_and(|seen| seen.is_some() && look(path) == *seen)
            });
            return locks;
        }
        if locks.iter().all(|path| look(path).is_none()) {
            return Vec::new();
        }
        sleep(LOOK);
        waited += LOOK;
    }
}

fn delete(path: PathBuf) -> Result<Option<String>, GitError> {
    match fs::remove_file(&path) {
        Ok(()) => Ok(path.file_name().map(|name| name.to_string_lossy().into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("delete", &path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(100);

    #[test]
    fn a_lock_that_lies_there_is_left_and_one_that_comes_anew_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let (dead, alive) = (path("HEAD.lock"), path("a.lock"));
        fs::write(&dead, "").unwrap();
        fs::write(&alive, "").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                sleep(MOMENT / 2);
                fs::write(path("other"), "").unwrap();
                fs::rename(path("other"), &alive).unwrap();
            });
            let locks = vec![dead.clone(), alive.clone()];
            assert_eq!(left(locks, &[], MOMENT), std::slice::from_ref(&dead));
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_is_taken_from_a_git_at_work_in_the_repository() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().canonicalize().unwrap();
        let lock = folder.join("HEAD.lock");
        fs::write(&lock, "").unwrap();
        fs::copy("/bin/sh", folder.join("git")).unwrap();
        let mut git = std::process::Command::new(folder.join("git"));
        git.args(["-c", "read line"]).current_dir(&folder).stdin(std::process::Stdio::piped());
        let mut git = git.spawn().unwrap();
        let (here, elsewhere) = ([folder.clone()], [folder.join("elsewhere")]);
        let left = |folders: &[PathBuf]| left(vec![lock.clone()], folders, MOMENT).len();
        while is_git_at_work(&here) != Some(true) {
            sleep(Duration::from_millis(1));
        }
        assert_eq!((left(&here), left(&elsewhere)), (0, 1));
        git.kill().unwrap();
        git.wait().unwrap();
        assert_eq!(left(&here), 1);
    }
}
