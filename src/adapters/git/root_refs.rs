//! Refs of one worktree beside its HEAD (`CHERRY_PICK_HEAD`, `refs/bisect/…`). Where refs are files,
//! these are files of the same names in its git directory; where they are not, only git finds them.

use std::path::Path;

use super::error::GitError;
use super::repo::Repo;
use crate::domain::id::Oid;

impl Repo {
    /// The refs of these names, or below them, of the worktree whose git directory this is; nothing
    /// where refs are files.
    ///
    /// # Errors
    /// Git cannot read them.
    pub(in crate::adapters) fn stored_root_refs(
        &self,
        git_dir: &Path,
        names: &[&str],
    ) -> Result<Vec<(String, Oid)>, GitError> {
        if self.settings().last("extensions.refstorage").is_none_or(|format| format == "files") {
            return Ok(Vec::new());
        }
        let command = self.program().command("for-each-ref").git_dir(git_dir);
        let command = command.args(["--include-root-refs", "--format=%(objectname) %(refname)"]);
        let command = command.args(names);
        let words = command.shown();
        let text = command.text()?;
        let entry = |line: &str| {
            let (id, name) = line.split_once(' ')?;
            Some((name.to_owned(), id.parse().ok()?))
        };
        let found: Option<Vec<_>> = text.lines().map(entry).collect();
        found.ok_or_else(|| GitError::Answer { words, what: text.clone() })
    }

    /// Deletes the refs that [`Self::stored_root_refs`] finds.
    ///
    /// # Errors
    /// Git cannot delete them.
    pub(in crate::adapters) fn delete_stored_root_refs(
        &self,
        git_dir: &Path,
        names: &[&str],
    ) -> Result<(), GitError> {
        for (name, commit) in self.stored_root_refs(git_dir, names)? {
            let command = self.program().command("update-ref").git_dir(git_dir);
            command.args(["--no-deref", "-d", &name]).arg(commit.to_string()).output()?;
        }
        Ok(())
    }
}
