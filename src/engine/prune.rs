//! Test runs of the past: those that nobody will go on with are given up, and of those that are over
//! nobody keeps more than a few.

use std::collections::BTreeSet;
use std::path::Path;

use super::clean::{CleanMode, CleanRequest, clean};
use super::error::EngineError;
use super::journal::Journal;
use super::open::{abort_idle, load_run, remove_deserted_socket};
use super::own_starts::holds_starts;
use super::site::Site;
use super::test_places;
use crate::adapters::git::worktree_among;
use crate::adapters::host::lock::{LockOutcome, LockTrace, RunLock, lock_trace};
use crate::adapters::store::Store;
use crate::adapters::worktree::{RepoLock, Trash};
use crate::domain::id::RunId;
use crate::domain::run::{Envelope, Event, RunSpec, RunState, WorktreeRules};

/// Forgets the test runs that are over, but for the newest `keep`: their journals, logs, and whatever
/// else may be left of them. What was measured in them stays. One that a process looks at is left alone,
/// as is one that cannot be read. Returns those that went.
///
/// # Errors
/// The database, git, or the file system.
pub fn prune_test_runs(
    site: &Site,
    store: &mut Store,
    keep: usize,
) -> Result<Vec<RunId>, EngineError> {
    let over = test_runs(store)?.into_iter().filter_map(|run| over(store, &run));
    let excess: Vec<RunState> = over.skip(keep).collect();
    let mut gone = Vec::new();
    for state in excess {
        if forget(site, store, &state)? {
            gone.push(state.spec.run.clone());
        }
    }
    Ok(gone)
}

/// A test run that is not over and that no process drives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deserted {
    /// Its name.
    pub run: RunId,
    /// Somebody may still go on with it: it is the newest, and was not being aborted.
    pub may_go_on: bool,
}

/// The test runs that are not over and that no process drives: interrupted, or their process was
/// killed. Each has its ports and the places of its worktrees, or the worktrees themselves.
///
/// # Errors
/// The database.
pub fn deserted_test_runs(site: &Site, store: &Store) -> Result<Vec<Deserted>, EngineError> {
    let mut found = Vec::new();
    for (age, run) in test_runs(store)?.into_iter().enumerate() {
        // Asked first: a run that ends in between has then stored its end.
        if lock_trace(&site.lock_path(&run)) == LockTrace::Held {
            continue;
        }
        let Ok((_, state)) = load_run(store, &run) else { continue };
        if !state.phase.is_over() {
            found.push(Deserted { run, may_go_on: age == 0 && !state.is_being_aborted() });
        }
    }
    Ok(found)
}

/// What was done about test runs that nobody drives.
#[derive(Debug, Default)]
pub struct GivenUp {
    /// Those that were ended, the newest first.
    pub runs: Vec<RunId>,
    /// Those whose process was killed when they were over, and of which nothing is left now; with what
    /// there is to say.
    pub tidied: Vec<(RunId, Vec<String>)>,
    /// Those that could not be, and why.
    pub failed: Vec<(RunId, EngineError)>,
}

/// Ends the test runs that nobody drives, but for the newest if somebody may go on with it: what still
/// runs of them is stopped, their worktrees, ports and commits are free, and their results stay. Of those
/// that are over goes what their process had no time to take away. One that cannot be ended is in no
/// other's way.
///
/// # Errors
/// The database.
pub async fn give_up_test_runs(site: &Site) -> Result<GivenUp, EngineError> {
    let mut done = GivenUp::default();
    let Some(store) = Store::open_existing(&site.state_dir())? else { return Ok(done) };
    for Deserted { run, .. } in
        deserted_test_runs(site, &store)?.into_iter().filter(|found| !found.may_go_on)
    {
        match give_up(site, &store, &run).await {
            Ok(true) => done.runs.push(run),
            Ok(false) => {}
            Err(error) => done.failed.push((run, error)),
        }
    }
    for run in test_runs(&store)? {
        match tidy_up(site, &store, &run) {
            Ok(Some(notes)) => done.tidied.push((run, notes)),
            Ok(None) => {}
            Err(error) => done.failed.push((run, error)),
        }
    }
    Ok(done)
}

