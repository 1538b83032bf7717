//! Tracked files that must be read to know whether they are as in the index. Git compares whole
//! seconds, and `touch -r`, `cp -p` and `rsync -a` set times back: content of the same size that was
//! written within the second in which the file was checked out is hidden from it. The time of a
//! file's last change (`ctime`) has nanoseconds in the index too, and no program can set it.
//!
//! One `lstat` a file. Hashing all files in place of that takes git thirty times as long.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rayon::prelude::*;

use super::glance::is_as_noted;
use super::index_file::{IndexEntry, cut, load_index};
use crate::adapters::git::{FileMode, as_path};

/// Which files are to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Suspects {
    /// Every one: the index is of a kind that only git understands.
    All,
    /// Those of these entries, as `git update-index --index-info -z` reads them.
    These(Vec<u8>),
}

/// Compares the files below `worktree` with `index`, a copy of the index `original` of which times
/// count: a file that changed when that was written, or later, may have changed again unseen. So may
/// any where the file system or git knows no nanoseconds.
pub(super) fn suspects(original: &Path, index: &Path, worktree: &Path) -> Suspects {
    let (Ok(original), Some(index)) = (original.metadata(), load_index(index)) else {
        return Suspects::All;
    };
    // What set the one time back or ahead cannot set the other.
    let written =
        (original.mtime(), original.mtime_nsec()).min((original.ctime(), original.ctime_nsec()));
    let written = (cut(written.0), cut(written.1));
    let is_known = |entry: &IndexEntry| {
        let changed = entry.stat.changed;
        changed.1 != 0
            && changed < written
            && is_as_noted(&worktree.join(as_path(&entry.path)), entry)
    };
    let doubtful: Vec<Vec<u8>> =
        index.entries.par_iter().filter(|entry| !is_known(entry)).filter_map(line).collect();
    Suspects::These(doubtful.concat())
}

fn line(entry: &IndexEntry) -> Option<Vec<u8>> {
    let mode = match entry.mode {
        FileMode::File => "100644",
        FileMode::Executable => "100755",
        FileMode::Link => "120000",
        FileMode::Submodule => return None,
    };
    let mut line = Vec::with_capacity(entry.path.len() + 50);
    write!(line, "{mode} {}\t", entry.id).ok()?;
    line.extend_from_slice(&entry.path);
    line.push(0);
    Some(line)
}

/// The same lines of all files that `git ls-files -v -s -z` lists, but for those that are in conflict
/// and those that a sparse checkout leaves out.
pub(super) fn listed(listing: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(listing.len());
    for entry in listing.split_inclusive(|&byte| byte == 0) {
        let [tag, b' ', rest @ ..] = entry else { continue };
        let tab = rest.iter().position(|&byte| byte == b'\t').unwrap_or(0);
        let is_file = rest.starts_with(b"100") || rest.starts_with(b"120");
        if is_file && !tag.eq_ignore_ascii_case(&b'S') && rest[..tab].ends_with(b" 0") {
            lines.extend_from_slice(rest);
        }
    }
    lines
}
