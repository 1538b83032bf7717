//! Writing the files of one commit into many folders at once: every folder is made, every blob is
//! inflated once and written everywhere, and each worktree gets an index that knows its files, so
//! that the first `git status` has nothing to read.
//!
//! Done as libgit2 and git do it one worktree at a time, this would be most of the time that a run
//! spends before its first task: `scripts/bench/provision.sh` measures it.

mod adopt;
mod ground;
mod index;
mod stamp;
mod threads;
mod unit;
mod writer;

use super::provision::FileTimes;
use crate::adapters::git::{Conversion, GitError, Listing, Repo};

pub(super) use adopt::adopt;
pub(super) use ground::Ground;
use stamp::Stamp;
pub(super) use threads::file_limit;

/// How far back the times of a fresh worktree lie. Git suspects what is not older than its index by
/// whole seconds.
const PAST_SECONDS: i64 = 10;

/// Files to be written.
pub(super) struct Contents<'a> {
    pub(super) repo: &'a Repo,
    pub(super) listing: &'a Listing,
    pub(super) conversion: &'a Conversion,
    pub(super) times: FileTimes,
}

impl Contents<'_> {
    /// Whether symbolic links become links, and not files with their targets.
    fn links_are_links(&self) -> bool {
        let settings = self.repo.settings();
        settings.last("core.symlinks").is_none() || settings.is_true("core.symlinks")
    }
}

/// Writes everything into every ground. What fails in one of them is that ground's answer and does
/// not keep the others from being filled.
///
/// # Errors
/// A content cannot be read, so that no ground can be filled.
pub(super) fn populate(
    contents: &Contents<'_>,
    grounds: &[Ground],
) -> Result<Vec<Result<(), GitError>>, GitError> {
    let stamps = writer::write(contents, grounds)?;
    let trees = index::tree_extension(contents.listing);
    let threads = threads::Threads::at_most(grounds.len())?;
    threads.for_each(grounds.len(), |at| {
        let ground = &grounds[at];
        ground.attempt(|ground| {
            index::write(ground, contents.listing, &trees, |file| stamps.of(file, at))
        });
    });
    Ok(grounds.iter().map(Ground::verdict).collect())
}
