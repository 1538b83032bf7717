//! A worktree that was left for somebody to resolve a conflict in: git shows it as a merge in progress,
//! and a note in git's entry of it says whose it is.

use super::checkout::Checkout;
use super::whole_file::write_whole;
use crate::adapters::git::GitError;
use crate::domain::id::Oid;

/// Name of the note.
const NOTE: &str = "wt-orch-by-hand";

impl Checkout {
    /// What was noted when it was left; `None` where it was not left for anybody.
    pub fn left_by_hand(&self) -> Option<String> {
        std::fs::read_to_string(self.git_dir.as_deref()?.join(NOTE)).ok()
    }

    /// Leaves it, with a note. `merged`: the commit that a merge is in progress of.
    ///
    /// # Errors
    /// The files of its entry cannot be written.
    pub fn leave_by_hand(&self, note: &str, merged: Option<Oid>) -> Result<(), GitError> {
        let git_dir = self.whole_git_dir()?;
        if let Some(merged) = merged {
            write_whole(&git_dir.join("MERGE_HEAD"), format!("{merged}\n").as_bytes())?;
            write_whole(&git_dir.join("MERGE_MSG"), b"Resolved for wt-orch\n")?;
        }
        write_whole(&git_dir.join(NOTE), note.as_bytes())
    }
}
