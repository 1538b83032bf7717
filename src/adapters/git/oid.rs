//! Object ids to and from libgit2's form, and from git's.

use super::error::{GitError, library};
use super::program::Invocation;
use crate::domain::id::Oid;

pub(super) fn from_git2(oid: git2::Oid) -> Oid {
    let zero = || Oid::from_bytes(&[0; 20]);
    // libgit2 ids have 20 or 32 bytes, so the fall-back is never taken.
    Oid::from_bytes(oid.as_bytes()).or_else(zero).unwrap_or_else(|| unreachable!())
}

/// The id that content has as a file of a repository.
pub(in crate::adapters) fn blob_id(content: &[u8]) -> Result<Oid, GitError> {
    let id = git2::Oid::hash_object(git2::ObjectType::Blob, content);
    id.map(from_git2).map_err(library("hash a file"))
}

pub(super) fn to_git2(oid: Oid) -> Result<git2::Oid, GitError> {
    git2::Oid::from_bytes(oid.as_bytes()).map_err(library("read an object id"))
}

impl Invocation<'_> {
    /// The object id that it prints.
    ///
    /// # Errors
    /// Git fails, or prints something else.
    pub(in crate::adapters) fn oid(self) -> Result<Oid, GitError> {
        let words = self.shown();
        let text = self.text()?;
        text.parse().map_err(|_| GitError::Answer { words, what: text })
    }
}
