//! Which paths two commits or trees differ in.

use super::error::GitError;
use super::repo::Repo;
use crate::domain::id::Oid;

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathChange {
    /// Relative to the root; see [`quote_path`](super::quote_path).
    pub path: String,
    /// In which way.
    pub kind: ChangeKind,
}

/// How a path differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// Only the later one has it.
    Added,
    /// Only the earlier one has it.
    Deleted,
    /// Content or executable bit.
    Modified,
    /// File, symbolic link and submodule are three types.
    TypeChanged,
    /// The content, or most of it, was elsewhere.
    Renamed {
        /// Where.
        from: String,
    },
}

/// One path that differs, without guessing renames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters) struct RawChange {
    pub(in crate::adapters) path: Vec<u8>,
    pub(in crate::adapters) old: Option<TreeFile>,
    pub(in crate::adapters) new: Option<TreeFile>,
}

/// A file as a tree names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) struct TreeFile {
    pub(in crate::adapters) mode: FileMode,
    pub(in crate::adapters) id: Oid,
}

/// The kinds of entry that are no directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) enum FileMode {
    File,
    Executable,
    Link,
    Submodule,
}

impl Repo {
    /// What `new` changed against `old`, with renames found.
    ///
    /// # Errors
    /// One of them is no commit, or a tree of theirs is missing.
    pub fn changed_paths(&self, old: Oid, new: Oid) -> Result<Vec<PathChange>, GitError> {
        self.reader().changed_paths(old, new)
    }

    /// The lines in which `new` differs from `old`, as git prints them whatever the user's settings
    /// say; bytes that are no text are replaced.
    ///
    /// # Errors
    /// One of them is no commit, or git cannot be run.
    pub fn diff_text(&self, old: Oid, new: Oid) -> Result<String, GitError> {
        let command = self.git("diff-tree").args(["-p", "-r", "-M", "--no-ext-diff"]);
        let command = command.args(["--no-textconv", "--no-color", "--src-prefix=a/"]);
        let command = command.args(["--dst-prefix=b/", &old.to_string(), &new.to_string()]);
        Ok(String::from_utf8_lossy(&command.output()?).into_owned())
    }

    /// What `new` changed against `old`, path by path.
    pub(in crate::adapters) fn raw_changes(
        &self,
        old: Oid,
        new: Oid,
    ) -> Result<Vec<RawChange>, GitError> {
        self.reader().raw_changes(old, new)
    }
}
