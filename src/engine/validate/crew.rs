//! The worktrees in which validations run, several at once, and what runs in them. The journal hears
//! of each validation before it begins and after it ended.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::ValidateRules;
use super::bench::Bench;
use super::carry_out::{Errand, Outcome, carry_out};
use super::choice::{difference, may_start};
use crate::adapters::host::numbered_logs::NumberedLogs;
use crate::adapters::host::signals::Signals;
use crate::adapters::process::Request;
use crate::domain::id::Oid;
use crate::domain::integrate::{Integration, IntegrationEvent, ValidationRequest};
use crate::domain::run::{Event, RunSpec, RunState};
use crate::domain::task::Validation;
use crate::engine::carry::Carrier;
use crate::engine::error::EngineError;
use crate::engine::guard::{self, Doing, Findings, Guard};
use crate::engine::integrate::record;
use crate::engine::journal::Journal;
use crate::engine::reins::Reins;
use crate::engine::site::Site;

/// What came of waiting for validations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Turn {
    /// Something is known that was not: what is wanted may be another.
    Went,
    /// There is nothing to wait for.
    Idle,
    /// A signal ended it.
    Interrupted,
}

/// One for each integration.
pub(in crate::engine) struct Crew {
    pub(super) site: Site,
    pub(super) spec: Arc<RunSpec>,
    pub(super) rules: ValidateRules,
    guard: Arc<Guard>,
    findings: Findings,
    pub(super) carrier: Arc<Carrier>,
    logs: NumberedLogs,
    posts: Vec<Post>,
    pub(super) running: Vec<Running>,
    pub(super) work: JoinSet<Done>,
    /// Those that have ended and are not taken in yet.
    pub(super) ended: VecDeque<Result<Done, JoinError>>,
    /// Numbers of those that are held.
    pub(super) held: (mpsc::UnboundedSender<u64>, mpsc::UnboundedReceiver<u64>),
    begun: u64,
    /// Keys of what was looked for in vain among the trees that passed.
    pub(super) missed: HashMap<(Oid, String), Option<String>>,
    /// How long all stood still so far.
    pub(super) stood: Duration,
    /// When the cost of validating was last measured.
    pub(super) measured: Duration,
    pub(super) is_stopping: bool,
}

struct Post {
    bench: Bench,
    is_busy: bool,
    /// The validation that ran here last, and on what.
    last: Option<(String, Oid)>,
}

/// A validation that is under way.
pub(super) struct Running {
    pub(super) number: u64,
    pub(super) reins: Reins,
    pub(super) abort: AbortHandle,
    pub(super) request: ValidationRequest,
    pub(super) validation: Validation,
    post: usize,
    log: PathBuf,
    /// It is not needed any more, and about to end.
    is_needless: bool,
    pub(super) begun: Duration,
}

pub(super) struct Done {
    pub(super) number: u64,
    bench: Bench,
    outcome: Result<Outcome, String>,
}

impl Crew {
    pub(in crate::engine) fn new(site: &Site, state: &RunState, rules: ValidateRules) -> Self {
        let (guard, findings) = Findings::guarded(site, state);
        Self { findings, ..Self::under(guard, site, state, rules) }
    }

    /// Under the guard of a run that is under way, which tells its findings itself.
    pub(in crate::engine) fn under(
        guard: Arc<Guard>,
        site: &Site,
        state: &RunState,
        rules: ValidateRules,
    ) -> Self {
        let spec = Arc::clone(&state.spec);
        Self {
            site: site.clone(),
            rules,
            guard,
            findings: Findings::none(),
            carrier: Arc::new(Carrier::without_caches(&spec.worktree, &spec.places)),
            logs: NumberedLogs::of(site.logs_dir().join(spec.run.as_str())),
            spec,
            posts: Vec::new(),
            running: Vec::new(),
            work: JoinSet::new(),
            ended: VecDeque::new(),
            held: mpsc::unbounded_channel(),
            begun: 0,
            missed: HashMap::new(),
            stood: Duration::ZERO,
            measured: Duration::ZERO,
            is_stopping: false,
        }
    }

