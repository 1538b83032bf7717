//! Moving the target to the validated commit, and telling what came of it.

use std::path::Path;

use super::attempt::chain;
use super::cut_off::deserted_operations;
use super::error::EngineError;
use super::integrate::record;
use super::journal::Journal;
use super::site::Site;
use crate::adapters::git::{
    BranchConflict, BranchRequest, Expected, GitError, LandOutcome, LandRefusal, LandRequest,
    RefUpdate, RefusedReason, Repo, delete_branch, early_obstacle, land, make_branch,
    recover_landing,
};
use crate::adapters::store::{NewOperation, Operation, OperationState, Store};
use crate::domain::id::{Oid, RunId};
use crate::domain::integrate::{IntegrationEvent, Member, Refusal};
use crate::domain::report::shell_word;
use crate::domain::run::RunState;

/// One change of a branch, announced in the database before it happens.
pub(super) struct Move<'a> {
    pub(super) branch: &'a str,
    pub(super) change: Change,
    pub(super) run: Option<RunId>,
    pub(super) undoes: Option<u64>,
}

/// What becomes of a branch.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// It moves, with the files of the worktree that has it.
    Moved { old: Oid, new: Oid },
    /// It comes into being; `known` is a commit that it grew from.
    Made { at: Oid, known: Oid },
    /// It goes.
    Deleted { at: Oid },
}

impl Change {
    /// What takes an operation back; `None` for one that changed nothing.
    pub(super) fn back(operation: &Operation) -> Option<Self> {
        match (operation.before(), operation.after()) {
            (Some(before), Some(after)) => Some(Self::Moved { old: after, new: before }),
            (None, Some(after)) => Some(Self::Deleted { at: after }),
            // What was there once was flushed by its landing.
            (Some(before), None) => Some(Self::Made { at: before, known: before }),
            (None, None) => None,
        }
    }

    /// Before and after; zeros where there is nothing.
    fn ends(self) -> (Oid, Oid) {
        match self {
            Self::Moved { old, new } => (old, new),
            Self::Made { at, .. } => (at.zero(), at),
            Self::Deleted { at } => (at, at.zero()),
        }
    }
}

/// Announces the change, makes it and stores how it ended.
pub(super) fn move_branch(
    site: &Site,
    store: &mut Store,
    wanted: &Move<'_>,
) -> Result<(u64, LandOutcome), EngineError> {
    let (kind, words) = match wanted.undoes {
        None => ("land", format!("wt-orch: land {}", run_name(wanted))),
        Some(id) => ("undo", format!("wt-orch: undo operation {id}")),
    };
    let (old, new) = wanted.change.ends();
    let id = store.begin_operation(&NewOperation {
        at: site.clock.now(),
        kind: kind.to_owned(),
        reference: format!("refs/heads/{}", wanted.branch),
        old,
        new,
        run: wanted.run.clone(),
        undoes: wanted.undoes,
    })?;
    // Both ends stay reachable as long as the operation can be taken back.
    for (end, commit) in [("old", old), ("new", new)] {
        if commit != commit.zero() {
            let _any_value_is_replaced = site.repo.update_ref(&RefUpdate {
                name: kept(id, end),
                new: Some(commit),
                expected: Expected::Any,
                message: words.clone(),
            })?;
        }
    }
    let outcome = match changed(&site.repo, wanted, words) {
        // It is there already: an earlier try got as far as this.
        Ok(LandOutcome::TargetMoved { now }) if now == Some(new) && wanted.undoes.is_none() => {
            Ok(LandOutcome::Landed { checked_out: None })
        }
        outcome => outcome,
    };
    let moved = match &outcome {
        Ok(LandOutcome::Landed { .. }) => true,
        Ok(LandOutcome::TargetMoved { .. } | LandOutcome::Refused(_)) => false,
        // Something failed on the way: the ref tells how far it got.
        Err(_) => match store.operations()?.iter().find(|operation| operation.id == id) {
            Some(operation) => has_moved(&site.repo, operation)?,
            None => false,
        },
    };
    settle_operation(site, store, id, moved)?;
    Ok((id, outcome?))
}

fn changed(repo: &Repo, wanted: &Move<'_>, message: String) -> Result<LandOutcome, GitError> {
    let name = wanted.branch.to_owned();
    match wanted.change {
        Change::Moved { old, new } => land(repo, &LandRequest { branch: name, old, new, message }),
        Change::Made { at, known } => {
            make_branch(repo, &BranchRequest { name, at, message }, known)
        }
        Change::Deleted { at } => delete_branch(repo, &BranchRequest { name, at, message }),
    }
}

/// Stores how an operation ended. One that moved nothing can never be taken back and keeps nothing.
fn settle_operation(
    site: &Site,
    store: &mut Store,
    id: u64,
    moved: bool,
) -> Result<(), EngineError> {
    let state = if moved { OperationState::Done } else { OperationState::Failed };
    store.finish_operation(id, state)?;
    for end in ["old", "new"].into_iter().filter(|_| !moved) {
        let _gone = site.repo.update_ref(&RefUpdate {
            name: kept(id, end),
            new: None,
            expected: Expected::Any,
            message: "wt-orch: nothing moved".to_owned(),
        })?;
    }
    Ok(())
}

/// The ref that keeps one end of an operation.
fn kept(id: u64, end: &str) -> String {
    format!("refs/wt-orch/undo/{id}/{end}")
}

fn run_name(wanted: &Move<'_>) -> String {
    wanted.run.as_ref().map_or_else(String::new, ToString::to_string)
}

