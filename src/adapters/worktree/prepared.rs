//! What setup hooks did in a worktree, noted in git's entry of it: whoever removes the worktree
//! removes the note.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::checkout::Checkout;
use crate::adapters::git::{GitError, io};
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
/// that the hooks left as [`quote_path`](crate::adapters::git::quote_path) writes them, each ended
/// by a NUL byte.
const NOTE: &str = "wt-orch-setup";

impl Checkout {
    /// What the note says; a note that cannot be read says nothing.
    pub fn prepared(&self) -> Option<Prepared> {
        let text = std::fs::read_to_string(self.git_dir.as_deref()?.join(NOTE)).ok()?;
        let (run, start) = text.split('\0').next()?.split_once(' ')?;
        Some(Prepared { run: run.to_owned(), start: start.parse().ok()? })
    }

    /// Writes the note. Files that the hooks `left` are from then on no work of anybody's: they are
    /// neither committed nor in the way of a removal.
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
            text.push_str(name);
            text.push('\0');
        }
        std::fs::write(&path, text).map_err(io("write", &path))
    }

    /// Takes the note away: nothing is known to be prepared.
    ///
    /// # Errors
    /// The note cannot be deleted.
    pub fn forget_prepared(&self) -> Result<(), GitError> {
        let Some(path) = self.note() else { return Ok(()) };
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io("delete", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// After the untracked files are gone: what needed them is not prepared any more.
    pub(super) fn forget_left(&self, git_dir: &Path) -> Result<(), GitError> {
        if left_by_setup(git_dir).is_empty() { Ok(()) } else { self.forget_prepared() }
    }

    fn note(&self) -> Option<PathBuf> {
        self.git_dir.as_deref().map(|dir| dir.join(NOTE))
    }
}

/// Untracked files that setup hooks left in the worktree with this git directory.
pub(super) fn left_by_setup(git_dir: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(git_dir.join(NOTE)).unwrap_or_default();
    text.split_terminator('\0').skip(1).map(str::to_owned).collect()
}
