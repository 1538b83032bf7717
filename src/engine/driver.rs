//! The loop of a run: inputs in, events stored, actions performed. The only place that talks to
//! the outside while tasks run.

mod alarms;
mod costs;
mod evidence;
mod foresight;
mod intake;
mod launching;
mod replanning;
mod sharing;
mod signals;
mod starting;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::alarms::Alarms;
use self::costs::Committing;
use self::foresight::Foresight;
use self::intake::AT_ONCE;
use self::sharing::HostShare;
use self::signals::{Holding, patience};
use self::starting::Starts;
use super::ahead::Ahead;
use super::carry::Carrier;
use super::commit;
use super::error::EngineError;
use super::guard::Guard;
use super::integrate::IntegrateRequest;
use super::jobs::{open_jobs, remove_jobs};
use super::journal::Journal;
use super::provision;
use super::site::Site;
use super::suite_memory::store_driven_suite_memory;
use super::suite_results::suite_end;
use super::test_places;
use crate::adapters::host::control::{ControlServer, Reply, Request as ControlRequest};
use crate::adapters::host::signals::Signals;
use crate::adapters::host::temporary::{delete_temporary, set_temporary_aside};
use crate::adapters::process::{Request, adopt_orphans};
use crate::adapters::store::CostSample;
use crate::domain::id::TaskId;
use crate::domain::run::{
    Action, Event, Input, RunPhase, RunSpec, RunState, StopReason, TaskState,
};
use crate::domain::time::Timestamp;

/// A run to be driven to its end.
pub struct DriveRequest {
    /// Where.
    pub site: Site,
    /// Its journal, of which this becomes the one writer.
    pub journal: Journal,
    /// Not for the first time.
    pub resumed: bool,
    /// Files of the base, for the cost of worktrees.
    pub files: usize,
    /// How what it made would land.
    pub integrating: IntegrateRequest,
    /// Whoever stores a run listens before that: no signal may end it unheard.
    pub signals: Signals,
}

enum Message {
    Input(Input),
    Output {
        task: TaskId,
        line: String,
    },
    /// The command of a task is held, as requested.
    Held {
        task: usize,
    },
    /// The attempt of a task is over; its channel is closed.
    Idle {
        task: usize,
    },
    /// A worker ended without telling a fact.
    Lost,
}

/// A fact that a worker owes the loop. Dropped unpaid (the worker panicked), it says so: the loop
/// would wait for ever otherwise.
struct Owed {
    outbox: mpsc::UnboundedSender<Message>,
    paid: bool,
}

impl Owed {
    fn new(outbox: &mpsc::UnboundedSender<Message>) -> Self {
        Self { outbox: outbox.clone(), paid: false }
    }