    /// Stops what is not wanted any more, starts what is as far as there is room, and waits until one
    /// has ended.
    pub(in crate::engine) async fn turn(
        &mut self,
        journal: &mut Journal,
        signals: &mut Signals,
        wanted: &[ValidationRequest],
    ) -> Result<Turn, EngineError> {
        let missing = self.drop_needless(journal, wanted)?;
        for request in missing {
            let Some(integration) = journal.state().integrations.last() else { break };
            let (slots, base) = (integration.spec.slots.max(1) as usize, integration.base);
            let Some(validation) = declared(integration, &request.name) else { continue };
            if self.answer(journal, &request, (&validation, base)).await? {
                return Ok(Turn::Went);
            }
            let beside = self.running.iter().map(|running| &running.validation);
            if self.running.len() < slots && may_start(&validation, beside) {
                self.start(journal, request, (validation, base))?;
            }
        }
        self.wait(journal, signals).await
    }

    /// Waits until one has ended; when all are being stopped, until all have.
    pub(super) async fn wait(
        &mut self,
        journal: &mut Journal,
        signals: &mut Signals,
    ) -> Result<Turn, EngineError> {
        loop {
            while let Some(done) = self.ended.pop_front() {
                self.take_in(journal, done)?;
                if self.ended.is_empty() && !self.is_stopping {
                    return Ok(Turn::Went);
                }
            }
            if self.running.is_empty() {
                return Ok(if self.is_stopping { Turn::Interrupted } else { Turn::Idle });
            }
            tokio::select! {
                Some(done) = self.work.join_next() => self.ended.push_back(done),
                signal = signals.recv() => self.signalled(journal, signal).await?,
            }
            while let Some(done) = self.work.try_join_next() {
                self.ended.push_back(done);
            }
        }
    }

    /// Ends all that runs: it is not needed any more.
    pub(in crate::engine) async fn dismiss(
        &mut self,
        journal: &mut Journal,
        signals: &mut Signals,
    ) -> Result<Turn, EngineError> {
        self.drop_needless(journal, &[])?;
        loop {
            match self.wait(journal, signals).await? {
                Turn::Went => {}
                turn @ (Turn::Idle | Turn::Interrupted) => return Ok(turn),
            }
        }
    }

    /// Kills what runs and takes all worktrees away; what stands in the way, as sentences.
    pub(in crate::engine) async fn close(mut self) -> Vec<String> {
        self.work.shutdown().await;
        let removed = self.posts.iter().filter_map(|post| post.bench.remove().err());
        removed.map(|why| format!("a validation worktree could not be removed: {why}")).collect()
    }

    fn drop_needless(
        &mut self,
        journal: &mut Journal,
        wanted: &[ValidationRequest],
    ) -> Result<Vec<ValidationRequest>, EngineError> {
        let needed: Vec<usize> =
            (0..self.running.len()).filter(|&at| !self.running[at].is_needless).collect();
        let requests: Vec<&ValidationRequest> =
            needed.iter().map(|&at| &self.running[at].request).collect();
        let difference = difference(&requests, wanted);
        for at in difference.needless {
            let running = &mut self.running[needed[at]];
            running.is_needless = true;
            let (commit, name) = (running.request.commit, running.request.name.clone());
            record(journal, IntegrationEvent::ValidationDropped { commit, name })?;
            // What has not begun will not.
            let _obeys = running.reins.ask(Request::Stop);
        }
        Ok(difference.missing)
    }

    fn start(
        &mut self,
        journal: &mut Journal,
        request: ValidationRequest,
        (validation, base): (Validation, Oid),
    ) -> Result<(), EngineError> {
        let commit = request.commit;
        let name = Some(request.name.clone());
        record(journal, IntegrationEvent::ValidationRequested { commit, name })?;
        self.begun += 1;
        let (number, reins) = (self.begun, Reins::new(self.begun, self.held.0.clone()));
        let planned = &self.spec.plan.validations;
        let current = journal.state().integrations.last();
        let format = current.and_then(|current| current.test_format(&validation.name));
        let errand = Errand {
            spec: self.spec.clone(),
            request: request.clone(),
            number: planned.iter().position(|v| v.name == validation.name).unwrap_or(0),
            validation: validation.clone(),
            format,
            pinned: self.rules.pins.taken_by(&validation, &self.site.repo, (base, commit))?,
            base,
            log: self.logs.next_for(&validation.name),
            carrier: self.carrier.clone(),
            reins: reins.clone(),
        };
        let log = errand.log.clone();
        let post = self.post_for(&request);
        let mut bench = self.posts[post].bench.clone();
        let guard = self.guard.clone();
        let abort = self.work.spawn(async move {
            let work = carry_out(&mut bench, &errand);
            let outcome = guard::watched(guard, None, Doing::Setup, work).await;
            Done { number, bench, outcome }
        });
        let (is_needless, begun) = (false, self.elapsed());
        self.running.push(Running {
            number,
            reins,
            abort,
            request,
            validation,
            post,
            log,
            is_needless,
            begun,
        });
        Ok(())
    }

