//! Pairs that libgit2 would take long to merge. It cannot be interrupted, so they are not begun: git
//! merges them within its time, and where there is none nobody knows.
//!
//! Lines alone are never many: two versions of 100,000 lines with every second one changed, or shuffled,
//! take libgit2 a second to five. What grows without bound, measured once for one pair in both orders
//! in a build without optimisation: 1,000 files renamed and edited 3 s, 3,000 of them 20 s (candidates
//! times candidates); a text of 10 MB 1 s, of 100 MB 20 s; four branches that merged one another four
//! times 0.2 s, six times 2 s.

use std::collections::HashSet;

use super::pair::Pair;
use crate::adapters::git::diff::{RawChange, TreeFile};
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::oid::to_git2;
use crate::adapters::git::path::quote_path;
use crate::domain::id::Oid;

/// How much libgit2 may be asked to do for one pair.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Comparisons of a removed file with an added one that is not the same.
    pub(super) comparisons: usize,
    /// Bytes of one version of a file that both sides changed, and of all that are compared.
    pub(super) bytes: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { comparisons: 2_000_000, bytes: 32 << 20 }
    }
}

impl Effort {
    /// The first thing in the merge that may take longer.
    pub(super) fn excess(
        &self,
        git: &git2::Repository,
        pair: &Pair<'_>,
    ) -> Result<Option<String>, GitError> {
        if pair.base.is_none() {
            return Ok(Some("the histories cross: they have several merge bases".to_owned()));
        }
        let odb = git.odb().map_err(library("open the object store"))?;
        let size = |file: TreeFile| -> Result<usize, GitError> {
            // A submodule's commit is not here.
            Ok(odb.read_header(to_git2(file.id)?).map_or(0, |(size, _)| size))
        };
        for ours in pair.ours.1 {
            let theirs = pair.theirs.1.binary_search_by(|theirs| theirs.path.cmp(&ours.path));
            let Some(theirs) = theirs.ok().map(|at| &pair.theirs.1[at]) else { continue };
            for file in [ours.old, ours.new, theirs.new].into_iter().flatten() {
                if size(file)? > self.bytes {
                    let (path, bytes) = (quote_path(&ours.path), size(file)? >> 20);
                    return Ok(Some(format!("both changed {path}, of {bytes} MiB")));
                }
            }
        }
        for (_, changes) in [pair.ours, pair.theirs] {
            let (removed, added) = unlike(changes);
            if removed.len().saturating_mul(added.len()) > self.comparisons {
                let (removed, added) = (removed.len(), added.len());
                return Ok(Some(format!(
                    "{removed} removed and {added} added files are too many to pair renames"
                )));
            }
            let mut bytes = 0_usize;
            let compared = !removed.is_empty() && !added.is_empty();
            for file in removed.into_iter().chain(added).filter(|_| compared) {
                bytes = bytes.saturating_add(size(file)?);
            }
            if bytes > self.bytes {
                let bytes = bytes >> 20;
                return Ok(Some(format!("{bytes} MiB of files may have been renamed")));
            }
        }
        Ok(None)
    }
}

/// The removed and the added files that are not simply the same at another path.
fn unlike(changes: &[RawChange]) -> (Vec<TreeFile>, Vec<TreeFile>) {
    let only = |one: Option<TreeFile>, other: Option<TreeFile>| one.filter(|_| other.is_none());
    let removed: Vec<TreeFile> = changes.iter().filter_map(|c| only(c.old, c.new)).collect();
    let added: Vec<TreeFile> = changes.iter().filter_map(|c| only(c.new, c.old)).collect();
    let ids = |files: &[TreeFile]| files.iter().map(|file| file.id).collect::<HashSet<Oid>>();
    let (gone, come) = (ids(&removed), ids(&added));
    let without = |files: Vec<TreeFile>, known: &HashSet<Oid>| {
        files.into_iter().filter(|file| !known.contains(&file.id)).collect()
    };
    (without(removed, &come), without(added, &gone))
}

#[cfg(test)]
mod tests;