/// What is known before anything is merged of why `target` could not be moved from `old` to a commit
/// with the `members` in it. A validation may take an hour: it is said at once.
///
/// # Errors
/// Git or the file system.
pub(super) fn obstacle(
    site: &Site,
    target: &str,
    old: Oid,
    members: &[Member],
) -> Result<Option<Refusal>, EngineError> {
    let deltas: Vec<(Oid, Oid)> = members.iter().map(|m| (m.start, m.tip)).collect();
    let found = early_obstacle(&site.repo, target, old, &deltas)?;
    Ok(found.map(|refusal| checkout_refusal(target, refusal)))
}

/// Why no branch of this name can be made; `None` when it can.
///
/// # Errors
/// Git.
pub(super) fn branch_obstacle(site: &Site, name: &str) -> Result<Option<Refusal>, EngineError> {
    let taken = |reason: String| Refusal::BranchTaken { branch: name.to_owned(), reason };
    Ok(match site.repo.branch_conflict(name)? {
        None => None,
        Some(BranchConflict::Exists { tip }) => {
            Some(taken(format!("there is one, at {}", tip.short())))
        }
        Some(BranchConflict::Clash { with } | BranchConflict::CaseOnly { with }) => {
            Some(taken(format!("`{with}` is in the way")))
        }
        Some(BranchConflict::Invalid) => Some(taken("git does not take the name".to_owned())),
    })
}

fn checkout_refusal(branch: &str, refusal: LandRefusal) -> Refusal {
    let message = refusal_text(branch, &refusal.worktree, &refusal.reason);
    Refusal::Checkout { message, resolve: refusal.resolve }
}

/// The landing of an integration: on its target, or on the branch that was asked for, which is made.
pub(super) fn land_step(
    site: &Site,
    journal: &mut Journal,
    old: Oid,
    new: Oid,
) -> Result<(), EngineError> {
    record(journal, IntegrationEvent::LandRequested { commit: new })?;
    let Some(integration) = journal.state().integrations.last() else { return Ok(()) };
    let branch = integration.spec.destination().to_owned();
    let change = match integration.spec.branch {
        None => Change::Moved { old, new },
        Some(_) => Change::Made { at: new, known: old },
    };
    let run = Some(journal.run());
    let wanted = Move { branch: &branch, change, run, undoes: None };
    let (operation, outcome) = move_branch(site, &mut journal.store, &wanted)?;
    let Some(integration) = journal.state().integrations.last() else { return Ok(()) };
    let event = match outcome {
        LandOutcome::Landed { checked_out } => {
            let checkout = checked_out.map(|path| path.display().to_string());
            IntegrationEvent::Landed { old, new, operation, checkout }
        }
        LandOutcome::TargetMoved { now } => match change {
            Change::Moved { .. } => integration.target_moved(now),
            Change::Made { .. } | Change::Deleted { .. } => {
                let at = now.map_or(String::new(), |at| format!(", at {}", at.short()));
                let reason = format!("there is one since{at}");
                let refusal = Refusal::BranchTaken { branch, reason };
                IntegrationEvent::Refused { refusal }
            }
        },
        LandOutcome::Refused(refusal) => {
            IntegrationEvent::Refused { refusal: checkout_refusal(&branch, refusal) }
        }
    };
    record(journal, event)
}

/// After a crash: finishes or takes back what a landing left half done, and settles operations that
/// were announced and never told of their end. Returns one sentence for each.
///
/// # Errors
/// Git or the database.
pub fn recover(site: &Site, store: &mut Store) -> Result<Vec<String>, EngineError> {
    let settled = site.repo.settle_settings()?;
    let freed = settled.freed.iter().map(|file| {
        format!(
            "an interrupted `wt-orch` held git's lock of `{}`, which is free again",
            file.display()
        )
    });
    let mut told: Vec<String> = freed.collect();
    told.extend(settled.stuck.iter().map(|(file, why)| {
        let (path, why) = (file.display().to_string(), chain(why));
        let way_out = format!("if none is at work, delete it: `rm {}`", shell_word(&path));
        format!(
            "what is left of an interrupted `wt-orch` could not be taken away: {why}; {way_out}"
        )
    }));
    for landing in recover_landing(&site.repo)? {
        told.push(format!(
            "an interrupted landing on `{}` was put in order in `{}`",
            landing.branch,
            landing.worktree.display()
        ));
    }
    for operation in deserted_operations(site, store)? {
        let moved = has_moved(&site.repo, &operation)?;
        settle_operation(site, store, operation.id, moved)?;
    }
    Ok(told)
}

/// Whether the ref made the announced move, also when it went on since.
pub(super) fn has_moved(repo: &Repo, operation: &Operation) -> Result<bool, EngineError> {
    let now = repo.ref_target(&operation.reference)?;
    let (before, after) = (operation.before(), operation.after());
    let (Some(now), Some(after)) = (now, after) else {
        return Ok(before.is_some() && now == after);
    };
    if now == after {
        return Ok(before != Some(after));
    }
    let held_before = match before {
        Some(before) => repo.is_ancestor(after, before)?,
        None => false,
    };
    Ok(repo.is_ancestor(after, now)? && !held_before)
}

/// Whether the target holds what a task's branch holds at `tip`: its commits, or, where an integration landed its
/// change in other commits, those.
pub(super) fn has_landed(
    repo: &Repo,
    state: &RunState,
    (index, tip): (usize, Oid),
    target: Oid,
) -> Result<bool, GitError> {
    if repo.is_ancestor(tip, target)? {
        return Ok(true);
    }
    for (_, landed) in state.landings_of(&state.task(index).id, tip) {
        // Not after an undo.
        if repo.is_ancestor(landed, target)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A refusal as one sentence.
pub(super) fn refusal_text(branch: &str, worktree: &Path, reason: &RefusedReason) -> String {
    format!("`{branch}` is checked out in `{}` and cannot be moved: {reason}", worktree.display())
}
