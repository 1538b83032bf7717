//! Tracked files that git must read to know whether they are as in the index. It compares whole
//! seconds, and `touch -r`, `cp -p` and `rsync -a` set times back: content of the same size that was
//! written within the second in which the file was checked out is hidden from it. The time of a
//! file's last change (`ctime`) has nanoseconds in the index too, and no program can set it.
//!
//! That costs one `lstat` a file; those that differ are read. All are read where the index is of a
//! kind that only git understands, or knows no nanoseconds.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rayon::prelude::*;

use super::glance::is_as_noted;
use super::index_file::{IndexEntry, cut, load_index};
use crate::adapters::git::{FileMode, as_path, blob_id};
use crate::adapters::host::digest::sha256;
use crate::domain::id::Oid;

/// A tracked file, which may have changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Suspect {
    mode: &'static str,
    id: Oid,
    path: Vec<u8>,
}

/// Compares the files below `worktree` with `index`, a copy of the index `original` of which the
/// times count: a file that changed when that was written, or later, may have changed again unseen.
/// `None` when the index is not understood.
pub(super) fn suspects(original: &Path, index: &Path, worktree: &Path) -> Option<Vec<Suspect>> {
    let (original, index) = (original.metadata().ok()?, load_index(index)?);
    // Whoever sets the one time ahead does not set the other.
    let (modified, changed) =
        ((original.mtime(), original.mtime_nsec()), (original.ctime(), original.ctime_nsec()));
    let (seconds, nanos) = modified.min(changed);
    let written = (cut(seconds), cut(nanos));
    let is_known = |entry: &IndexEntry| {
        let changed = entry.stat.changed;
        changed.1 != 0
            && changed < written
            && is_as_noted(&worktree.join(as_path(&entry.path)), entry)
    };
    let doubtful = index.entries.into_par_iter().filter(|entry| !is_known(entry));
    Some(doubtful.filter_map(suspect).collect())
}

/// All files that `git ls-files -v -s -z` lists, but for those that are in conflict and those that a
/// sparse checkout leaves out.
pub(super) fn all_listed(listing: &[u8]) -> Vec<Suspect> {
    listing.split(|&byte| byte == 0).filter_map(parse_listed).collect()
}

/// Those of them that do not hold the very bytes of the index, as `git update-index --index-info -z`
/// reads them. Git has the last word on these: it may have converted them when it wrote them. The
/// others are unchanged, also where git would convert them to something else.
pub(super) fn unlike_the_index(worktree: &Path, suspects: &[Suspect]) -> Vec<u8> {
    let unlike = suspects.par_iter().filter(|suspect| !suspect.is_as_in_index(worktree));
    let lines: Vec<Vec<u8>> = unlike.map(Suspect::line).collect();
    lines.concat()
}

impl Suspect {
    fn is_as_in_index(&self, worktree: &Path) -> bool {
        let file = worktree.join(as_path(&self.path));
        let content = match self.mode {
            LINK => file.read_link().map(|to| to.into_os_string().into_encoded_bytes()),
            // Whoever put a pipe in its place does not make anybody wait.
            _ if !file.symlink_metadata().is_ok_and(|found| found.is_file()) => return false,
            _ => std::fs::read(&file),
        };
        content.is_ok_and(|content| self.is_id_of(&content))
    }

    fn is_id_of(&self, content: &[u8]) -> bool {
        if self.id.as_bytes().len() == 20 {
            return blob_id(content).is_ok_and(|id| id == self.id);
        }
        let head = format!("blob {}\0", content.len());
        sha256(&[head.as_bytes(), content]) == self.id.to_string()
    }

    fn line(&self) -> Vec<u8> {
        let head = format!("{} {}\t", self.mode, self.id);
        [head.as_bytes(), &self.path, b"\0"].concat()
    }
}

const FILE: &str = "100644";
const EXECUTABLE: &str = "100755";
const LINK: &str = "120000";

/// Nothing for a submodule.
fn suspect(entry: IndexEntry) -> Option<Suspect> {
    let mode = match entry.mode {
        FileMode::File => FILE,
        FileMode::Executable => EXECUTABLE,
        FileMode::Link => LINK,
        FileMode::Submodule => return None,
    };
    Some(Suspect { mode, id: entry.id, path: entry.path })
}

/// `<tag> <mode> <id> <stage>\t<path>`
fn parse_listed(entry: &[u8]) -> Option<Suspect> {
    let tab = entry.iter().position(|&byte| byte == b'\t')?;
    let mut words = std::str::from_utf8(&entry[..tab]).ok()?.split(' ');
    let (tag, mode) = (words.next()?, words.next()?);
    let mode = [FILE, EXECUTABLE, LINK].into_iter().find(|known| *known == mode)?;
    let id = words.next()?.parse().ok()?;
    let is_there = !tag.eq_ignore_ascii_case("S") && words.next() == Some("0");
    is_there.then(|| Suspect { mode, id, path: entry[tab + 1..].to_vec() })
}
