//! Deleting a folder with everything in it: folder by folder on all cores, by open handles, so that
//! no link is followed, whoever puts one there meanwhile.

use std::ffi::CString;
use std::fs::Permissions;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat, unlinkat};
use rustix::io::Errno;

use crate::adapters::git::{GitError, io};

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
        Some(_) => {
            open_folders(path.to_owned());
            std::fs::remove_dir_all(path)
        }
    };
    match gone {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("delete", path)(error))
        }
        Ok(()) | Err(_) => Ok(deletion.freed),
    }
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
        self.failed = self.failed.or(other.failed);
    }

    fn merged(mut self, other: Self) -> Self {
        self.add(other);
        self
    }

    fn note(&mut self, result: rustix::io::Result<()>) {
        match result {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => self.failed = Some(error),
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

fn open_folders(top: PathBuf) {
    let mut folders = vec![top];
    while let Some(folder) = folders.pop() {
        if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            continue;
        }
        // What cannot be opened is named by the attempt that follows.
        let _opened = std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).is_ok();
        let Ok(entries) = folder.read_dir() else { continue };
        let below =
            entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(below.map(|entry| entry.path()));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

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
}
