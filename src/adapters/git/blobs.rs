//! Contents of files, read by one thread.

use super::error::{GitError, library};
use super::oid::to_git2;
use super::repo::Repo;
use crate::domain::id::Oid;

/// Reads blobs; each thread opens one of its own.
pub(in crate::adapters) struct BlobReader {
    git: git2::Repository,
}

impl BlobReader {
    /// Opens the object store.
    ///
    /// # Errors
    /// libgit2 cannot open the repository.
    pub(in crate::adapters) fn open(repo: &Repo) -> Result<Self, GitError> {
        // As git does: zlib has a checksum of its own, and hashing again takes as long as inflating.
        git2::opts::strict_hash_verification(false);
        Ok(Self { git: repo.objects()? })
    }

    /// Inflates a blob once and hands it to `take`.
    ///
    /// # Errors
    /// The blob is missing or damaged.
    pub(in crate::adapters) fn with<T>(
        &self,
        blob: Oid,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, GitError> {
        let found = self.git.find_blob(to_git2(blob)?).map_err(library("read a file's content"))?;
        Ok(take(found.content()))
    }

    /// Bytes of a blob, without inflating it.
    ///
    /// # Errors
    /// The blob is missing or damaged.
    pub(in crate::adapters) fn size(&self, blob: Oid) -> Result<u64, GitError> {
        let failed = || library("read a file's size");
        let store = self.git.odb().map_err(failed())?;
        let (size, _) = store.read_header(to_git2(blob)?).map_err(failed())?;
        Ok(u64::try_from(size).unwrap_or(u64::MAX))
    }
}

impl Repo {
    /// Whether some objects are to be read as others (git-replace(1)), which libgit2 does not do.
    ///
    /// # Errors
    /// The refs cannot be read.
    pub(in crate::adapters) fn has_replacements(&self) -> Result<bool, GitError> {
        Ok(!self.reader().ref_names("refs/replace/")?.is_empty())
    }
}