    fn pay(mut self, facts: impl IntoIterator<Item = Event>) {
        self.paid = true;
        for fact in facts {
            send(&self.outbox, Message::Input(Input::Fact(fact)));
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if !self.paid {
            send(&self.outbox, Message::Lost);
        }
    }
}

struct Driver {
    site: Site,
    journal: Journal,
    spec: Arc<RunSpec>,
    files: usize,
    outbox: mpsc::UnboundedSender<Message>,
    attempts: HashMap<usize, mpsc::Sender<Request>>,
    committing: Committing,
    /// Folders for temporary files that are being deleted.
    clearing: JoinSet<()>,
    /// Tasks whose worktree was being made when an earlier process ended.
    half_made: Vec<usize>,
    /// An earlier process of the run was cut off.
    resumed: bool,
    starts: Starts,
    carrier: Arc<Carrier>,
    alarms: Alarms,
    guard: Arc<Guard>,
    ahead: Ahead,
    foresight: Foresight,
    /// Everything is being held.
    holding: Option<Holding>,
    finished: bool,
    /// Measured, not stored yet.
    measured: Vec<(&'static str, CostSample)>,
}

/// What is asked for at once and done together.
#[derive(Default)]
struct Together {
    worktrees: Vec<provision::Job>,
    /// Tasks whose work is to be compared with that of others.
    forecasts: Vec<usize>,
}

/// Drives a run until nothing is left to do or it is stopped, and hands its journal back.
///
/// # Errors
/// The journal cannot be written: what runs is then killed before this returns.
pub async fn drive(request: DriveRequest) -> Result<Journal, EngineError> {
    let DriveRequest { site, mut journal, resumed, files, integrating, mut signals } = request;
    let (mut site, unguarded) = site.guarded();
    adopt_orphans();
    let now = journal.now();
    journal
        .record(unguarded.map(|message| Event::Warned { message }).into_iter().collect(), now)?;
    let (outbox, mut inbox) = mpsc::unbounded_channel();
    let spec = journal.state().spec.clone();
    let state_dir = site.state_dir();
    let mut control = ControlServer::bind(site.control(&state_dir, &spec.run))?;
    site.jobs = open_jobs(&site, &mut journal).await?;
    let attempts = HashMap::new();
    let half_made = if resumed { half_made_worktrees(journal.state()) } else { Vec::new() };
    let carrier = Arc::new(Carrier::new(&spec.worktree, &spec.places));
    let findings = outbox.clone();
    let tell = move |finding| {
        let fact = Event::SharedChanged { finding };
        send(&findings, Message::Input(Input::Fact(fact)));
    };
    let guard = Arc::new(Guard::new(site.clone(), journal.state(), Box::new(tell)));
    let ahead = Ahead::new(&site, integrating, guard.clone());
    let mut driver = Driver {
        site,
        journal,
        spec,
        files,
        outbox,
        attempts,
        committing: Committing::default(),
        clearing: JoinSet::new(),
        half_made,
        resumed,
        starts: Starts::default(),
        carrier,
        alarms: Alarms::new(),
        guard,
        ahead,
        foresight: Foresight::default(),
        holding: None,
        finished: false,
        measured: Vec::new(),
    };
    let mut outcome = driver.take(Input::Begin { resumed });
    let mut host = None;
    if outcome.is_ok() {
        outcome = driver.share_host().await.map(|share| host = share);
    }
    let mut messages = Vec::new();
    while outcome.is_ok() && !driver.finished {
        control.tell_stored(driver.stored());
        outcome = tokio::select! {
            () = HostShare::due(&mut host) => driver.read_host(&mut host),
            1.. = inbox.recv_many(&mut messages, AT_ONCE) => driver.receive(messages.drain(..)),
            signal = signals.recv() => driver.signalled(signal),
            (train, end) = driver.ahead.ended() => driver.train_ended(train, end),
            found = driver.foresight.found() => driver.foresaw(found),
            () = patience(driver.holding.as_ref()) => driver.rest(),
            call = control.recv() => {
                let (reply, outcome) = driver.called(&call.request);
                call.answer(reply).await;
                outcome
            }
        };
        if let Some(host) = &mut host {
            host.tell(driver.journal.state());
        }
    }
    if outcome.is_ok() {
        outcome = driver.foresee_the_last().await;
    }
    if outcome.is_ok() {
        outcome = store_driven_suite_memory(&driver.site, &mut driver.journal).await;
    }
    if outcome.is_err() {
        driver.kill_all(&mut inbox).await;
    }
    let mut left = driver.ahead.close().await;
    if driver.spec.kind.is_test() {
        let (site, spec) = (driver.site.clone(), driver.spec.clone());
        let is_over = outcome.is_ok() && driver.journal.state().phase.is_over();
        let close = if is_over { test_places::end } else { test_places::close };
        let closed = tokio::task::spawn_blocking(move || close(&site, &spec)).await;
        left.extend(closed.unwrap_or_default());
    }
    if outcome.is_ok() {
        let now = driver.journal.now();
        let left = left.into_iter().map(|message| Event::Warned { message }).collect();
        outcome = driver.journal.record(left, now);
    }
    while driver.clearing.join_next().await.is_some() {}
    remove_jobs(&driver.site, &driver.spec);
    outcome?;
    Ok(driver.journal)
}

impl Driver {
    fn called(&mut self, request: &ControlRequest) -> (Reply, Result<(), EngineError>) {
        match request {
            ControlRequest::Abort => {
                let reason = StopReason::Aborted;
                let forced = self.journal.state().phase == RunPhase::Stopping(reason);
                let outcome = self.take(Input::Stop { reason, force: forced });
                let reply = match &outcome {
                    Ok(()) => Reply::Aborting { forced },
                    Err(error) => Reply::Refused { message: error.to_string() },
                };
                (reply, outcome)
            }
            // The server answers these itself.
            ControlRequest::Ping | ControlRequest::Follow => {
                (Reply::Stored { seq: self.stored() }, Ok(()))
            }
        }
    }

    /// Number of the last event that is stored.
    fn stored(&self) -> u64 {
        self.journal.state().next_seq - 1
    }

