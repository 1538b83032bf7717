//! What a branch changed, and what that says about merging it.

use std::borrow::Cow;

use super::Merger;
use super::overlap::Names;
use crate::adapters::git::diff::RawChange;
use crate::adapters::git::error::GitError;
use crate::domain::id::Oid;

/// A branch's own work: from a commit to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Ends {
    pub(super) start: Oid,
    pub(super) tip: Oid,
}

/// The difference between two ends.
pub(super) struct Delta {
    pub(super) ends: Ends,
    pub(super) changes: Vec<RawChange>,
    pub(super) names: Names,
    /// Nothing in it makes a merge more than the sum of its paths: no file can have been renamed,
    /// and no attribute or submodule is declared otherwise.
    pub(super) simple: bool,
}

impl Delta {
    pub(super) fn load(merger: &impl Merger, ends: Ends) -> Result<Self, GitError> {
        let changes = merger.raw_changes(ends.start, ends.tip)?;
        let adds = changes.iter().any(|change| change.old.is_none());
        let deletes = changes.iter().any(|change| change.new.is_none());
        let may_rename = adds && deletes;
        let simple = !may_rename && !steers(&changes);
        let names = Names::of(changes.iter().map(|change| change.path.as_slice()));
        Ok(Self { ends, changes, names, simple })
    }

    /// What the tip changed since another commit than its start.
    pub(super) fn since(
        &self,
        merger: &impl Merger,
        base: Oid,
    ) -> Result<Cow<'_, [RawChange]>, GitError> {
        if base == self.ends.start {
            return Ok(Cow::Borrowed(&self.changes));
        }
        merger.raw_changes(base, self.ends.tip).map(Cow::Owned)
    }
}

/// Whether a change decides how other files are merged.
pub(super) fn steers(changes: &[RawChange]) -> bool {
    changes.iter().any(|change| {
        let name = change.path.rsplit(|&byte| byte == b'/').next();
        name == Some(b".gitattributes") || change.path == b".gitmodules"
    })
}
