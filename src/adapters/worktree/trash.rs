//! Folders on their way out. What is removed is first renamed, which is instant and cannot end half
//! way, and deleted afterwards; what a killed process left undeleted is found by its name.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::delete::delete_tree;
use super::lock::RepoLock;
use super::pool::{self, is_pool};
use crate::adapters::git::{GitError, Repo, io};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::stable_hash;

/// Beginning of the name of what waits for its deletion beside a worktree.
const PREFIX: &str = ".wt-orch-trash-";

/// The same in the repository's own folder.
const OWN_PREFIX: &str = "trash-";

/// Entries of git's are made under a name of this kind in the repository's own folder.
const HALF_MADE_PREFIX: &str = "tmp-";

/// Deletes what it is given, one after another, each on all cores, while its owner goes on.
#[derive(Debug)]
pub struct Trash {
    sender: Sender<Waste>,
    worker: JoinHandle<Emptied>,
}

/// What came back.
#[derive(Debug, Default)]
pub struct Emptied {
    /// Bytes that came back from each thing, by the name under which it had been known.
    pub freed: Vec<(PathBuf, u64)>,
    /// The first thing that could not be deleted.
    pub failed: Option<GitError>,
}

/// One thing to be deleted.
#[derive(Debug)]
pub(super) struct Waste {
    known_as: PathBuf,
    place: PathBuf,
}

impl Trash {
    /// Empty, and ready.
    pub fn begin() -> Self {
        let (sender, receiver) = channel();
        Self { sender, worker: std::thread::spawn(move || emptied(&receiver)) }
    }

    /// Waits until everything is deleted.
    pub fn finish(self) -> Emptied {
        drop(self.sender);
        self.worker.join().unwrap_or_else(|_panic| {
            let source = std::io::Error::other("the deletion ended half way");
            let failed = io("delete", Path::new(&format!("{PREFIX}…")))(source);
            Emptied { freed: Vec::new(), failed: Some(failed) }
        })
    }

    /// Deletes a folder where it is.
    pub fn delete(&self, folder: &Path) {
        self.add([Waste { known_as: folder.to_owned(), place: folder.to_owned() }]);
    }

    pub(super) fn add(&self, waste: impl IntoIterator<Item = Waste>) {
        for one in waste {
            // The worker ends after its senders only.
            let _taken = self.sender.send(one).is_ok();
        }
    }

    /// Takes in what a killed process left in the trash of this repository: beside the worktrees in
    /// these folders, and in the repository's own folder. Returns the places.
    ///
    /// # Errors
    /// The repository's lock.
    pub fn take_leftovers(
        &self,
        repo: &Repo,
        parents: &[PathBuf],
    ) -> Result<Vec<PathBuf>, GitError> {
        if !is_begun(repo) {
            return Ok(Vec::new());
        }
        let _lock = RepoLock::acquire(repo)?;
        let found = undeleted(repo, parents)?;
        for place in &found {
            match place.parent().filter(|parent| is_pool(repo, parent)) {
                Some(pool) => {
                    self.add(discarded_folder(repo, place)?);
                    pool::forget_if_empty(pool);
                }
                None => self.delete(place),
            }
        }
        // Of git's entries the last may have been renamed, and nothing come after it.
        let _emptied = std::fs::remove_dir(repo.common_dir().join("worktrees")).is_ok();
        Ok(found)
    }
}

/// What a killed process left to be deleted, as [`Trash::take_leftovers`] would find it.
///
/// # Errors
/// The repository's lock.
pub fn leftovers(repo: &Repo, parents: &[PathBuf]) -> Result<Vec<PathBuf>, GitError> {
    if !is_begun(repo) {
        return Ok(Vec::new());
    }
    let _lock = RepoLock::acquire(repo)?;
    undeleted(repo, parents)
}

/// Whether anything of ours was ever done here.
pub(super) fn is_begun(repo: &Repo) -> bool {
    repo.common_dir().join("wt-orch").is_dir()
}

