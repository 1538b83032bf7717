//! Finding stored runs, becoming the one writer of one, and asking the writer to stop.

use super::error::EngineError;
use super::journal::Journal;
use super::site::Site;
use crate::adapters::host::control::{self, Reply, Request};
use crate::adapters::host::lock::{LockOutcome, RunLock};
use crate::adapters::process::{ProcessIdentity, stop_marked, stop_stray};
use crate::adapters::store::{Record, Store};
use crate::domain::id::RunId;
use crate::domain::run::{Envelope, Event, Input, RunSpec, RunState, StopReason, TaskState, step};

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
    let records = store.records(run)?;
    let journal = |source| EngineError::Journal { run: run.clone(), source };
    let envelopes: Vec<Envelope> = records
        .iter()
        .map(|Record { seq, at, version, body, .. }| Envelope::decode(*seq, *at, *version, body))
        .collect::<Result<_, _>>()
        .map_err(|error| journal(error.into()))?;
    let state = RunState::fold(&envelopes).map_err(journal)?;
    Ok((envelopes, state))
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

/// Asks the process that drives the run to abort it.
///
/// # Errors
/// The socket.
pub fn send_abort(site: &Site, run: &RunId) -> Result<Reply, EngineError> {
    let state_dir = site.state_dir();
    Ok(control::send(site.control(&state_dir, run), &Request::Abort)?)
}

/// After a crash: ends what still runs of the run and records what was lost, so that the run can
/// begin again.
///
/// # Errors
/// The journal.
pub async fn reconcile(journal: &mut Journal) -> Result<(), EngineError> {
    let spec = journal.state().spec.clone();
    let active: Vec<usize> = journal.state().active_tasks().collect();
    for task in active {
        let record = journal.state().tasks[task].clone();
        let grace = spec.limits.grace;
        let marks = markers(&spec, task, record.attempts);
        let mut ended = 0;
        if let TaskState::Running { process: Some(stamp), .. } = &record.state {
            let identity = ProcessIdentity {
                pid: stamp.pid,
                start_time: stamp.start_time,
                boot_id: stamp.boot_id.clone(),
            };
            ended += found(stop_stray(&identity, grace).await);
        }
        ended += found(stop_marked(&marks, grace).await);
        if !matches!(record.state, TaskState::Running { .. }) {
            continue;
        }
        let finding = match ended {
            0 => "the run ended while it was at work; nothing of it was still running".to_owned(),
            n => format!("the run ended while it was at work; {n} of its processes were stopped"),
        };
        let task = spec.plan.tasks[task].task.id.clone();
        take(journal, Input::Fact(Event::Reconciled { task, finding }))?;
    }
    Ok(())
}

/// Aborts a run that no process drives: what was under way is given up, what has not finished is
/// cancelled.
///
/// # Errors
/// The journal.
pub async fn abort_idle(journal: &mut Journal) -> Result<(), EngineError> {
    reconcile(journal).await?;
    let active: Vec<usize> = journal.state().active_tasks().collect();
    for task in active {
        let task = journal.state().task(task).id.clone();
        let finding = "given up, since the run is aborted".to_owned();
        take(journal, Input::Fact(Event::Reconciled { task, finding }))?;
    }
    take(journal, Input::Stop { reason: StopReason::Aborted, force: false })
}

fn take(journal: &mut Journal, input: Input) -> Result<(), EngineError> {
    let now = journal.now();
    let step = step(journal.state(), input, now);
    journal.record(step.events, now)
}

fn found(cleared: crate::adapters::process::Cleared) -> u32 {
    cleared.inside + cleared.outside
}

fn markers(
    spec: &RunSpec,
    task: usize,
    attempt: u32,
) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    [
        ("WT_ORCH_RUN", spec.run.to_string()),
        ("WT_ORCH_TASK", spec.plan.tasks[task].task.id.to_string()),
        ("WT_ORCH_ATTEMPT", attempt.to_string()),
        ("WT_ORCH_WORKTREE", spec.places[task].worktree.clone()),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .to_vec()
}
