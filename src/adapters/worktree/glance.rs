//! A look at a worktree that costs one `lstat` a file: whether everything that git knows is as git
//! left it, and what else is there. Whatever it cannot vouch for is left to `git status`.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use rayon::prelude::*;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, statat};

use super::index_file::{FileStat, IndexEntry, IndexFile, cut, load_index};
use crate::adapters::git::{FileMode, GitError, Repo, as_path, blob_id};
use crate::domain::id::Oid;

/// What was found in a worktree whose tracked files are exactly those of its commit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Glance {
    /// Paths that are not tracked, each without what is below it; sorted.
    pub(super) others: Vec<Vec<u8>>,
    /// Submodules with something in their folder; sorted.
    pub(super) submodules: Vec<Vec<u8>>,
}

/// Compares the files below `worktree` with the index in `git_dir`. `None` unless the index holds
/// exactly `tree` and every tracked file has the type, size, owner, inode and times that git noted.
/// Only files that changed last when the index was written are read, as git itself does.
pub(super) fn glance(git_dir: &Path, worktree: &Path, tree: Oid) -> Option<Glance> {
    let index = load_index(&git_dir.join("index"))?;
    if index.tree != Some(tree) {
        return None;
    }
    let top = openat(rustix::fs::CWD, worktree, folder_flags(), Mode::empty()).ok()?;
    let mut found = Walk { index: &index, worktree }.folder(top, 0, &index.entries)?;
    found.others.sort();
    found.submodules.sort();
    Some(found)
}

/// Whether git ignores every one of these paths, none of which is tracked.
///
/// # Errors
/// Git cannot be run.
pub(super) fn all_ignored(
    repo: &Repo,
    (git_dir, worktree): (&Path, &Path),
    paths: &[Vec<u8>],
) -> Result<bool, GitError> {
    if paths.is_empty() {
        return Ok(true);
    }
    // A name may begin with the sign of a pathspec's magic.
    let input = paths.iter().flat_map(|path| [b"./", path.as_slice(), b"\0"].concat()).collect();
    let command = repo.git_in("check-ignore", git_dir, worktree);
    let answer = command.args(["-z", "--stdin", "--no-index"]).input(input).answer()?;
    let ignored = answer.stdout.split(|&byte| byte == 0).filter(|path| !path.is_empty()).count();
    Ok(answer.code == Some(0) && ignored == paths.len())
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Whether a file is as git noted it, whatever it may hold.
pub(super) fn is_as_noted(file: &Path, entry: &IndexEntry) -> bool {
    statat(rustix::fs::CWD, file, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| noted(&stat) == entry.stat && kind(&stat) == Some(entry.mode))
}

struct Walk<'a> {
    index: &'a IndexFile,
    worktree: &'a Path,
}

