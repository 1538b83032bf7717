//! What tests left where their worktree stood. It is nobody's work, but it may be a way to somebody's:
//! a link to a folder, a file system mounted there, a worktree that was moved there.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::is_test_folder;
use crate::adapters::git::{GitError, Repo, admin_dirs, io, real_path, real_place};
use crate::adapters::worktree::lock::RepoLock;
use crate::adapters::worktree::remove::discarded;
use crate::adapters::worktree::trash::{Trash, discarded_entry, discarded_folder};

/// What stands where neither a worktree of tests nor the folder of all of them is: a link, or another
/// thing that is no folder. `None` where both are folders or are not there, and of other places.
pub fn test_place_taken(repo: &Repo, worktree: &Path) -> Option<PathBuf> {
    let folder = test_folder(repo, worktree)?;
    let is_other = |path: &Path| path.symlink_metadata().is_ok_and(|found| !found.is_dir());
    [folder, worktree].into_iter().find(|path| is_other(path)).map(Path::to_owned)
}

/// Takes away what [`test_place_taken`] finds, and git's entry of the worktree that stood there: a link
/// goes, what it leads to stays as it is.
///
/// # Errors
/// Git, or the file system.
pub fn free_test_place(repo: &Repo, worktree: &Path, trash: &Trash) -> Result<bool, GitError> {
    if test_place_taken(repo, worktree).is_none() {
        return Ok(false);
    }
    let _lock = RepoLock::acquire(repo)?;
    while let Some(other) = test_place_taken(repo, worktree) {
        std::fs::remove_file(&other).map_err(io("delete", &other))?;
    }
    // Nothing is found through the place: it may just have led elsewhere.
    if let Some(entry) = admin_dirs(repo.common_dir())?.remove(&own_place(worktree)) {
        trash.add(discarded_entry(repo, &entry)?);
    }
    Ok(true)
}

/// Hands whatever stands at the place of a worktree of tests to the trash: nobody works there, whatever
/// tests made of it. Of a link only the link goes.
///
/// # Errors
/// Git, a folder that cannot be renamed, or one that is somebody else's.
pub fn clear_test_place(repo: &Repo, worktree: &Path, trash: &Trash) -> Result<(), GitError> {
    if test_folder(repo, worktree).is_none() {
        return Ok(());
    }
    let _freed = free_test_place(repo, worktree, trash)?;
    let _lock = RepoLock::acquire(repo)?;
    let place = own_place(worktree);
    refuse_other(repo, &place)?;
    trash.add(discarded(repo, &place, &repo.worktrees()?)?);
    trash.add(discarded_folder(repo, &place)?);
    Ok(())
}

fn test_folder<'a>(repo: &Repo, worktree: &'a Path) -> Option<&'a Path> {
    worktree.parent().filter(|folder| is_test_folder(repo, folder))
}

/// The place as git was told of it, whatever stands there or where the folder of all is.
fn own_place(worktree: &Path) -> PathBuf {
    match (worktree.parent(), worktree.file_name()) {
        (Some(folder), Some(name)) => real_place(folder).join(name),
        _ => worktree.to_owned(),
    }
}

/// Refuses to take away a folder at a place of ours that somebody else put there.
fn refuse_other(repo: &Repo, place: &Path) -> Result<(), GitError> {
    let refused = |found: &str| {
        Err(GitError::Mismatch {
            what: format!("`{}`", place.display()),
            expected: "a worktree of tests".to_owned(),
            found: found.to_owned(),
        })
    };
    let Ok(found) = place.symlink_metadata() else { return Ok(()) };
    if is_mount(place, &found) {
        return refused("a mounted file system");
    }
    let main = !repo.is_bare() && real_path(repo.root()) == place;
    if main || real_path(repo.common_dir()).starts_with(place) {
        return refused("the repository itself");
    }
    let Ok(text) = std::fs::read_to_string(place.join(".git")) else { return Ok(()) };
    let Some(target) = text.strip_prefix("gitdir: ").map(str::trim_end) else { return Ok(()) };
    let target = real_path(&place.join(target));
    let entries = admin_dirs(repo.common_dir())?;
    let other = entries.iter().find(|(_, entry)| real_path(entry) == target);
    match other {
        Some((served, _)) if real_place(served) != place => {
            refused(&format!("the worktree of `{}`", served.display()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether another file system begins there, or another part of the same one.
fn is_mount(place: &Path, found: &Metadata) -> bool {
    let above = place.parent().and_then(|parent| parent.symlink_metadata().ok());
    above.is_some_and(|above| above.dev() != found.dev()) || is_mount_root(place)
}

#[cfg(target_os = "linux")]
fn is_mount_root(place: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    statx(CWD, place, flags, StatxFlags::empty())
        .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn is_mount_root(_place: &Path) -> bool {
    false
}
