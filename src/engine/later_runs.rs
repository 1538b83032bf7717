//! Branches that a later run made: once a run is cleaned, its names are free again.

use super::error::EngineError;
use super::open::load_run;
use super::site::Site;
use crate::adapters::git::{GitError, Repo};
use crate::adapters::store::Store;
use crate::domain::id::{Oid, RunId};
use crate::domain::run::RunState;

/// The run that made what a task's branch holds now, where that is a later one than the task's own. A
/// branch that the user moved is still the task's.
pub(super) fn later_maker(
    (site, store): (&Site, &Store),
    state: &RunState,
    (index, head): (usize, Oid),
) -> Result<Option<RunId>, EngineError> {
    let branch = &state.spec.places[index].branch;
    for row in store.runs()? {
        if row.name == state.spec.run {
            break;
        }
        // Of one whose journal cannot be read nobody can say what it made.
        let Ok((_, later)) = load_run(store, &row.name) else { continue };
        let mut places = later.spec.places.iter().zip(&later.tasks);
        let made = places
            .position(|(place, record)| place.branch == *branch && record.attempts > 0)
            .map(|other| (&later, other));
        if let Some(made) = made
            && is_made_by(&site.repo, made, head)?
            && !is_work_of(&site.repo, (state, index), (made, head))?
        {
            return Ok(Some(row.name));
        }
    }
    Ok(None)
}

/// Whether a commit is what a task left on its branch, or comes before or after that.
fn is_made_by(repo: &Repo, (run, task): (&RunState, usize), head: Oid) -> Result<bool, GitError> {
    let left = run.tasks[task].tip.unwrap_or_else(|| run.begins_at(task));
    Ok(is_there(repo, left)? && (repo.is_ancestor(left, head)? || repo.is_ancestor(head, left)?))
}

/// Whether a commit holds what this task did, and not only because the later one began with it.
fn is_work_of(
    repo: &Repo,
    (run, task): (&RunState, usize),
    ((later, other), head): ((&RunState, usize), Oid),
) -> Result<bool, GitError> {
    let record = &run.tasks[task];
    let Some(tip) = record.tip.filter(|_| !record.changed.is_empty()) else { return Ok(false) };
    if !is_there(repo, tip)? || !repo.is_ancestor(tip, head)? {
        return Ok(false);
    }
    let begun = later.begins_at(other);
    Ok(!is_there(repo, begun)? || !repo.is_ancestor(tip, begun)?)
}

/// What no ref holds is gone some day.
fn is_there(repo: &Repo, commit: Oid) -> Result<bool, GitError> {
    Ok(repo.resolve_commit(&commit.to_string())?.is_some())
}
