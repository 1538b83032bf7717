//! Deleting a folder with everything in it: folder by folder on all cores, by open handles, so that
//! no link is followed, whoever puts one there meanwhile.

use std::ffi::CString;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rayon::prelude::*;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fchmod, openat, statat, unlinkat};
use rustix::io::Errno;
use rustix::path::Arg;

use super::lock::RepoLock;
use crate::adapters::git::{GitError, Repo, io};

/// `st_blocks` counts these, whatever the file system's own blocks are.
const BLOCK: u64 = 512;

/// Deletes a folder with everything in it, also below folders without permissions. Returns the bytes
/// that came back: allocated blocks, those of a file with several names when its last one went. A
/// folder that is not there gives back nothing.
pub(super) fn delete_tree(path: &Path) -> Result<u64, GitError> {
    let mut deletion = Deletion::default();
    match openat(rustix::fs::CWD, path, folder_flags(), Mode::empty()) {
        Ok(folder) => deletion.add(emptied(folder)),
        Err(Errno::NOENT) => return Ok(0),
        // A file or a link in its place, or a folder without permissions.
        Err(error) => deletion.failed = Some(error),
    }
    let gone = match deletion.failed {
        None => std::fs::remove_dir(path),
        Some(Errno::ACCESS) => {
            open_folders(rustix::fs::CWD, path);
            std::fs::remove_dir_all(path)
        }
        Some(_) => std::fs::remove_dir_all(path),
    };
    match gone {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("delete", path)(error))
        }
        Ok(()) | Err(_) => Ok(deletion.freed),
    }
}