/// Needs the repository's lock: nobody is then at work on a half-made entry.
fn undeleted(repo: &Repo, parents: &[PathBuf]) -> Result<Vec<PathBuf>, GitError> {
    let own = repo.common_dir().join("wt-orch");
    let beside = beside_prefix(repo);
    // One of ours that was replaced by a link leads to somebody else's.
    let own_folder = |parent: &&PathBuf| !pool::is_hidden(repo, parent) || pool::stands(parent);
    let mut found: Vec<PathBuf> =
        parents.iter().filter(own_folder).flat_map(|parent| named(parent, &beside)).collect();
    for prefix in [OWN_PREFIX, HALF_MADE_PREFIX] {
        found.extend(named(&own, prefix));
    }
    if parents.iter().any(|parent| pool::stands(&pool::folder_in(repo, parent))) {
        found.extend(pool::orphans(repo, parents, &repo.worktrees()?));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn named(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let fits = |entry: &std::fs::DirEntry| {
        let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        folder && entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes())
    };
    entries.flatten().filter(fits).map(|entry| entry.path()).collect()
}

/// Several repositories may have their worktrees in one folder.
fn beside_prefix(repo: &Repo) -> String {
    let bytes = repo.common_dir().as_os_str().as_encoded_bytes();
    format!("{PREFIX}{:016x}-", stable_hash(&[bytes]))
}

/// Renames a folder of a worktree to a hidden one beside it. `None` when it is gone; where it cannot
/// be renamed (the root of a file system, a full disk) it is to be deleted where it is.
pub(super) fn discarded_folder(repo: &Repo, path: &Path) -> Result<Option<Waste>, GitError> {
    discarded_part(repo, path, path)
}

/// The same for a folder inside a worktree.
pub(super) fn discarded_part(
    repo: &Repo,
    path: &Path,
    worktree: &Path,
) -> Result<Option<Waste>, GitError> {
    let parent = worktree.parent().unwrap_or(worktree);
    // Where nothing is any more a hidden folder itself goes.
    discarded(path, pool::beside(repo, parent), &beside_prefix(repo))
}

/// Renames something in git's directory into our part of it.
pub(super) fn discarded_entry(repo: &Repo, path: &Path) -> Result<Option<Waste>, GitError> {
    discarded(path, &repo.common_dir().join("wt-orch"), OWN_PREFIX)
}

fn discarded(path: &Path, folder: &Path, prefix: &str) -> Result<Option<Waste>, GitError> {
    use std::io::ErrorKind::{CrossesDevices, NotFound, QuotaExceeded, ResourceBusy, StorageFull};
    let known_as = path.to_owned();
    // Nothing is made beforehand: what frees space must not need any.
    let random = RandomState::new().build_hasher().finish();
    let place = folder.join(format!("{prefix}{random:016x}"));
    crash_point("removal: before the rename");
    let renamed = std::fs::rename(path, &place);
    crash_point("removal: after the rename");
    match renamed {
        Ok(()) => Ok(Some(Waste { known_as, place })),
        Err(error) if error.kind() == NotFound => Ok(None),
        Err(error) => {
            let in_place = [CrossesDevices, ResourceBusy, StorageFull, QuotaExceeded];
            match in_place.contains(&error.kind()) {
                true => Ok(Some(Waste { place: known_as.clone(), known_as })),
                false => Err(io("rename", path)(error)),
            }
        }
    }
}

fn emptied(receiver: &Receiver<Waste>) -> Emptied {
    let mut done = Emptied::default();
    while let Ok(waste) = receiver.recv() {
        crash_point("removal: before the deletion");
        let deleted = delete_tree(&waste.place);
        crash_point("removal: after the deletion");
        match deleted {
            Ok(bytes) => done.freed.push((waste.known_as, bytes)),
            Err(error) => done.failed = done.failed.or(Some(error)),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_that_ended_half_way_is_no_success() {
        let (sender, _receiver) = channel();
        let worker = std::thread::spawn(|| -> Emptied { panic!("on purpose") });
        assert!(Trash { sender, worker }.finish().failed.is_some());
    }
}
