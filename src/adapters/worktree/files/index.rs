//! An index, as gitformat-index(5) describes version 2, with the extension that holds trees.

use std::fs::OpenOptions;
use std::io::Write;

use sha1::{Digest, Sha1};

use super::{Ground, Stamp};
use crate::adapters::git::{FileMode, GitError, ListedFile, Listing, io};
use crate::adapters::host::crash_point::crash_point;

/// Writes the index of a ground whose files have these stamps.
///
/// # Errors
/// The file system.
pub(super) fn write(
    ground: &Ground,
    listing: &Listing,
    trees: &[u8],
    stamp: impl Fn(usize) -> Stamp,
) -> Result<(), GitError> {
    let mut bytes = Vec::with_capacity(listing.files.len() * 120 + trees.len() + 64);
    bytes.extend_from_slice(b"DIRC");
    push(&mut bytes, 2);
    push(&mut bytes, u32::try_from(listing.files.len()).unwrap_or(u32::MAX));
    for (number, file) in listing.files.iter().enumerate() {
        entry(&mut bytes, file, stamp(number));
    }
    if !trees.is_empty() {
        bytes.extend_from_slice(b"TREE");
        push(&mut bytes, u32::try_from(trees.len()).unwrap_or(u32::MAX));
        bytes.extend_from_slice(trees);
    }
    let checksum = Sha1::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    // Git takes the lock file for a sign that somebody is at work, and so it is.
    let lock = ground.git_dir().join("index.lock");
    let index = ground.git_dir().join("index");
    let mut out =
        OpenOptions::new().write(true).create_new(true).open(&lock).map_err(io("create", &lock))?;
    crash_point("worktree: index locked");
    out.write_all(&bytes).map_err(io("write", &lock))?;
    crash_point("worktree: index written");
    std::fs::rename(&lock, &index).map_err(io("rename", &lock))
}

fn entry(bytes: &mut Vec<u8>, file: &ListedFile, stamp: Stamp) {
    let begin = bytes.len();
    let mode = match file.mode {
        FileMode::File => 0o100_644,
        FileMode::Executable => 0o100_755,
        FileMode::Link => 0o120_000,
        FileMode::Submodule => 0o160_000,
    };
    let (ctime, mtime) = (stamp.ctime, stamp.mtime);
    let words = [ctime.0, ctime.1, mtime.0, mtime.1, stamp.dev, stamp.ino, mode];
    for word in words.into_iter().chain([stamp.uid, stamp.gid, stamp.size]) {
        push(bytes, word);
    }
    bytes.extend_from_slice(file.id.as_bytes());
    let length = u16::try_from(file.path.len()).unwrap_or(u16::MAX).min(0xfff);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&file.path);
    // One to eight zeros, so that every entry begins at a multiple of eight.
    let padding = 8 - (bytes.len() - begin) % 8;
    bytes.extend_from_slice(&[0; 8][..padding]);
}

/// The trees of all folders, so that git need not make them again, and keeps those without files.
pub(super) fn tree_extension(listing: &Listing) -> Vec<u8> {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); listing.folders.len()];
    for (at, folder) in listing.folders.iter().enumerate() {
        if let Some(parent) = folder.parent {
            below[parent].push(at);
        }
    }
    let name = |at: usize| {
        let path = &listing.folders[at].path;
        &path[path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1)..]
    };
    for folders in &mut below {
        // Git looks folders up by length first.
        folders.sort_by_key(|&at| (name(at).len(), name(at)));
    }
    let mut bytes = Vec::new();
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        let folder = &listing.folders[at];
        bytes.extend_from_slice(name(at));
        bytes.extend(format!("\0{} {}\n", folder.files, below[at].len()).bytes());
        bytes.extend_from_slice(folder.tree.as_bytes());
        open.extend(below[at].iter().rev());
    }
    bytes
}

fn push(bytes: &mut Vec<u8>, word: u32) {
    bytes.extend_from_slice(&word.to_be_bytes());
}