    /// A free worktree: best the one in which that validation was built last, then one that stands at
    /// that commit.
    fn post_for(&mut self, request: &ValidationRequest) -> usize {
        let nearness = |post: &Post| {
            let last = post.last.as_ref();
            let same = last.is_some_and(|(name, _)| *name == request.name);
            (same, last.is_some_and(|(_, commit)| *commit == request.commit))
        };
        let free = (0..self.posts.len()).filter(|&at| !self.posts[at].is_busy);
        let at = free.max_by_key(|&at| nearness(&self.posts[at])).unwrap_or_else(|| {
            let number = u32::try_from(self.posts.len()).unwrap_or(u32::MAX).saturating_add(1);
            let others: Vec<Bench> = self.posts.iter().map(|post| post.bench.clone()).collect();
            let bench = Bench::new(&self.site, &self.spec, number).with_port(&self.spec, &others);
            self.posts.push(Post { bench, is_busy: false, last: None });
            self.posts.len() - 1
        });
        let post = &mut self.posts[at];
        post.is_busy = true;
        post.last = Some((request.name.clone(), request.commit));
        at
    }

    fn take_in(
        &mut self,
        journal: &mut Journal,
        done: Result<Done, JoinError>,
    ) -> Result<(), EngineError> {
        let is_it = |running: &Running| match &done {
            Ok(done) => running.number == done.number,
            Err(error) => running.abort.id() == error.id(),
        };
        let Some(at) = self.running.iter().position(is_it) else { return Ok(()) };
        let running = self.running.remove(at);
        self.posts[running.post].is_busy = false;
        self.findings.record(journal)?;
        let now = journal.now();
        let done = match done {
            Ok(done) => done,
            Err(error) if error.is_cancelled() => return Ok(()),
            Err(_) => return Err(EngineError::WorkerLost),
        };
        self.posts[running.post].bench = done.bench;
        if running.is_needless || self.is_stopping {
            return Ok(());
        }
        let failed = |message| EngineError::ValidationWorktree { message };
        let Outcome { run, notes } = done.outcome.map_err(failed)?;
        let told = &journal.state().warnings;
        let untold = notes.into_iter().filter(|note| !told.contains(note));
        let notes: Vec<Event> = untold.map(|message| Event::Warned { message }).collect();
        journal.record(notes, now)?;
        self.remember(journal, &running, &run)?;
        let (commit, name) = (running.request.commit, run.name.clone());
        record(journal, IntegrationEvent::ValidationFinished { commit, runs: vec![run] })?;
        self.prune_logs(journal.state(), &name);
        Ok(())
    }

    fn prune_logs(&self, state: &RunState, validation: &str) {
        let runs = state.integrations.iter().flat_map(|integration| &integration.runs);
        let red = runs.filter(|(_, run)| run.name == validation && !run.is_green());
        let red: BTreeSet<PathBuf> =
            red.filter_map(|(_, run)| run.log.as_ref().map(PathBuf::from)).collect();
        let used = self.running.iter().map(|running| running.log.clone()).collect();
        self.logs.prune(validation, &red, &used);
    }

    /// Time that counts: none passes while what runs is held.
    pub(super) fn elapsed(&self) -> Duration {
        self.site.clock.elapsed().saturating_sub(self.stood)
    }
}

fn declared(integration: &Integration, name: &str) -> Option<Validation> {
    integration.spec.validations.iter().find(|declared| declared.name == name).cloned()
}
