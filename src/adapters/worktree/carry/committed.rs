//! Finding what was brought along in commits that a task made itself.

use std::collections::BTreeSet;
use std::path::Path;

use super::record::Record;
use crate::adapters::git::{GitError, quote_path};
use crate::adapters::worktree::Checkout;
use crate::domain::id::Oid;

impl Checkout {
    /// Paths brought into this worktree that a commit after `start` and up to `tip` adds, also where
    /// a later one deletes them again: they would land with its history.
    pub(in crate::adapters::worktree) fn carried_since(
        &self,
        start: Oid,
        (tip, git_dir): (Oid, &Path),
    ) -> Result<Vec<String>, GitError> {
        let record = Record::load(git_dir)?;
        if record.is_empty() || tip == start {
            return Ok(Vec::new());
        }
        let log = self.repo.git("log").args(["-z", "--format=", "--name-only", "--no-renames"]);
        let log = log.args(["-m", "--diff-filter=A", "--no-show-signature", "--no-ext-diff"]);
        let listed = log.arg(format!("{start}..{tip}")).arg("--").output()?;
        let added: BTreeSet<&[u8]> =
            listed.split(|&byte| byte == 0).filter(|path| record.holds(path)).collect();
        Ok(added.into_iter().map(quote_path).collect())
    }
}
