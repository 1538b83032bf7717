//! Folders reached step by step from an open one, so that no link that somebody puts in the way is
//! followed.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

use crate::adapters::git::as_path;

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Opens the folder that everything else lies in.
pub(super) fn open_top(path: &Path) -> io::Result<OwnedFd> {
    // Its own path may lead through links; they are the user's.
    Ok(rustix::fs::open(path, folder_flags() - OFlags::NOFOLLOW, Mode::empty())?)
}

/// Opens the folder at a relative path, the top itself for an empty one. A part that is a link or a
/// file is an error of kind `NotADirectory`.
pub(super) fn open_below(top: BorrowedFd<'_>, path: &[u8]) -> io::Result<OwnedFd> {
    let mut folder = top.try_clone_to_owned()?;
    for part in parts(path) {
        folder = step(folder.as_fd(), part)?;
    }
    Ok(folder)
}

/// Makes the folder at a relative path, whose parent is there; returns whether it was missing.
pub(super) fn ensure_folder(top: BorrowedFd<'_>, path: &[u8], mode: Mode) -> io::Result<bool> {
    let (parent, name) = split(path);
    let parent = open_below(top, parent)?;
    match mkdirat(&parent, as_path(name), mode) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => step(parent.as_fd(), name).map(|_| false),
        Err(error) => Err(error.into()),
    }
}

/// Makes a file for writing where nothing is, readable for its owner alone until told otherwise.
pub(super) fn create_file(folder: BorrowedFd<'_>, name: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Opens a file for reading; a pipe in its place does not hold us up.
pub(super) fn open_file(folder: BorrowedFd<'_>, name: &[u8]) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(openat(folder, as_path(name), flags, Mode::empty())?.into())
}

/// Parent and name of a relative path.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty())
}

fn step(folder: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    match openat(folder, as_path(name), folder_flags(), Mode::empty()) {
        Ok(opened) => Ok(opened),
        // Systems differ in what they say of a link.
        Err(Errno::LOOP | Errno::MLINK) => Err(Errno::NOTDIR.into()),
        Err(error) => Err(error.into()),
    }
}
