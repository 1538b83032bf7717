//! Files that git has written, in an index of ours.

use std::time::SystemTime;

use rustix::fs::{AtFlags, Timespec, Timestamps, statat, utimensat};

use super::{Ground, PAST_SECONDS, Stamp, index};
use crate::adapters::git::{GitError, Listing, as_path};

/// Gives every file a time in the past and notes it in a new index: git's own was written in the same
/// moment as the files, so it would read each of them again, and take one whose content a conversion
/// does not give back for a change.
///
/// # Errors
/// A file is not there, or the index cannot be written.
pub(in crate::adapters::worktree) fn adopt(
    ground: &Ground,
    listing: &Listing,
) -> Result<(), GitError> {
    let times = past();
    let stamp = |path: &[u8]| {
        let (root, name) = (ground.root(), as_path(path));
        utimensat(root, name, &times, AtFlags::SYMLINK_NOFOLLOW)
            .and_then(|()| statat(root, name, AtFlags::SYMLINK_NOFOLLOW))
            .map(|stat| Stamp::of(&stat))
            .map_err(|error| ground.error("look at", path, error))
    };
    let stamps = listing.files.iter().map(|file| stamp(&file.path));
    let stamps = stamps.collect::<Result<Vec<Stamp>, GitError>>()?;
    index::write(ground, listing, &index::tree_extension(listing), |file| stamps[file])
}

/// A moment that no index is as old as.
#[expect(clippy::disallowed_methods, reason = "files get times of the system's clock")]
pub(super) fn past() -> Timestamps {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let past = Timespec { tv_sec: seconds - PAST_SECONDS, tv_nsec: 0 };
    Timestamps { last_access: past, last_modification: past }
}
