//! Whether such a worktree is still what was put there: what runs in it may take it away,
//! or leave something else in its place.

use std::path::Path;

use crate::adapters::worktree::{self, Checkout, RemoveMode, RemoveOutcome};
use crate::domain::report::shell_word;
use crate::engine::attempt::chain;
use crate::engine::site::Site;

/// What is said of a command that did so.
pub(in crate::engine) const TOOK_AWAY: &str = "it took the worktree away in which it ran";

/// Whether a worktree of the repository stands there.
pub(in crate::engine) fn is_whole(site: &Site, path: &Path) -> Result<bool, String> {
    if refuse_link(path).is_err() {
        return Ok(false);
    }
    let checkout = Checkout::at(&site.repo, path).map_err(|error| chain(&error))?;
    Ok(checkout.is_whole())
}

/// Takes away what is there of a worktree; nothing where there is none.
pub(in crate::engine) fn remove(site: &Site, path: &Path) -> Result<(), String> {
    refuse_link(path)?;
    let read = |error| chain(&error);
    if site.repo.worktree_at(path).map_err(read)?.is_none() {
        return Ok(());
    }
    match worktree::remove(&site.repo, path, RemoveMode::Force).map_err(read)? {
        RemoveOutcome::Kept { reason, .. } => Err(in_the_way(path, &reason.to_string())),
        RemoveOutcome::Removed | RemoveOutcome::Pooled => Ok(()),
    }
}

/// Nobody goes where a link leads: that is another one's place.
pub(in crate::engine) fn refuse_link(path: &Path) -> Result<(), String> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_dir() => Err(in_the_way(path, "it is no folder")),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn in_the_way(path: &Path, why: &str) -> String {
    let path = path.display().to_string();
    let word = shell_word(&path);
    format!(
        "`{path}`, where commands of ours run, was replaced ({why}); `rm -rf {word}` takes it away"
    )
}
