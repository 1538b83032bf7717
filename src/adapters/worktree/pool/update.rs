//! Bringing a waiting worktree from its commit to another one, at the cost of the difference.

use std::path::Path;

use super::caches::{CacheLines, FileTime, names_its_place};
use super::keep::discard;
use super::record::{PoolRecord, conversion};
use crate::adapters::git::{FileMode, GitError, RawChange, Repo, as_path};
use crate::adapters::worktree::glance::{all_ignored, glance, is_as_noted};
use crate::adapters::worktree::index_file::load_index;
use crate::adapters::worktree::trash::Trash;
use crate::adapters::worktree::whole_file::write_whole;
use crate::domain::id::Oid;

/// A waiting worktree, and what is known of it.
pub(super) struct Waiting<'a> {
    pub(super) repo: &'a Repo,
    pub(super) entry: &'a Path,
    pub(super) path: &'a Path,
    /// Where HEAD is.
    pub(super) head: Oid,
    pub(super) record: &'a PoolRecord,
}

/// What a worktree is brought to.
pub(super) struct Goal<'a> {
    pub(super) path: &'a Path,
    pub(super) start: Oid,
    /// What differs between the two commits.
    pub(super) changes: &'a [RawChange],
    pub(super) caches: &'a [String],
}

/// Paths in which two commits differ; `None` when git would write more than those, or when
/// submodules are among them.
pub(super) fn difference(
    repo: &Repo,
    from: Oid,
    to: Oid,
) -> Result<Option<Vec<RawChange>>, GitError> {
    if from == to {
        return Ok(Some(Vec::new()));
    }
    let changes = repo.raw_changes(from, to)?;
    let reaches_further = changes.iter().any(|change| {
        let attributes = change.path.rsplit(|&byte| byte == b'/').next() == Some(b".gitattributes");
        let sides = [change.old, change.new].into_iter().flatten();
        attributes || sides.into_iter().any(|file| file.mode == FileMode::Submodule)
    });
    Ok((!reaches_further).then_some(changes))
}

impl Waiting<'_> {
    /// Brings it there. False when something about it is odd; it must not be used then.
    ///
    /// # Errors
    /// Git fails, or a file cannot be written: the worktree is not to blame.
    pub(super) fn bring(&self, goal: &Goal<'_>, trash: &Trash) -> Result<bool, GitError> {
        let Self { repo, entry, path, head, record } = *self;
        // A git that was killed left its lock; nobody else works here.
        let was_killed = entry.join("index.lock").symlink_metadata().is_ok();
        if was_killed || record.conversion != conversion(repo) {
            return Ok(false);
        }
        let Some(found) = glance(entry, path, repo.tree_of(head)?) else { return Ok(false) };
        let lines = CacheLines::new(goal.caches);
        if !found.submodules.is_empty()
            || !found.others.iter().all(|other| lines.contains(path, other))
        {
            return Ok(false);
        }
        let tree = repo.tree_of(goal.start)?;
        if !goal.changes.is_empty() {
            let command = repo.git_in("read-tree", entry, path).args(["-m", "-u"]);
            command.arg(tree.to_string()).output()?;
        }
        // Its time is that of the present, by the clock of the file system.
        write_whole(&entry.join("HEAD"), format!("{}\n", goal.start).as_bytes())?;
        let Some(oldest) = self.oldest_change(goal.changes, tree) else { return Ok(false) };
        let stale = record.newest.is_some_and(|newest| newest >= oldest);
        for other in &found.others {
            let whole = path.join(as_path(other));
            let misplaced = goal.path != record.home && names_its_place(&whole);
            if stale || misplaced || !self.is_ignored(other, &found.others)? {
                discard(repo, &whole, path, trash)?;
            }
        }
        Ok(true)
    }

    /// The earliest time among the files that changed and the present; `None` unless the index is
    /// that of the tree and the files are what it says.
    fn oldest_change(&self, changes: &[RawChange], tree: Oid) -> Option<FileTime> {
        use std::os::unix::fs::MetadataExt;
        let index =
            load_index(&self.entry.join("index")).filter(|index| index.tree == Some(tree))?;
        let time = |meta: &std::fs::Metadata| (meta.mtime(), meta.mtime_nsec());
        let mut oldest = time(&self.entry.join("HEAD").metadata().ok()?);
        for change in changes {
            let file = self.path.join(as_path(&change.path));
            let noted = index.entries.binary_search_by(|entry| entry.path.cmp(&change.path));
            match (noted, change.new) {
                (Ok(at), Some(new)) if index.entries[at].mode == new.mode => {
                    is_as_noted(&file, &index.entries[at]).then_some(())?;
                    oldest = oldest.min(time(&file.symlink_metadata().ok()?));
                }
                // A folder may stand where the file was.
                (Err(_), None) if !file.symlink_metadata().is_ok_and(|found| !found.is_dir()) => {}
                (Ok(_) | Err(_), Some(_) | None) => return None,
            }
        }
        Some(oldest)
    }

    /// Whether one of the paths is still ignored at the new commit; asks about all of them first.
    fn is_ignored(&self, path: &[u8], all: &[Vec<u8>]) -> Result<bool, GitError> {
        let at = (self.entry, self.path);
        Ok(all_ignored(self.repo, at, all)? || all_ignored(self.repo, at, &[path.to_vec()])?)
    }
}
