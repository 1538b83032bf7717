//! What setup hooks did in a worktree, noted in git's entry of it: whoever removes the worktree
//! removes the note.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::checkout::Checkout;
use super::whole_file::write_whole;
use crate::adapters::git::{GitError, as_path, io, quote_path, unquote_path};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::Oid;

/// A worktree whose hooks have all done their work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The run they belong to.
    pub run: String,
    /// The commit the worktree stood at.
    pub start: Oid,
}

/// Name of the note. It holds a [`Prepared`] (nothing when a hook failed), then the untracked files
/// that the hooks left, each a [`stamp`], a space, and the path as [`quote_path`] writes it; all of
/// them ended by a NUL byte.
const NOTE: &str = "wt-orch-setup";

impl Checkout {
    /// What the note says; a note that cannot be read says nothing.
    pub fn prepared(&self) -> Option<Prepared> {
        let text = std::fs::read_to_string(self.git_dir.as_deref()?.join(NOTE)).ok()?;
        let (run, start) = text.split('\0').next()?.split_once(' ')?;
        Some(Prepared { run: run.to_owned(), start: start.parse().ok()? })
    }

    /// Writes the note. Files that the hooks `left` are no work of anybody's as long as they stay as
    /// they are: they are neither committed nor in the way of a removal.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn note_prepared(
        &self,
        prepared: Option<&Prepared>,
        left: &[String],
    ) -> Result<(), GitError> {
        let Some(path) = self.note() else { return Ok(()) };
        let mut text = prepared.map_or_else(String::new, |p| format!("{} {}", p.run, p.start));
        text.push('\0');
        for name in left {
            let file = self.path.join(as_path(&unquote_path(name)));
            let Ok(meta) = file.symlink_metadata() else { continue };
            text.extend([&stamp(&meta), " ", name, "\0"]);
        }
        write_whole(&path, text.as_bytes())
    }

    /// Takes the note away: nothing is known to be prepared.
    ///
    /// # Errors
    /// The note cannot be deleted.
    pub fn forget_prepared(&self) -> Result<(), GitError> {
        let Some(path) = self.note() else { return Ok(()) };
        crash_point("setup: before it is forgotten");
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io("delete", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// After the untracked files are gone: what needed them is not prepared any more.
    pub(super) fn forget_left(&self, git_dir: &Path) -> Result<(), GitError> {
        if LeftBySetup::load(git_dir).0.is_empty() { Ok(()) } else { self.forget_prepared() }
    }

    fn note(&self) -> Option<PathBuf> {
        self.git_dir.as_deref().map(|dir| dir.join(NOTE))
    }
}

/// Untracked files that setup hooks left, with their stamps.
pub(super) struct LeftBySetup(BTreeMap<String, String>);

impl LeftBySetup {
    /// What the note in this git directory says; a note that cannot be read says nothing.
    pub(super) fn load(git_dir: &Path) -> Self {
        let text = std::fs::read_to_string(git_dir.join(NOTE)).unwrap_or_default();
        // An entry without a stamp says nothing about changes: no file is taken for unchanged by it.
        let entry = |entry: &str| {
            let (stamp, name) = entry.split_once(' ').unwrap_or(("", entry));
            (name.to_owned(), stamp.to_owned())
        };
        Self(text.split_terminator('\0').skip(1).map(entry).collect())
    }

    /// Whether hooks left this path and nobody changed it since.
    pub(super) fn holds_unchanged(&self, worktree: &Path, path: &[u8]) -> bool {
        self.0.get(&quote_path(path)).is_some_and(|noted| {
            let found = worktree.join(as_path(path)).symlink_metadata();
            found.is_ok_and(|meta| stamp(&meta) == *noted)
        })
    }
}

/// What differs once a file was written, replaced or made executable: size, modification time, inode
/// and mode.
fn stamp(meta: &Metadata) -> String {
    let (seconds, nanoseconds) = (meta.mtime(), meta.mtime_nsec());
    format!("{}:{seconds}.{nanoseconds}:{}:{:o}", meta.len(), meta.ino(), meta.mode())
}

#[cfg(test)]
mod tests;
