//! Paths that both sides changed and that a merge driver of the user's merged.

use std::collections::BTreeSet;

use super::labelled;
use crate::adapters::git::{GitError, MergeRequest, Repo};
use crate::domain::integrate::{PathResolution, ResolutionLabel};
use crate::engine::setup::changed_between;

/// Those of a merge; what is in conflict all the same is among them.
pub(in crate::engine) fn driven(
    repo: &Repo,
    request: MergeRequest,
) -> Result<Vec<PathResolution>, GitError> {
    if !repo.has_merge_drivers() {
        return Ok(Vec::new());
    }
    let base = match request.base {
        Some(base) => Some(base),
        None => repo.merge_base(request.ours, request.theirs)?,
    };
    let Some(base) = base else { return Ok(Vec::new()) };
    let ours: BTreeSet<String> = changed_between(repo, base, request.ours)?.into_iter().collect();
    let mut both = changed_between(repo, base, request.theirs)?;
    both.retain(|path| ours.contains(path));
    let driven = repo.with_merge_driver(request.ours, &both)?;
    Ok(labelled(&driven, ResolutionLabel::Driver).collect())
}
