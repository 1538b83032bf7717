//! Space that a worktree takes.

use rayon::prelude::*;

use crate::adapters::git::{BlobReader, FileMode, GitError, ListedFile, Repo};
use crate::domain::id::Oid;

/// File systems give space in blocks of this size, at least.
const BLOCK: u64 = 4096;

/// Files that one thread looks up before it opens the repository again.
const PORTION: usize = 4096;

/// Bytes on disk of a checkout of a commit, as far as contents are stored as they are written; `None`
/// where only git knows.
///
/// # Errors
/// There is no such commit, or objects of it are missing.
pub fn tree_bytes(repo: &Repo, commit: Oid) -> Result<Option<u64>, GitError> {
    if repo.checkout_needs_git().is_some() {
        return Ok(None);
    }
    let listing = repo.listing(commit)?;
    let of_portion = |files: &[ListedFile]| {
        let reader = BlobReader::open(repo)?;
        let stored = files.iter().filter(|file| file.mode != FileMode::Submodule);
        let sizes = stored.map(|file| Ok(reader.size(file.id)?.next_multiple_of(BLOCK)));
        sizes.sum::<Result<u64, GitError>>()
    };
    let files = listing.files.par_chunks(PORTION).map(of_portion).sum::<Result<u64, GitError>>()?;
    let folders = u64::try_from(listing.folders.len()).unwrap_or(u64::MAX);
    Ok(Some(files.saturating_add(folders.saturating_mul(BLOCK))))
}
