//! Moving the target to the validated commit, and telling what came of it.

use std::path::Path;

use super::attempt::chain;
use super::error::EngineError;
use super::integrate::record;
use super::journal::Journal;
use super::site::Site;
use crate::adapters::git::{
    Expected, GitError, LandOutcome, LandRequest, RefUpdate, RefusedReason, Repo, land,
    recover_landing, shell_word,
};
use crate::adapters::store::{NewOperation, Operation, OperationState, Store};
use crate::domain::id::{Oid, RunId};
use crate::domain::integrate::{IntegrationEvent, IntegrationOutcome, Refusal};
use crate::domain::run::RunState;

/// One move of a branch, announced in the database before it happens.
pub(super) struct Move<'a> {
    pub(super) branch: &'a str,
    pub(super) old: Oid,
    pub(super) new: Oid,
    pub(super) run: Option<RunId>,
    pub(super) undoes: Option<u64>,
}

/// Announces the move, makes it and stores how it ended.
pub(super) fn move_branch(
    site: &Site,
    store: &mut Store,
    wanted: &Move<'_>,
) -> Result<(u64, LandOutcome), EngineError> {
    let (kind, words) = match wanted.undoes {
        None => ("land", format!("wt-orch: land {}", run_name(wanted))),
        Some(id) => ("undo", format!("wt-orch: undo operation {id}")),
    };
    let id = store.begin_operation(&NewOperation {
        at: site.clock.now(),
        kind: kind.to_owned(),
        reference: format!("refs/heads/{}", wanted.branch),
        old: wanted.old,
        new: wanted.new,
        run: wanted.run.clone(),
        undoes: wanted.undoes,
    })?;
    // Both ends stay reachable as long as the operation can be taken back.
    for (end, commit) in [("old", wanted.old), ("new", wanted.new)] {
        let _any_value_is_replaced = site.repo.update_ref(&RefUpdate {
            name: format!("refs/wt-orch/undo/{id}/{end}"),
            new: Some(commit),
            expected: Expected::Any,
            message: words.clone(),
        })?;
    }
    let request = LandRequest {
        branch: wanted.branch.to_owned(),
        old: wanted.old,
        new: wanted.new,
        message: words,
    };
    let outcome = land(&site.repo, &request);
    let state = match &outcome {
        Ok(LandOutcome::Landed { .. }) => OperationState::Done,
        Ok(LandOutcome::TargetMoved { .. } | LandOutcome::Refused { .. }) => OperationState::Failed,
        // Something failed on the way: the ref tells how far it got.
        Err(_) if site.repo.branch_tip(wanted.branch)? == Some(wanted.new) => OperationState::Done,
        Err(_) => OperationState::Failed,
    };
    store.finish_operation(id, state)?;
    Ok((id, outcome?))
}

fn run_name(wanted: &Move<'_>) -> String {
    wanted.run.as_ref().map_or_else(String::new, ToString::to_string)
}

/// The landing of an integration.
pub(super) fn land_step(
    site: &Site,
    journal: &mut Journal,
    old: Oid,
    new: Oid,
) -> Result<(), EngineError> {
    record(journal, IntegrationEvent::LandRequested { commit: new })?;
    let Some(integration) = journal.state().integrations.last() else { return Ok(()) };
    let branch = integration.spec.target.clone();
    let run = Some(journal.run());
    let wanted = Move { branch: &branch, old, new, run, undoes: None };
    let (operation, outcome) = move_branch(site, &mut journal.store, &wanted)?;
    let Some(integration) = journal.state().integrations.last() else { return Ok(()) };
    let event = match outcome {
        LandOutcome::Landed { checked_out } => {
            let checkout = checked_out.map(|path| path.display().to_string());
            IntegrationEvent::Landed { old, new, operation, checkout }
        }
        // It is there already: an earlier try got as far as this.
        LandOutcome::TargetMoved { now: Some(now) } if now == new => {
            IntegrationEvent::Landed { old, new, operation, checkout: None }
        }
        LandOutcome::TargetMoved { now } => integration.target_moved(now),
        LandOutcome::Refused { worktree, reason, resolve } => {
            let message = refusal_text(&branch, &worktree, &reason);
            IntegrationEvent::Refused { refusal: Refusal::Checkout { message, resolve } }
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
    for operation in store.operations()? {
        if operation.state != OperationState::Started {
            continue;
        }
        let done = has_moved(&site.repo, &operation)?;
        let state = if done { OperationState::Done } else { OperationState::Failed };
        store.finish_operation(operation.id, state)?;
    }
    Ok(told)
}

/// Whether the ref made the announced move, also when it went on since.
fn has_moved(repo: &Repo, operation: &Operation) -> Result<bool, EngineError> {
    let (old, new) = (operation.old, operation.new);
    let Some(now) = repo.ref_target(&operation.reference)? else { return Ok(false) };
    let went_on = || -> Result<bool, GitError> {
        Ok(repo.is_ancestor(new, now)? && !repo.is_ancestor(new, old)?)
    };
    Ok(old != new && (now == new || went_on()?))
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
    let task = &state.task(index).id;
    for integration in &state.integrations {
        let Some(IntegrationOutcome::Landed { new, .. }) = &integration.outcome else { continue };
        // A retry made another tip, which no earlier landing took.
        let same = integration.spec.members.iter().any(|m| m.task == *task && m.tip == tip);
        let taken = integration.train.iter().any(|(merged, _)| merged == task);
        // Not after an undo.
        if same && taken && repo.is_ancestor(*new, target)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A refusal as one sentence.
pub(super) fn refusal_text(branch: &str, worktree: &Path, reason: &RefusedReason) -> String {
    format!("`{branch}` is checked out in `{}` and cannot be moved: {reason}", worktree.display())
}