    /// Deletes what a task left in its folder for temporary files, while others go on.
    fn clear_temporary(&mut self, task: usize) {
        let Some(folder) = &self.spec.places[task].temporary else { return };
        // Moved away at once: the next attempt begins with an empty one.
        if let Ok(Some(over)) = set_temporary_aside(Path::new(folder)) {
            self.clearing.spawn_blocking(move || {
                let _in_nobodys_way = delete_temporary(&over);
            });
        }
    }

    /// Does what is asked for, but for what is better done together.
    fn perform(&mut self, action: Action, together: &mut Together) {
        match action {
            Action::Provision { task, attempt, from } => {
                self.provision((task, attempt), from, together);
            }
            Action::SetUp { task, attempt } => self.set_up(task, attempt),
            Action::Launch { task, attempt } => self.launch(task, attempt),
            Action::Commit { task, attempt, keep } => {
                self.committing.begin(task, self.site.clock.elapsed());
                let state = self.journal.state();
                let record = &state.tasks[task];
                let suite = record.end.as_ref().filter(|_| self.spec.kind.is_test()).map(suite_end);
                let job = commit::Job {
                    site: self.site.clone(),
                    spec: self.spec.clone(),
                    task,
                    attempt,
                    start: state.begins_at(task),
                    counts_from: record.start.unwrap_or(self.spec.base),
                    keep,
                    guard: self.guard.clone(),
                    suite,
                };
                self.blocking(move || commit::commit(&job));
            }
            Action::Check { task, attempt, run } => self.check((task, attempt), run),
            Action::Stop { task, force } => {
                self.stop_waiting(task);
                let request = if force { Request::Kill } else { Request::Stop };
                if let Some(attempt) = self.attempts.get(&task) {
                    // A full channel already holds a request; a closed one has ended.
                    let _already_told = attempt.try_send(request);
                }
            }
            Action::Wake { task, at } => {
                let task = self.id(task);
                self.say_later(at, Input::Timer { task });
            }
            Action::WakeGroup { group, at } => self.say_later(at, Input::GroupTimer { group }),
            Action::Replan { because } => self.replan(because),
            Action::ValidateTrain { train } => self.ahead.begin(train, self.journal.state()),
            Action::DropTrain { force } => self.ahead.give_up(force),
            Action::Forecast { task } => together.forecasts.push(task),
            Action::Finish => self.finished = true,
        }
    }

    fn say_later(&self, at: Timestamp, input: Input) {
        let wait = at.since(self.journal.now());
        let outbox = self.outbox.clone();
        self.alarms.ring(wait, move || send(&outbox, Message::Input(input)));
    }

    /// Whose leftovers may lie where the task is to work.
    fn predecessor(&self, task: usize, attempt: u32) -> Option<(usize, u32)> {
        let state = self.journal.state();
        if state.is_lane() {
            return state.lane_before.or(self.half_made.first().map(|_| (task, 0)));
        }
        let own = attempt > 1 || self.half_made.contains(&task);
        own.then_some((task, attempt.saturating_sub(1)))
    }

    fn blocking<F: IntoIterator<Item = Event>>(&self, work: impl FnOnce() -> F + Send + 'static) {
        let owed = Owed::new(&self.outbox);
        tokio::task::spawn_blocking(move || owed.pay(work()));
    }

    fn id(&self, task: usize) -> TaskId {
        self.spec.plan.tasks[task].task.id.clone()
    }

    /// After a journal that cannot be written: nothing may go on unrecorded.
    async fn kill_all(&mut self, inbox: &mut mpsc::UnboundedReceiver<Message>) {
        for attempt in self.attempts.values() {
            let _already_ended = attempt.try_send(Request::Kill);
        }
        let patience = self.spec.limits.grace + Duration::from_secs(5);
        let gone = async {
            while !self.attempts.is_empty() {
                match inbox.recv().await {
                    Some(Message::Idle { task }) => {
                        self.attempts.remove(&task);
                    }
                    Some(
                        Message::Input(_)
                        | Message::Output { .. }
                        | Message::Held { .. }
                        | Message::Lost,
                    ) => {}
                    None => break,
                }
            }
        };
        let _timed_out = tokio::time::timeout(patience, gone).await;
    }
}

fn half_made_worktrees(state: &RunState) -> Vec<usize> {
    let is_half = |state: &TaskState| matches!(state, TaskState::Provisioning { .. });
    (0..state.tasks.len()).filter(|&task| is_half(&state.tasks[task].state)).collect()
}

/// The receiver lives as long as the loop; what comes after it is of no interest.
fn send(outbox: &mpsc::UnboundedSender<Message>, message: Message) {
    let _receiver_gone = outbox.send(message);
}
