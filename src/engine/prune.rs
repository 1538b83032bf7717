//! Test runs of the past, of which nobody keeps more than a few.

use super::clean::{CleanMode, CleanRequest, clean};
use super::error::EngineError;
use super::open::{load_run, remove_deserted_socket};
use super::site::Site;
use crate::adapters::host::lock::{LockOutcome, RunLock};
use crate::adapters::store::Store;
use crate::adapters::worktree::Trash;
use crate::domain::id::RunId;
use crate::domain::run::{Envelope, Event, RunPhase, RunState, StopReason, WorktreeRules};

/// Test runs that were interrupted and can still be resumed. Each keeps its ports and places.
const RESUMABLE_KEPT: usize = 3;

/// Forgets the test runs that are over, but for the newest `keep`, and all but the newest few that were
/// interrupted: their journals, logs, and whatever else may be left of them. What was measured in them
/// stays. One that a process drives is left alone, as is one that cannot be read. Returns those that
/// went.
///
/// # Errors
/// The database, git, or the file system.
pub fn prune_test_runs(
    site: &Site,
    store: &mut Store,
    keep: usize,
) -> Result<Vec<RunId>, EngineError> {
    let mut tests = Vec::new();
    for row in store.runs()? {
        if is_test_run(store, &row.name)? {
            tests.push(row.name);
        }
    }
    let (mut over, mut resumable) = (keep, RESUMABLE_KEPT);
    let mut gone = Vec::new();
    for run in tests {
        let Some(state) = at_rest(store, &run) else { continue };
        let more = if state.phase.is_over() { &mut over } else { &mut resumable };
        if *more > 0 {
            *more -= 1;
        } else if forget(site, store, &state)? {
            gone.push(run);
        }
    }
    Ok(gone)
}

/// Whether a run is one of tests. From its first event alone: journals are long.
///
/// # Errors
/// The database.
pub fn is_test_run(store: &Store, run: &RunId) -> Result<bool, EngineError> {
    let Some(record) = store.first_record(run)? else { return Ok(false) };
    let created = Envelope::decode(record.seq, record.at, record.version, &record.body);
    Ok(match created {
        Ok(Envelope { event: Event::RunCreated { spec }, .. }) => spec.kind.is_test(),
        Ok(_) | Err(_) => false,
    })
}

/// The state of a run that is over, or that was interrupted in good order.
fn at_rest(store: &Store, run: &RunId) -> Option<RunState> {
    let (_, state) = load_run(store, run).ok()?;
    let interrupted = state.phase == RunPhase::Stopped(StopReason::Interrupted);
    (interrupted || state.phase.is_over()).then_some(state)
}

/// Whether it went; somebody may just have begun to look at it, to resume or to retry it.
fn forget(site: &Site, store: &mut Store, state: &RunState) -> Result<bool, EngineError> {
    let run = &state.spec.run;
    let LockOutcome::Held(lock) = RunLock::acquire(&site.lock_path(run))? else {
        return Ok(false);
    };
    if at_rest(store, run).as_ref().is_none_or(|now| now.next_seq != state.next_seq) {
        return Ok(false);
    }
    let trash = Trash::begin();
    let rules = WorktreeRules::default();
    let mode = CleanMode { dry_run: false, force: true, empty_pool: false };
    let request = CleanRequest {
        state,
        store: &*store,
        mode,
        rules: &rules,
        trash: &trash,
        keep_logs: false,
    };
    let cleaned = clean(site, request).map(|_| ());
    let emptied = trash.finish().failed;
    cleaned?;
    emptied.map_or(Ok(()), Err)?;
    remove_deserted_socket(site, run)?;
    store.remove_run(run)?;
    lock.remove()?;
    Ok(true)
}
