//! Reading commits, trees, refs and HEAD: what is asked, and who answers.
//!
//! libgit2 answers in this process wherever it can open the repository, the git program everywhere
//! else. Both give the same answers; a test compares them.

mod by_git;
mod by_libgit2;
mod diff_tree;
#[cfg(test)]
mod tests;

use std::path::Path;

pub(super) use by_git::raw_changes_by;
pub(super) use by_libgit2::{diff_of_trees, merge_base, raw_changes};

use super::capability::Backend;
use super::diff::{FileMode, PathChange, RawChange};
use super::error::GitError;
use super::head::Head;
use super::listing::Listing;
use super::repo::Repo;
use crate::domain::id::Oid;

/// What a commit says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommitFacts {
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    pub(super) author: Author,
}

/// Who wrote a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Author {
    pub(super) name: Vec<u8>,
    pub(super) address: Vec<u8>,
    /// `1700000000 +0100`.
    pub(super) date: String,
}

/// Whether a path may be one of a tree.
fn is_of_tree(path: &[u8]) -> bool {
    path.split(|&byte| byte == b'/').all(|name| !matches!(name, b"" | b"." | b".."))
}

/// Questions about a repository's objects and refs. The methods of [`Repo`] that have these names
/// say what each one means.
pub(super) trait Reader {
    fn resolve_commit(&self, rev: &str) -> Result<Option<Oid>, GitError>;
    fn ref_target(&self, name: &str) -> Result<Option<Oid>, GitError>;
    /// Names of all refs that start with `prefix`, whatever they point at.
    fn ref_names(&self, prefix: &str) -> Result<Vec<String>, GitError>;
    fn refs_below(&self, prefix: &str) -> Result<Vec<(String, Oid)>, GitError>;
    fn head_at(&self, git_dir: &Path) -> Result<Head, GitError>;
    fn commit(&self, commit: Oid) -> Result<CommitFacts, GitError>;
    fn listing(&self, commit: Oid) -> Result<Listing, GitError>;
    /// What is at a path, if that is a file, a link or a submodule. Where some part of it is no name,
    /// as `..`, there is nothing.
    fn entry_at(&self, commit: Oid, path: &[u8]) -> Result<Option<(FileMode, Oid)>, GitError>;
    fn file_count(&self, commit: Oid) -> Result<usize, GitError>;
    fn is_ancestor(&self, ancestor: Oid, commit: Oid) -> Result<bool, GitError>;
    fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError>;
    fn commits_between(&self, from: Oid, to: Oid) -> Result<Vec<Oid>, GitError>;
    fn changed_paths(&self, old: Oid, new: Oid) -> Result<Vec<PathChange>, GitError>;
    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError>;
    /// The contents of files, in the order of `ids`; `None` for what is no file, not there, or
    /// larger than `limit` bytes.
    fn blobs(&self, ids: &[Oid], limit: usize) -> Result<Vec<Option<Vec<u8>>>, GitError>;
}

impl Repo {
    /// Whoever reads this repository.
    pub(super) fn reader(&self) -> Box<dyn Reader + '_> {
        match self.backend() {
            Backend::Libgit2 => Box::new(by_libgit2::Library(self)),
            Backend::Git => Box::new(by_git::Program(self)),
        }
    }
}
