//! The one owner of a run's state: stores events, folds them, tells the subscribers.

use crate::adapters::host::clock::Clock;
use crate::adapters::store::{Record, Store};
use crate::domain::id::{RunId, TaskId};
use crate::domain::run::{Envelope, Event, FIRST_SEQ, JOURNAL_VERSION, RunSpec, RunState};
use crate::domain::time::Timestamp;

use super::error::EngineError;
use super::subscriber::Subscriber;

/// Journal and state of one run.
pub struct Journal {
    /// The database; other tables are written through it as well.
    pub store: Store,
    state: RunState,
    clock: Clock,
    subscribers: Vec<Box<dyn Subscriber>>,
    lost: Vec<String>,
}

impl Journal {
    /// Begins a journal with `run_created`; gives the database back when another process has just
    /// taken the name of the run.
    ///
    /// # Errors
    /// The database, or an event that does not fold.
    pub fn begin(
        mut store: Store,
        clock: Clock,
        spec: RunSpec,
    ) -> Result<Result<Self, Store>, EngineError> {
        let run = spec.run.clone();
        let event = Event::RunCreated { spec: Box::new(spec) };
        let envelope = Envelope { seq: FIRST_SEQ, at: clock.now(), event };
        let state = RunState::fold([&envelope])
            .map_err(|source| EngineError::Journal { run: run.clone(), source })?;
        if !store.begin_run(&run, envelope.at, &[record(&envelope)?])? {
            return Ok(Err(store));
        }
        Ok(Ok(Self::resume(store, clock, state)))
    }

    /// Continues the journal of a stored run.
    pub fn resume(store: Store, clock: Clock, state: RunState) -> Self {
        Self { store, state, clock, subscribers: Vec::new(), lost: Vec::new() }
    }

    /// Adds a watcher.
    pub fn subscribe(&mut self, subscriber: Box<dyn Subscriber>) {
        self.subscribers.push(subscriber);
    }

    /// Takes all watchers off.
    pub fn unsubscribe_all(&mut self) {
        self.subscribers.clear();
    }

    /// The state after everything stored.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Name of the run.
    pub fn run(&self) -> RunId {
        self.state.spec.run.clone()
    }

    /// Stores facts in one transaction, folds them and tells the subscribers.
    ///
    /// # Errors
    /// The database, or a fact that does not fold; nothing is stored then.
    pub fn record(&mut self, events: Vec<Event>, at: Timestamp) -> Result<(), EngineError> {
        if events.is_empty() {
            return Ok(());
        }
        let first = self.state.next_seq;
        let envelopes: Vec<Envelope> = events
            .into_iter()
            .zip(first..)
            .map(|(event, seq)| Envelope { seq, at, event })
            .collect();
        let mut trial = self.state.clone();
        for envelope in &envelopes {
            trial.apply(envelope).map_err(|source| self.illegal(source))?;
        }
        let records: Vec<Record> = envelopes.iter().map(record).collect::<Result<_, _>>()?;
        let run = self.run();
        self.store.append(&run, &records)?;
        for envelope in &envelopes {
            self.state.apply(envelope).map_err(|source| self.illegal(source))?;
            self.publish(envelope);
        }
        Ok(())
    }

    /// Passes a line of output on.
    pub fn output(&mut self, task: &TaskId, line: &str) {
        for subscriber in &mut self.subscribers {
            subscriber.on_output(task, line);
        }
    }

    /// What subscribers failed with.
    pub fn lost_subscribers(&self) -> &[String] {
        &self.lost
    }

    fn publish(&mut self, envelope: &Envelope) {
        let Self { lost, state, .. } = self;
        self.subscribers.retain_mut(|subscriber| match subscriber.on_event(envelope, state) {
            Ok(()) => true,
            Err(why) => {
                lost.push(why);
                false
            }
        });
    }

    fn illegal(&self, source: crate::domain::run::IllegalEvent) -> EngineError {
        EngineError::Journal { run: self.run(), source }
    }
}

fn record(envelope: &Envelope) -> Result<Record, EngineError> {
    let (kind, body) = envelope.encode()?;
    let Envelope { seq, at, .. } = *envelope;
    Ok(Record { seq, at, version: JOURNAL_VERSION, kind, body })
}
