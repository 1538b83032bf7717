//! Which paths two commits or trees differ in.

use super::error::{GitError, library};
use super::oid::to_git2;
use super::path::quote_path;
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
        let repo = self.objects()?;
        let mut diff = tree_diff(&repo, old, new)?;
        diff.find_similar(None).map_err(library("find renames"))?;
        let text = |file: git2::DiffFile<'_>| quote_path(file.path_bytes().unwrap_or_default());
        let change = |delta: git2::DiffDelta<'_>| {
            let (path, kind) = match delta.status() {
                git2::Delta::Added | git2::Delta::Copied => (delta.new_file(), ChangeKind::Added),
                git2::Delta::Deleted => (delta.old_file(), ChangeKind::Deleted),
                git2::Delta::Typechange => (delta.new_file(), ChangeKind::TypeChanged),
                git2::Delta::Renamed => {
                    (delta.new_file(), ChangeKind::Renamed { from: text(delta.old_file()) })
                }
                git2::Delta::Modified
                | git2::Delta::Unmodified
                | git2::Delta::Ignored
                | git2::Delta::Untracked
                | git2::Delta::Unreadable
                | git2::Delta::Conflicted => (delta.new_file(), ChangeKind::Modified),
            };
            PathChange { path: text(path), kind }
        };
        Ok(diff.deltas().map(change).collect())
    }

    /// What `new` changed against `old`, path by path.
    pub(in crate::adapters) fn raw_changes(
        &self,
        old: Oid,
        new: Oid,
    ) -> Result<Vec<RawChange>, GitError> {
        raw_changes(&self.objects()?, old, new)
    }
}

pub(super) fn raw_changes(
    repo: &git2::Repository,
    old: Oid,
    new: Oid,
) -> Result<Vec<RawChange>, GitError> {
    let diff = tree_diff(repo, old, new)?;
    let file = |file: &git2::DiffFile<'_>| {
        let mode = match file.mode() {
            git2::FileMode::BlobExecutable => FileMode::Executable,
            git2::FileMode::Link => FileMode::Link,
            git2::FileMode::Commit => FileMode::Submodule,
            git2::FileMode::Blob | git2::FileMode::BlobGroupWritable => FileMode::File,
            git2::FileMode::Tree | git2::FileMode::Unreadable => return None,
        };
        Some(TreeFile { mode, id: super::oid::from_git2(file.id()) })
    };
    let change = |delta: git2::DiffDelta<'_>| {
        let (old, new) = (delta.old_file(), delta.new_file());
        let path = new.path_bytes().or(old.path_bytes()).unwrap_or_default().to_vec();
        RawChange { path, old: file(&old), new: file(&new) }
    };
    Ok(diff.deltas().map(change).collect())
}

fn tree_diff(repo: &git2::Repository, old: Oid, new: Oid) -> Result<git2::Diff<'_>, GitError> {
    let tree = |oid: Oid| {
        let object = repo.find_object(to_git2(oid)?, None);
        object.and_then(|found| found.peel_to_tree()).map_err(library("read a tree"))
    };
    let mut options = git2::DiffOptions::new();
    options.include_typechange(true).skip_binary_check(true).ignore_submodules(false);
    repo.diff_tree_to_tree(Some(&tree(old)?), Some(&tree(new)?), Some(&mut options))
        .map_err(library("compare trees"))
}
