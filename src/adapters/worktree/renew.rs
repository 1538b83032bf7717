//! Making a worktree what it was, for the next tests: nothing that ran in it left any work.

use std::path::Path;

use super::admin;
use super::carry::Record;
use super::checkout::Checkout;
use super::glance::{all_ignored, glance};
use super::pool::CacheLines;
use super::snapshot::{Scratch, forget_progress};
use super::stale_locks::free_index;
use crate::adapters::git::GitError;
use crate::domain::id::Oid;
use crate::domain::run::Submodules;

impl Checkout {
    /// Puts HEAD, detached, and every tracked file back to a commit and takes away what else is
    /// there, but for what git ignores and `caches` (lines of a `.gitignore`) name, and what was
    /// brought from the user's checkout. Files that nobody changed keep their times. Keeps nothing;
    /// doing it twice changes nothing.
    ///
    /// # Errors
    /// Git or the file system fails, or the worktree is still not as it should be.
    pub fn renew_at(
        &self,
        commit: Oid,
        caches: &[String],
        submodules: Submodules,
    ) -> Result<(), GitError> {
        // Without its `.git` file nothing tells that a folder is the one that was made here: no link
        // is written, and what is there is not cleaned.
        let git_dir = self.whole_git_dir()?;
        if submodules == Submodules::Empty && self.is_renewed(git_dir, commit, caches)? {
            return Ok(());
        }
        self.free_head(git_dir, None)?;
        if let Some(progress) = self.repo.in_progress(git_dir)? {
            forget_progress(&self.repo, git_dir, progress)?;
        }
        free_index(git_dir)?;
        self.ensure_detached(commit)?;
        if submodules == Submodules::Update || !self.changed_since(commit)?.is_empty() {
            let _what_changed = self.settle_at(commit, &[], submodules)?;
        }
        let clean = self.repo.git_in("clean", git_dir, &self.path);
        // Twice: repositories that a command made go as well.
        clean.args(["-f", "-f", "-d", "--quiet"]).output()?;
        self.clear_leftovers(caches)?;
        self.forget_left(git_dir)?;
        if admin::is_half_made(git_dir) {
            admin::unlock(git_dir, None)?;
        }
        if glance(git_dir, &self.path, self.repo.tree_of(commit)?).is_none() {
            // Files were written as they had been.
            Scratch::of(self, git_dir)?.install_read(self, git_dir)?;
        }
        self.verify_at(commit)
    }

    /// Whether a look at it already tells that there is nothing to be done.
    fn is_renewed(&self, git_dir: &Path, commit: Oid, caches: &[String]) -> Result<bool, GitError> {
        let head = self.repo.head_at(git_dir)?;
        let at_commit = head.branch().is_none() && head.tip() == Some(commit);
        let locked = git_dir.join("index.lock").symlink_metadata().is_ok();
        let busy = locked || admin::is_half_made(git_dir);
        if !at_commit || busy || self.repo.in_progress(git_dir)?.is_some() {
            return Ok(false);
        }
        let Some(found) = glance(git_dir, &self.path, self.repo.tree_of(commit)?) else {
            return Ok(false);
        };
        let (lines, brought) = (CacheLines::new(caches), Record::load(git_dir)?);
        let stays = |path: &Vec<u8>| lines.contains(&self.path, path) || brought.holds(path);
        Ok(found.submodules.is_empty()
            && found.others.iter().all(stays)
            && all_ignored(&self.repo, (git_dir, &self.path), &found.others)?)
    }

    fn verify_at(&self, commit: Oid) -> Result<(), GitError> {
        let found = self.state()?;
        let mismatch = |expected: String, found: String| GitError::Mismatch {
            what: format!("the worktree at `{}`", self.path.display()),
            expected,
            found,
        };
        if let Some(branch) = found.branch {
            return Err(mismatch("on no branch".to_owned(), format!("on `{branch}`")));
        }
        if found.head != Some(commit) {
            let head = found.head.map_or_else(|| "nowhere".to_owned(), |head| head.short());
            return Err(mismatch(format!("at {}", commit.short()), head));
        }
        if let Some(progress) = found.in_progress {
            return Err(mismatch("idle".to_owned(), format!("a {progress} is in progress")));
        }
        let rest: Vec<String> = found.dirty.into_iter().chain(found.untracked).collect();
        if rest.is_empty() {
            return Ok(());
        }
        Err(mismatch(format!("as in {}", commit.short()), format!("{} differ", rest.join(", "))))
    }
}
