//! Operations of git's that were left open although nothing of them is undecided: a merge that only
//! lacks its commit, a bisection nobody ended.

use std::path::Path;

use super::checkout::Checkout;
use super::snapshot::Staged;
use crate::adapters::git::{GitError, Head, Progress};
use crate::domain::id::Oid;

impl Checkout {
    /// The further parents that the commit of the worktree's files gets, if nothing but that commit is
    /// missing; `None` when the operation still needs somebody.
    pub(super) fn conclusion(
        &self,
        progress: Progress,
        git_dir: &Path,
        (head, at): (&Head, Oid),
        staged: &Staged,
    ) -> Result<Option<Vec<Oid>>, GitError> {
        let has = |name: &str| git_dir.join(name).symlink_metadata().is_ok();
        if !staged.conflicted.is_empty() {
            return Ok(None);
        }
        match progress {
            Progress::Rebase | Progress::Am => Ok(None),
            // A series has more to come.
            Progress::CherryPick | Progress::Revert if has("sequencer") => Ok(None),
            Progress::Merge if has("MERGE_AUTOSTASH") => Ok(None),
            Progress::Bisect => {
                let undisturbed = staged.tree == self.repo.tree_of(at)?;
                Ok((undisturbed || head.branch().is_some()).then(Vec::new))
            }
            Progress::Merge | Progress::CherryPick | Progress::Revert => {
                if self.has_conflict_marks(at, staged.tree)? {
                    return Ok(None);
                }
                if progress != Progress::Merge {
                    return Ok(Some(Vec::new()));
                }
                let merged = git_dir.join("MERGE_HEAD");
                let text = std::fs::read_to_string(merged).unwrap_or_default();
                let mut parents = Vec::new();
                for parent in text.lines().filter_map(|line| line.trim().parse::<Oid>().ok()) {
                    if !self.repo.is_ancestor(parent, at)? {
                        parents.push(parent);
                    }
                }
                Ok(Some(parents))
            }
        }
    }

    /// Whether lines that a tree adds look like the marks of a conflict.
    fn has_conflict_marks(&self, from: Oid, to: Oid) -> Result<bool, GitError> {
        let command = self.repo.git("diff").args(["--no-ext-diff", "--no-textconv", "--unified=0"]);
        let diff = command.args([from.to_string(), to.to_string()]).arg("--").output()?;
        Ok(diff.split(|&byte| byte == b'\n').any(|line| line.starts_with(b"+<<<<<<< ")))
    }
}
