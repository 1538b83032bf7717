//! Landings and undos that a crash cut off, before anybody has put them in order. Only reads.

use super::error::EngineError;
use super::landing::has_moved;
use super::site::Site;
use crate::adapters::git::{UnsettledLanding, unsettled_landings};
use crate::adapters::host::identity::ProcessIdentity;
use crate::adapters::host::lock::lock_owner;
use crate::adapters::store::{Operation, OperationState, Store};
use crate::domain::id::RunId;
use crate::domain::integrate::Terms;
use crate::domain::report::integrate_command;
use crate::domain::run::RunState;

/// One sentence for each operation that was announced and never told of its end, with the command that
/// puts it in order; `shown` is a run of this repository that somebody looks at.
///
/// # Errors
/// Git, the file system or the database.
pub fn cut_off_operations(
    site: &Site,
    store: &Store,
    shown: &RunState,
) -> Result<Vec<String>, EngineError> {
    let mut started = unfinished(store)?;
    if started.is_empty() {
        return Ok(Vec::new());
    }
    started.retain(|operation| !is_at_work(site, operation));
    let landings = unsettled_landings(&site.repo)?;
    // Whoever ended in between has said so.
    let open = unfinished(store)?;
    started.retain(|operation| open.contains(operation));
    let mut told = Vec::new();
    for operation in &started {
        let landing = landings.iter().find(|landing| landing.branch == branch(operation));
        if !landing.is_some_and(|landing| landing.alive) {
            let moved = has_moved(&site.repo, operation)?;
            told.push(sentence(operation, landing, moved, shown));
        }
    }
    Ok(told)
}

/// Operations that were announced and never told of their end, by processes that are gone.
///
/// # Errors
/// The database.
pub(super) fn deserted_operations(
    site: &Site,
    store: &Store,
) -> Result<Vec<Operation>, EngineError> {
    let mut started = unfinished(store)?;
    started.retain(|operation| !is_at_work(site, operation));
    // Whoever ended in between has said so.
    let open = if started.is_empty() { Vec::new() } else { unfinished(store)? };
    started.retain(|operation| open.contains(operation));
    Ok(started)
}

/// Whether another process may be at the operation. It holds, from before it announces it until it has
/// told of its end, the lock of the run that lands, or that of undos.
fn is_at_work(site: &Site, operation: &Operation) -> bool {
    let lock = match (&operation.run, operation.undoes) {
        (Some(run), None) => site.lock_path(run),
        (None, None) | (_, Some(_)) => site.undo_lock_path(),
    };
    lock_owner(&lock).is_some_and(|owner| owner != ProcessIdentity::own())
}

fn unfinished(store: &Store) -> Result<Vec<Operation>, EngineError> {
    let mut operations = store.operations()?;
    operations.retain(|operation| operation.state == OperationState::Started);
    operations.reverse();
    Ok(operations)
}

fn branch(operation: &Operation) -> &str {
    operation.reference.trim_start_matches("refs/heads/")
}

fn sentence(
    operation: &Operation,
    landing: Option<&UnsettledLanding>,
    moved: bool,
    shown: &RunState,
) -> String {
    let (id, branch) = (operation.id, branch(operation));
    let run = operation.run.as_ref().unwrap_or(&shown.spec.run);
    let (what, command) = match operation.undoes {
        None => (format!("the landing of run `{run}` on"), landing_command(run, shown)),
        Some(undone) => {
            (format!("the undo of operation {undone} on"), format!("wt-orch undo {undone}"))
        }
    };
    let moved = if moved { "has moved" } else { "has not moved" };
    let mut facts = vec![format!("`{branch}` {moved}")];
    if let Some(landing) = landing {
        if landing.half_written {
            let place = landing.worktree.display();
            facts.push(format!("files in `{place}` may be half written"));
        }
        if let Some(lock) = &landing.lock {
            facts.push(format!("`{}` keeps git out", lock.display()));
        }
    }
    let facts = facts.join(", ");
    format!(
        "{what} `{branch}` (operation {id}) was cut off: {facts}; `{command}` puts that in order and \
         goes on"
    )
}

/// The integration as it was asked for, as far as that is known.
fn landing_command(run: &RunId, shown: &RunState) -> String {
    let last = shown.integrations.last().filter(|_| shown.spec.run == *run);
    last.map_or_else(
        || format!("wt-orch integrate {run}"),
        |last| integrate_command(run, &Terms::of(&last.spec, shown.spec.target.as_deref())),
    )
}
