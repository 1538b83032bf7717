//! Repositories that were made inside a worktree: a commit of the worktree holds at most their id, so
//! what they committed is brought into the repository.

use std::path::Path;

use super::checkout::Checkout;
use crate::adapters::git::{FileMode, GitError, as_path, quote_path};
use crate::domain::id::Oid;

impl Checkout {
    /// Sentences about repositories inside: those that a commit of files left out, and those that the
    /// task recorded by their id.
    pub(super) fn embedded_notes(
        &self,
        nested: &[Vec<u8>],
        (start, tip): (Oid, Oid),
        keep_ref: &str,
    ) -> Result<Vec<String>, GitError> {
        let mut kept = 0;
        let mut note = |path: &[u8], what: &str| {
            let shown = quote_path(path);
            let name = format!("{keep_ref}-repository-{}", kept + 1);
            let folder = self.path.join(as_path(path));
            if self.keep_commits(&folder, &name) {
                kept += 1;
                format!("{shown} is a repository inside; {what}; its commits are kept as {name}")
            } else {
                format!("{shown} is a repository inside; {what}")
            }
        };
        let mut notes: Vec<String> =
            nested.iter().map(|path| note(path, "its files were not committed")).collect();
        for change in self.repo.raw_changes(start, tip)? {
            let is_link = change.new.is_some_and(|file| file.mode == FileMode::Submodule);
            if change.old.is_none() && is_link {
                notes.push(note(&change.path, "only its commit id is recorded"));
            }
        }
        Ok(notes)
    }

    /// Whether HEAD of a repository of its own was brought under a ref of ours. What was added as a
    /// submodule has its git directory elsewhere, and its commits on a remote.
    fn keep_commits(&self, folder: &Path, name: &str) -> bool {
        if !folder.join(".git").symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            return false;
        }
        let fetch = self.repo.git("fetch").args(["--quiet", "--no-tags", "--no-write-fetch-head"]);
        let fetch = fetch.args(["--no-recurse-submodules", "--"]).arg(folder);
        // Without a commit there is nothing to keep; what else goes wrong leaves the folder.
        fetch.arg(format!("+HEAD:{name}")).output().is_ok()
    }
}