/// What the index has under one name of a folder.
enum Known<'a> {
    File(&'a IndexEntry),
    Folder(&'a [IndexEntry]),
}

impl Walk<'_> {
    /// One folder; `entries` are all that lie below it, each with a path whose first `skip` bytes
    /// are the folder's.
    fn folder(&self, folder: OwnedFd, skip: usize, entries: &[IndexEntry]) -> Option<Glance> {
        let mut known = children(skip, entries);
        known.sort_unstable_by_key(|(name, _)| *name);
        let mut listing = Dir::new(folder).ok()?;
        let prefix = &entries.first().map_or(&[][..], |entry| &entry.path)[..skip];
        let mut found = Glance::default();
        let mut seen = 0;
        while let Some(entry) = listing.read() {
            let entry = entry.ok()?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") || (skip == 0 && name == b".git") {
                continue;
            }
            if known.binary_search_by_key(&name, |(known, _)| known).is_ok() {
                seen += 1;
            } else {
                found.others.push([prefix, name].concat());
            }
        }
        if seen != known.len() {
            return None;
        }
        let folder = listing.fd().ok()?;
        let mut below = Vec::new();
        for (name, child) in known {
            match child {
                Known::File(entry) if entry.mode == FileMode::Submodule => {
                    if !is_empty(folder, name)? {
                        found.submodules.push(entry.path.clone());
                    }
                }
                Known::File(entry) => {
                    let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
                    self.matches(entry, &stat).then_some(())?;
                }
                Known::Folder(entries) => below.push((name, entries)),
            }
        }
        let parts = below.par_iter().map(|(name, entries)| {
            let child = openat(folder, *name, folder_flags(), Mode::empty()).ok()?;
            self.folder(child, skip + name.len() + 1, entries)
        });
        let joined = parts.try_reduce(Glance::default, |mut one, other| {
            one.others.extend(other.others);
            one.submodules.extend(other.submodules);
            Some(one)
        })?;
        found.others.extend(joined.others);
        found.submodules.extend(joined.submodules);
        Some(found)
    }

    fn matches(&self, entry: &IndexEntry, stat: &Stat) -> bool {
        let as_noted = noted(stat);
        let modified = entry.stat.modified;
        let written = self.index.written;
        // Where no nanoseconds were noted, only seconds can be compared.
        let (same, settled) = if entry.stat.changed.1 == 0 && modified.1 == 0 {
            (whole_seconds(as_noted) == whole_seconds(entry.stat), modified.0 < written.0)
        } else {
            (as_noted == entry.stat, modified < written)
        };
        same && kind(stat) == Some(entry.mode) && (settled || self.holds_what_was_noted(entry))
    }

    /// Whether a file's bytes are those of the commit. One that git converts is not, and is git's.
    fn holds_what_was_noted(&self, entry: &IndexEntry) -> bool {
        let file = self.worktree.join(as_path(&entry.path));
        let content = match entry.mode {
            FileMode::Link => file.read_link().map(|to| to.into_os_string().into_encoded_bytes()),
            FileMode::File | FileMode::Executable => std::fs::read(&file),
            FileMode::Submodule => return false,
        };
        content.is_ok_and(|content| blob_id(&content).is_ok_and(|id| id == entry.id))
    }
}

/// The names that a folder has in the index, with what lies under each.
fn children(skip: usize, entries: &[IndexEntry]) -> Vec<(&[u8], Known<'_>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(entry) = entries.get(at) {
        let rest = &entry.path[skip..];
        match rest.iter().position(|&byte| byte == b'/') {
            None => {
                found.push((rest, Known::File(entry)));
                at += 1;
            }
            Some(end) => {
                let stem = &entry.path[..=skip + end];
                let inside = entries[at..].partition_point(|entry| entry.path.starts_with(stem));
                found.push((&rest[..end], Known::Folder(&entries[at..at + inside])));
                at += inside;
            }
        }
    }
    found
}

fn is_empty(parent: BorrowedFd<'_>, name: &[u8]) -> Option<bool> {
    let folder = openat(parent, name, folder_flags(), Mode::empty()).ok()?;
    let mut listing = Dir::new(folder).ok()?;
    while let Some(entry) = listing.read() {
        if !matches!(entry.ok()?.file_name().to_bytes(), b"." | b"..") {
            return Some(false);
        }
    }
    Some(true)
}

fn noted(stat: &Stat) -> FileStat {
    FileStat {
        changed: (cut(stat.st_ctime), cut(stat.st_ctime_nsec)),
        modified: (cut(stat.st_mtime), cut(stat.st_mtime_nsec)),
        inode: cut(stat.st_ino),
        owner: (cut(stat.st_uid), cut(stat.st_gid)),
        size: cut(stat.st_size),
    }
}

fn whole_seconds(stat: FileStat) -> FileStat {
    FileStat { changed: (stat.changed.0, 0), modified: (stat.modified.0, 0), ..stat }
}

fn kind(stat: &Stat) -> Option<FileMode> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile if stat.st_mode & 0o100 != 0 => Some(FileMode::Executable),
        FileType::RegularFile => Some(FileMode::File),
        FileType::Symlink => Some(FileMode::Link),
        FileType::Directory
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => None,
    }
}

#[cfg(test)]
mod tests;