/// Takes away what a run that is over has left; `None` where there is nothing, or somebody is at it.
fn tidy_up(site: &Site, store: &Store, run: &RunId) -> Result<Option<Vec<String>>, EngineError> {
    let Some(spec) = spec(store, run)? else { return Ok(None) };
    if left(site, store, &spec)?.is_none() || over(store, run).is_none() {
        return Ok(None);
    }
    // Places are the same in every run: none may come to one of these meanwhile.
    let _nobody_creates_a_run = RepoLock::to_create(&site.repo)?;
    let LockOutcome::Held(lock) = RunLock::acquire(&site.lock_path(run))? else {
        return Ok(None);
    };
    let left = left(site, store, &spec)?;
    let notes = left.map(|left| test_places::end(site, &left));
    remove_deserted_socket(site, run)?;
    lock.remove()?;
    Ok(notes)
}

/// The run with those of its places alone at which a worktree stands that is no other run's; `None` where
/// none is left, and no ref of its starts.
fn left(site: &Site, store: &Store, spec: &RunSpec) -> Result<Option<RunSpec>, EngineError> {
    let known = site.repo.worktrees()?;
    let mut left = spec.clone();
    left.places.retain(|place| worktree_among(&known, Path::new(&place.worktree)).is_some());
    if !left.places.is_empty() {
        let claimed = claimed(site, store, &spec.run)?;
        left.places.retain(|place| !claimed.contains(&place.worktree));
    }
    Ok((!left.places.is_empty() || holds_starts(site, &spec.run)?).then_some(left))
}

/// Places of the other runs that go on, or may, and of those that a process still tidies up.
fn claimed(site: &Site, store: &Store, run: &RunId) -> Result<BTreeSet<String>, EngineError> {
    let mut claimed = BTreeSet::new();
    for row in store.runs()?.into_iter().filter(|row| row.name != *run) {
        let driven = lock_trace(&site.lock_path(&row.name)) == LockTrace::Held;
        // Of one that cannot be read nobody knows whether it is over.
        if !driven && over(store, &row.name).is_some() {
            continue;
        }
        let places = spec(store, &row.name)?.map(|spec| spec.places).unwrap_or_default();
        claimed.extend(places.into_iter().map(|place| place.worktree));
    }
    Ok(claimed)
}

/// Whether there was something to end.
async fn give_up(site: &Site, store: &Store, run: &RunId) -> Result<bool, EngineError> {
    let LockOutcome::Held(lock) = RunLock::acquire(&site.lock_path(run))? else {
        return Ok(false);
    };
    let (_, state) = load_run(store, run)?;
    // Somebody may have gone on with it to its end, or given it up.
    let is_open = !state.phase.is_over();
    if is_open {
        let mut journal = Journal::resume(Store::open(&site.state_dir())?, site.clock, state);
        abort_idle(site, &mut journal).await?;
    }
    remove_deserted_socket(site, run)?;
    lock.remove()?;
    Ok(is_open)
}

/// Those of the database, the newest first.
fn test_runs(store: &Store) -> Result<Vec<RunId>, EngineError> {
    let mut tests = Vec::new();
    for row in store.runs()? {
        if is_test_run(store, &row.name)? {
            tests.push(row.name);
        }
    }
    Ok(tests)
}

/// Whether a run is one of tests. From its first event alone: journals are long.
///
/// # Errors
/// The database.
pub fn is_test_run(store: &Store, run: &RunId) -> Result<bool, EngineError> {
    Ok(spec(store, run)?.is_some_and(|spec| spec.kind.is_test()))
}

/// What each run was created with, as far as that can be read.
pub(super) fn specs(store: &Store) -> Result<Vec<RunSpec>, EngineError> {
    let specs = store.runs()?.into_iter().map(|row| spec(store, &row.name));
    specs.filter_map(Result::transpose).collect()
}

fn spec(store: &Store, run: &RunId) -> Result<Option<RunSpec>, EngineError> {
    let Some(record) = store.first_record(run)? else { return Ok(None) };
    let created = Envelope::decode(record.seq, record.at, record.version, &record.body);
    Ok(match created {
        Ok(Envelope { event: Event::RunCreated { spec }, .. }) => Some(*spec),
        Ok(_) | Err(_) => None,
    })
}

/// The state of a run that is over.
fn over(store: &Store, run: &RunId) -> Option<RunState> {
    let (_, state) = load_run(store, run).ok()?;
    state.phase.is_over().then_some(state)
}

/// Whether it went; somebody may just have begun to look at it, or to clean up after it.
fn forget(site: &Site, store: &mut Store, state: &RunState) -> Result<bool, EngineError> {
    let run = &state.spec.run;
    let LockOutcome::Held(lock) = RunLock::acquire(&site.lock_path(run))? else {
        return Ok(false);
    };
    if over(store, run).as_ref().is_none_or(|now| now.next_seq != state.next_seq) {
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