/// Removes the folders above these worktrees that are ours, from the innermost on, as long as nothing is
/// in them. Whoever makes a worktree makes them under the same lock.
///
/// # Errors
/// The repository's lock.
pub fn remove_empty_above(
    repo: &Repo,
    worktrees: &[&Path],
    is_ours: impl Fn(&Path) -> bool,
) -> Result<(), GitError> {
    let _lock = RepoLock::acquire(repo)?;
    for worktree in worktrees {
        let above = worktree.ancestors().skip(1).take_while(|folder| is_ours(folder));
        for folder in above {
            // One that still holds something stays, and so does all above it.
            if std::fs::remove_dir(folder).is_err() && folder.symlink_metadata().is_ok() {
                break;
            }
        }
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Deletion {
    freed: u64,
    /// What stopped a part of it; the rest goes on.
    failed: Option<Errno>,
}

impl Deletion {
    fn add(&mut self, other: Self) {
        self.freed += other.freed;
        self.failed = match other.failed {
            // It alone has a remedy.
            Some(Errno::ACCESS) => other.failed,
            Some(_) | None => self.failed.or(other.failed),
        };
    }

    fn merged(mut self, other: Self) -> Self {
        self.add(other);
        self
    }

    fn note(&mut self, result: rustix::io::Result<()>) {
        match result {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => self.add(Self { freed: 0, failed: Some(error) }),
        }
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Deletes everything in an open folder.
fn emptied(folder: OwnedFd) -> Deletion {
    let mut done = Deletion::default();
    let mut below: Vec<CString> = Vec::new();
    let mut files: Vec<CString> = Vec::new();
    let mut listing = match Dir::new(folder) {
        Ok(listing) => listing,
        Err(error) => return Deletion { freed: 0, failed: Some(error) },
    };
    // All names first: deleting while listing makes some file systems skip names.
    while let Some(entry) = listing.read() {
        match entry {
            Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
            Ok(entry) if entry.file_type() == FileType::Directory => {
                below.push(entry.file_name().to_owned());
            }
            Ok(entry) => files.push(entry.file_name().to_owned()),
            Err(error) => {
                done.failed = Some(error);
                break;
            }
        }
    }
    let folder = match listing.fd() {
        Ok(folder) => folder,
        Err(error) => return done.merged(Deletion { freed: 0, failed: Some(error) }),
    };
    for name in files {
        match statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
            // Some file systems do not tell folders from files in a listing.
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                below.push(name);
                continue;
            }
            Ok(stat) if stat.st_nlink <= 1 => done.freed += allocated(&stat),
            Ok(_) | Err(_) => {}
        }
        done.note(unlinkat(folder, &name, AtFlags::empty()));
    }
    let parts = below.par_iter().map(|name| folder_deleted(folder, name));
    done.merged(parts.reduce(Deletion::default, Deletion::merged))
}

fn folder_deleted(parent: impl AsFd, name: &CString) -> Deletion {
    let parent = parent.as_fd();
    let folder = match openat(parent, name, folder_flags(), Mode::empty()) {
        Ok(folder) => folder,
        Err(Errno::NOENT) => return Deletion::default(),
        Err(error) => return Deletion { freed: 0, failed: Some(error) },
    };
    let own = rustix::fs::fstat(&folder).map_or(0, |stat| allocated(&stat));
    let mut done = emptied(folder);
    if done.failed.is_none() {
        done.note(unlinkat(parent, name, AtFlags::REMOVEDIR));
        done.freed += own;
    }
    done
}

fn allocated(stat: &rustix::fs::Stat) -> u64 {
    u64::try_from(stat.st_blocks).unwrap_or_default() * BLOCK
}

/// Lets us into a folder and those below it. What cannot be opened is named by the attempt that
/// follows.
fn open_folders(parent: BorrowedFd<'_>, name: impl Arg + Copy) {
    let Some(folder) = opened(parent, name) else { return };
    let Ok(mut listing) = Dir::new(folder) else { return };
    let mut names: Vec<CString> = Vec::new();
    while let Some(Ok(entry)) = listing.read() {
        let folder = matches!(entry.file_type(), FileType::Directory | FileType::Unknown);
        if folder && !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    if let Ok(folder) = listing.fd() {
        names.iter().for_each(|name| open_folders(folder, name));
    }
}

/// Opens a folder and gives us every right to it.
fn opened(parent: BorrowedFd<'_>, name: impl Arg + Copy) -> Option<OwnedFd> {
    match openat(parent, name, folder_flags(), Mode::empty()) {
        Ok(folder) => {
            let _ours = fchmod(&folder, Mode::RWXU).is_ok();
            Some(folder)
        }
        Err(Errno::ACCESS) => {
            permit(parent, name).ok()?;
            openat(parent, name, folder_flags(), Mode::empty()).ok()
        }
        Err(_) => None,
    }
}

/// Changes the mode of a folder that cannot be opened for reading. A handle that is good for nothing
/// else names it, so that no link can take its place.
#[cfg(target_os = "linux")]
fn permit(parent: BorrowedFd<'_>, name: impl Arg) -> rustix::io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = openat(parent, name, flags, Mode::empty())?;
    rustix::fs::chmod(format!("/proc/self/fd/{}", folder.as_raw_fd()), Mode::RWXU)
}

/// Changes the mode of a folder that cannot be opened for reading; of a link its own.
#[cfg(not(target_os = "linux"))]
fn permit(parent: BorrowedFd<'_>, name: impl Arg) -> rustix::io::Result<()> {
    rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::SYMLINK_NOFOLLOW)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_deleted_and_not_followed_and_closed_folders_are_opened() {
        let world = tempfile::tempdir().unwrap();
        let (top, outside) = (world.path().join("top"), world.path().join("outside"));
        std::fs::create_dir_all(top.join("a/closed/deep")).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("kept"), "x").unwrap();
        std::fs::write(top.join("a/closed/deep/file"), vec![1; 10_000]).unwrap();
        symlink(&outside, top.join("a/link")).unwrap();
        symlink("nowhere", top.join("dangling")).unwrap();
        std::fs::set_permissions(top.join("a/closed"), Permissions::from_mode(0o000)).unwrap();
        delete_tree(&top).unwrap();
        assert!(top.symlink_metadata().is_err());
        assert_eq!(std::fs::read(outside.join("kept")).unwrap(), b"x");
        assert_eq!(delete_tree(&top).unwrap(), 0);
    }

    #[test]
    fn a_file_with_another_name_elsewhere_gives_nothing_back() {
        let world = tempfile::tempdir().unwrap();
        for name in ["one", "two", "three"] {
            std::fs::create_dir(world.path().join(name)).unwrap();
        }
        let size = 1 << 20;
        std::fs::write(world.path().join("one/f"), vec![1; size]).unwrap();
        std::fs::hard_link(world.path().join("one/f"), world.path().join("two/f")).unwrap();
        assert!(delete_tree(&world.path().join("one")).unwrap() < size as u64);
        assert!(delete_tree(&world.path().join("two")).unwrap() >= size as u64);
    }

    #[test]
    fn a_link_to_a_folder_is_deleted_in_its_place() {
        let world = tempfile::tempdir().unwrap();
        std::fs::create_dir(world.path().join("outside")).unwrap();
        std::fs::write(world.path().join("outside/kept"), "x").unwrap();
        symlink(world.path().join("outside"), world.path().join("link")).unwrap();
        delete_tree(&world.path().join("link")).unwrap();
        assert!(world.path().join("link").symlink_metadata().is_err());
        assert!(world.path().join("outside/kept").exists());
    }

    #[test]
    fn folders_are_opened_to_us_and_what_links_lead_to_is_not() {
        let world = tempfile::tempdir().unwrap();
        let at = |name: &str| world.path().join(name);
        std::fs::create_dir_all(at("top/closed/deep")).unwrap();
        std::fs::create_dir(at("outside")).unwrap();
        symlink(at("outside"), at("top/closed/link")).unwrap();
        for name in ["outside", "top/closed/deep", "top/closed"] {
            std::fs::set_permissions(at(name), Permissions::from_mode(0o100)).unwrap();
        }
        open_folders(rustix::fs::CWD, at("top").as_path());
        open_folders(rustix::fs::CWD, at("top/closed/link").as_path());
        let closed = openat(rustix::fs::CWD, at("top/closed"), folder_flags(), Mode::empty());
        let closed = closed.unwrap();
        assert!(permit(closed.as_fd(), "link").is_err() || cfg!(not(target_os = "linux")));
        std::fs::set_permissions(at("top/closed/deep"), Permissions::from_mode(0o000)).unwrap();
        permit(closed.as_fd(), "deep").unwrap();
        let mode = |name: &str| at(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(["top/closed", "top/closed/deep"].map(mode), [0o700; 2]);
        assert_eq!(mode("outside"), 0o100);
        std::fs::set_permissions(at("outside"), Permissions::from_mode(0o700)).unwrap();
    }
}
