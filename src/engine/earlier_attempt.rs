//! What an earlier attempt or an earlier process left where a task is to work.

use std::path::Path;

use super::attempt::chain;
use super::provision::{Job, keep_ref};
use super::test_places;
use crate::adapters::git::{Expected, GitError, RefOutcome, RefUpdate};
use crate::adapters::worktree::{self, Checkout, EnsureOutcome, RemoveMode};
use crate::domain::id::Oid;

/// What was found at a task's place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Room {
    /// A worktree of the run's own, which is at the start again.
    PutBack { saved: Option<Oid> },
    /// Nothing, or nothing any more.
    Free { saved: Option<Oid> },
}

/// Puts a worktree of the run's own back to the start; keeps what else is there and clears it away.
pub(super) fn make_room(job: &Job, start: Oid) -> Result<Room, String> {
    let place = &job.spec.places[job.task];
    let path = Path::new(&place.worktree);
    if place.branch.is_none() {
        test_places::free(&job.site, path).map_err(|error| chain(&error))?;
    }
    let Some((task, attempt)) = job.predecessor else { return Ok(Room::Free { saved: None }) };
    let keep = keep_ref(&job.spec, task, attempt);
    let there = job.site.repo.worktree_at(path).map_err(|error| chain(&error))?;
    let whole = there.is_some_and(|known| path.exists() && known.prunable.is_none());
    let Some(branch) = &place.branch else {
        // What tests left is not kept; one that cannot be made what it was is made anew.
        if whole && test_places::renew(&job.site, &job.spec, (path, start)).is_ok() {
            return Ok(Room::PutBack { saved: None });
        }
        test_places::clear(&job.site, path).map_err(|error| chain(&error))?;
        return Ok(Room::Free { saved: None });
    };
    if whole {
        if task != job.task && job.attempt > 1 {
            // The branch is the task's own, whoever had the lane last.
            keep_old_branch(job, branch, start).map_err(|error| chain(&error))?;
        }
        let found = put_back(job, (branch, start), &keep)?;
        // What another task left in the lane is kept, but is none of this task's work.
        return Ok(Room::PutBack { saved: found.filter(|_| task == job.task) });
    }
    let saved = set_aside(job, (branch, start), &keep).map_err(|error| chain(&error))?;
    Ok(Room::Free { saved })
}

fn put_back(job: &Job, (branch, start): (&str, Oid), keep: &str) -> Result<Option<Oid>, String> {
    let place = &job.spec.places[job.task];
    let checkout = Checkout::at(&job.site.repo, Path::new(&place.worktree));
    let checkout = checkout.map_err(|error| chain(&error))?;
    let outcome = checkout.ensure_at(branch, start, Some(keep));
    match outcome.map_err(|error| chain(&error))? {
        EnsureOutcome::Ready { saved, .. } => {
            let filled = checkout.ensure_submodules(job.spec.worktree.submodules);
            filled.map_err(|error| chain(&error))?;
            if job.spec.kind.race().is_some() {
                // What one arm built must not decide about another: only caches count, as where
                // candidates are validated (landing.md rule 7).
                clear(&checkout, &job.spec.worktree.caches).map_err(|error| chain(&error))?;
            }
            Ok(saved.map(|saved| saved.commit))
        }
        EnsureOutcome::Gone { reason } => {
            Err(format!("`{}` is no worktree any more: {reason}", place.worktree))
        }
        EnsureOutcome::Elsewhere { worktree } => Err(format!(
            "its branch `{branch}` is checked out in `{}`; switch that worktree to another branch",
            worktree.display()
        )),
        EnsureOutcome::WouldLose { paths, .. } => {
            Err(format!("`{}` holds unsaved work: {}", place.worktree, paths.join(", ")))
        }
    }
}

/// What setup hooks made goes as well, so that they run again.
fn clear(checkout: &Checkout, caches: &[String]) -> Result<(), GitError> {
    if checkout.has_leftovers(caches)? {
        checkout.forget_prepared()?;
    }
    checkout.clear_leftovers(caches)
}

/// Keeps what an earlier attempt has on the task's branch.
fn keep_old_branch(job: &Job, branch: &str, start: Oid) -> Result<(), GitError> {
    let repo = &job.site.repo;
    let Some(tip) = repo.branch_tip(branch)? else { return Ok(()) };
    if !repo.is_ancestor(tip, start)? {
        keep_work(job, (tip, start), &keep_ref(&job.spec, job.task, job.attempt - 1))?;
    }
    Ok(())
}

/// The folder of an earlier try is gone: what its branch holds is kept under a ref of ours, and
/// branch and registration make room.
fn set_aside(job: &Job, (branch, start): (&str, Oid), keep: &str) -> Result<Option<Oid>, GitError> {
    let place = &job.spec.places[job.task];
    let repo = &job.site.repo;
    let path = Path::new(&place.worktree);
    // What is kept there makes the new worktree refuse, with the reason.
    let _kept = worktree::remove(repo, path, RemoveMode::OnlyIfClean)?;
    let Some(tip) = repo.branch_tip(branch)? else { return Ok(None) };
    let saved = keep_work(job, (tip, start), keep)?;
    let branch = format!("refs/heads/{branch}");
    // Lost only to somebody who moved the branch meanwhile; making the worktree then says so.
    let _reported_later = repo.update_ref(&RefUpdate {
        name: branch,
        new: None,
        expected: Expected::At(tip),
        message: "wt-orch: work of an earlier attempt".to_owned(),
    })?;
    Ok(saved)
}

/// Keeps a commit of an earlier attempt, unless the task starts from it anyway. Never over something
/// that is kept already.
fn keep_work(job: &Job, (tip, start): (Oid, Oid), keep: &str) -> Result<Option<Oid>, GitError> {
    if job.site.repo.is_ancestor(tip, start)? {
        return Ok(None);
    }
    for number in 1.. {
        let name = if number == 1 { keep.to_owned() } else { format!("{keep}-{number}") };
        let outcome = job.site.repo.update_ref(&RefUpdate {
            name,
            new: Some(tip),
            expected: Expected::Absent,
            message: "wt-orch: work of an earlier attempt".to_owned(),
        })?;
        match outcome {
            RefOutcome::Lost { now } if now != Some(tip) => {}
            RefOutcome::Moved | RefOutcome::Lost { .. } => break,
        }
    }
    Ok(Some(tip))
}
