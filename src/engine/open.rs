//! Finding stored runs, becoming the one writer of one, and asking the writer to stop.

use super::attempt::chain;
use super::clean::sweep;
use super::error::EngineError;
use super::journal::Journal;
use super::observations::store_observations;
use super::own_starts::hold_starts;
use super::reserve::release;
use super::site::Site;
use super::strays::end_strays;
use super::suite_memory::store_suite_memory;
use super::test_places;
use super::validate::clear_validations;
use crate::adapters::host::control::{self, Follower, Reply, Request};
use crate::adapters::host::lock::{LockOutcome, RunLock};
use crate::adapters::store::{Record, Store};
use crate::adapters::worktree::Trash;
use crate::domain::id::RunId;
use crate::domain::run::{Envelope, Event, Input, RunPhase, RunState, StopReason, TrainEnd, step};

/// A run opened for writing, or who has it open.
pub enum Opened {
    /// This process is now its writer, as long as the lock lives.
    Ready(Box<Journal>, RunLock),
    /// Another process is.
    Busy {
        /// Its process id, when it is known.
        pid: Option<u32>,
    },
}

/// The events of a run and the state they fold to.
///
/// # Errors
/// The database, or a journal that contradicts itself.
pub fn load_run(store: &Store, run: &RunId) -> Result<(Vec<Envelope>, RunState), EngineError> {
    let envelopes = load_events_after(store, run, 0)?;
    let journal = |source| EngineError::Journal { run: run.clone(), source };
    let state = RunState::fold(&envelopes).map_err(journal)?;
    Ok((envelopes, state))
}

/// The events of a run behind number `seq`.
///
/// # Errors
/// The database, or an event that cannot be read.
pub fn load_events_after(
    store: &Store,
    run: &RunId,
    seq: u64,
) -> Result<Vec<Envelope>, EngineError> {
    let records = store.records_after(run, seq)?;
    let decoded = records
        .iter()
        .map(|Record { seq, at, version, body, .. }| Envelope::decode(*seq, *at, *version, body));
    decoded
        .collect::<Result<_, _>>()
        .map_err(|error| EngineError::Journal { run: run.clone(), source: error.into() })
}

/// Takes the run's lock, then reads its journal.
///
/// # Errors
/// The lock file, the database, or the journal.
pub fn open_for_writing(site: &Site, store: Store, run: &RunId) -> Result<Opened, EngineError> {
    let lock = match RunLock::acquire(&site.lock_path(run))? {
        LockOutcome::Held(lock) => lock,
        LockOutcome::Busy { owner } => {
            return Ok(Opened::Busy { pid: owner.map(|owner| owner.pid) });
        }
    };
    let (_, state) = load_run(&store, run)?;
    let journal = Journal::resume(store, site.clock, state);
    Ok(Opened::Ready(Box::new(journal), lock))
}

/// Whether a process drives the run right now.
///
/// # Errors
/// The socket.
pub fn is_driven(site: &Site, run: &RunId) -> Result<bool, EngineError> {
    let state_dir = site.state_dir();
    Ok(control::is_served(site.control(&state_dir, run))?)
}

/// Follows the run in the process that drives it; `None` when there is none.
///
/// # Errors
/// The socket.
pub fn follow(site: &Site, run: &RunId) -> Result<Option<Follower>, EngineError> {
    let state_dir = site.state_dir();
    Ok(control::follow(site.control(&state_dir, run))?)
}

/// Takes away the socket that a killed process left.
///
/// # Errors
/// The socket.
pub fn remove_deserted_socket(site: &Site, run: &RunId) -> Result<(), EngineError> {
    let state_dir = site.state_dir();
    Ok(control::clear_deserted(site.control(&state_dir, run))?)
}

/// Asks the process that drives the run to abort it.
///
/// # Errors
/// The socket.
pub fn send_abort(site: &Site, run: &RunId) -> Result<Reply, EngineError> {
    let state_dir = site.state_dir();
    Ok(control::send(site.control(&state_dir, run), &Request::Abort)?)
}

/// After a crash: ends what still runs of the run and records what was lost, so that the run can
/// begin again. Of a run that is over it takes away what its process had no time to.
///
/// # Errors
/// The journal, the socket, or the repository's lock.
pub async fn reconcile(site: &Site, journal: &mut Journal) -> Result<(), EngineError> {
    let spec = journal.state().spec.clone();
    remove_deserted_socket(site, &spec.run)?;
    let (strays, _others) = end_strays(site, journal.state()).await;
    for (task, ended) in strays {
        if !journal.state().tasks[task].state.is_lost_in_a_crash() {
            continue;
        }
        let finding = match ended {
            0 => "the run ended while it was at work; nothing of it was still running".to_owned(),
            n => format!("the run ended while it was at work; {n} of its processes were stopped"),
        };
        let task = journal.state().task(task).id.clone();
        journal.note(Event::Reconciled { task, finding })?;
    }
    super::guard::record_after_crash(site, journal)?;
    end_train(site, journal).await?;
    if !journal.state().phase.is_over() && !journal.state().is_being_aborted() {
        hold_starts(site, &spec.run, &journal.state().starts_to_come())?;
    }
    // Also of tasks that had just ended.
    release(&spec);
    // What cannot be deleted is in nobody's way; `clean` says why.
    let _emptied = sweep(site, &spec.places)?.map(Trash::finish);
    Ok(())
}

/// Aborts a run that no process drives: what still runs of it is ended, what has not finished is
/// cancelled. Returns how many processes were ended.
///
/// # Errors
/// The journal.
pub async fn abort_idle(site: &Site, journal: &mut Journal) -> Result<u32, EngineError> {
    let (ended, others) = end_strays(site, journal.state()).await;
    for (task, _) in &ended {
        let task = journal.state().task(*task).id.clone();
        let finding = "given up, since the run is aborted".to_owned();
        journal.note(Event::Reconciled { task, finding })?;
    }
    super::guard::record_after_crash(site, journal)?;
    end_train(site, journal).await?;
    // Of a run that ended while it was being stopped, only a harder request is heard.
    let force = matches!(journal.state().phase, RunPhase::Stopping(_));
    let now = journal.now();
    let step = step(journal.state(), Input::Stop { reason: StopReason::Aborted, force }, now);
    // Before it is stored: of a run that is over nobody would do it until `clean`.
    release(&journal.state().spec);
    journal.record(step.events, now)?;
    store_observations(journal)?;
    store_suite_memory(site, journal).await?;
    if journal.state().spec.kind.is_test() {
        for message in test_places::end(site, &journal.state().spec.clone()) {
            journal.note(Event::Warned { message })?;
        }
    }
    Ok(others + ended.iter().map(|(_, count)| count).sum::<u32>())
}

/// Takes away what validated trains.
async fn end_train(site: &Site, journal: &mut Journal) -> Result<(), EngineError> {
    let state = journal.state();
    if state.spec.limits.speculate {
        // What stands in the way is in nobody's but that of the next validation.
        let cleared = clear_validations(site, &state.spec).await;
        if let Err(error) = cleared {
            journal.note(Event::Warned { message: chain(&error) })?;
        }
    }
    let Some(train) = journal.state().trains.under_way.clone() else { return Ok(()) };
    journal.note(Event::TrainValidated { train, end: TrainEnd::Dropped })
}
