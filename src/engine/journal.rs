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
    staged: Staged,
    /// Facts are folded and nowhere stored.
    is_sketch: bool,
}

/// What is folded and not stored yet.
#[derive(Default)]
struct Staged {
    records: Vec<Record>,
    /// For the subscribers, in its order.
    news: Vec<News>,
    /// The state before, for when it cannot be stored.
    before: Option<Box<RunState>>,
}

enum News {
    Event(Box<Envelope>),
    Output { task: TaskId, line: String },
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
        let (subscribers, lost, staged) = (Vec::new(), Vec::new(), Staged::default());
        Self { store, state, clock, subscribers, lost, staged, is_sketch: false }
    }

    /// One on which something is played through from `state` on: its facts are folded and not stored.
    pub(super) fn sketch(store: Store, clock: Clock, state: RunState) -> Self {
        Self { is_sketch: true, ..Self::resume(store, clock, state) }
    }

    /// Adds a watcher.
    pub fn subscribe(&mut self, subscriber: Box<dyn Subscriber>) {
        self.subscribers.push(subscriber);
    }

    /// Takes all watchers off.
    pub fn unsubscribe_all(&mut self) {
        self.subscribers.clear();
    }

    /// The state after everything stored or staged.
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
        self.stage(events, at)?;
        self.store_staged()
    }

    /// Stores one fact, as of the present, and nothing that follows from it.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub(super) fn note(&mut self, event: Event) -> Result<(), EngineError> {
        let now = self.now();
        self.record(vec![event], now)
    }

    /// Folds facts that [`Self::store_staged`] is to store, together with others: what is stored
    /// together waits for the disk once. Nothing may be done before that which they ask for.
    ///
    /// # Errors
    /// A fact that does not fold; nothing is staged then, and the state is that of what is stored.
    pub fn stage(&mut self, events: Vec<Event>, at: Timestamp) -> Result<(), EngineError> {
        if events.is_empty() {
            return Ok(());
        }
        // One copy for all that is stored together: a copy for each fact would make a run of many
        // tasks take the square of their number.
        self.staged.before.get_or_insert_with(|| Box::new(self.state.clone()));
        for (event, seq) in events.into_iter().zip(self.state.next_seq..) {
            if let Err(error) = self.stage_one(Envelope { seq, at, event }) {
                self.forget_staged();
                return Err(error);
            }
        }
        Ok(())
    }

    fn stage_one(&mut self, envelope: Envelope) -> Result<(), EngineError> {
        self.state.apply(&envelope).map_err(|source| self.illegal(source))?;
        self.staged.records.push(record(&envelope)?);
        if !self.subscribers.is_empty() {
            self.staged.news.push(News::Event(Box::new(envelope)));
        }
        Ok(())
    }

    fn forget_staged(&mut self) {
        if let Some(before) = std::mem::take(&mut self.staged).before {
            self.state = *before;
        }
    }

    /// Stores what is staged in one transaction, and tells the subscribers.
    ///
    /// # Errors
    /// The database; nothing is stored then, and the state is what it was before.
    pub fn store_staged(&mut self) -> Result<(), EngineError> {
        if self.staged.records.is_empty() {
            return Ok(());
        }
        if self.is_sketch {
            self.staged = Staged::default();
            return Ok(());
        }
        let run = self.run();
        if let Err(error) = self.store.append(&run, &self.staged.records) {
            self.forget_staged();
            return Err(error.into());
        }
        let Staged { news, before, .. } = std::mem::take(&mut self.staged);
        // Every fact is told with the state after it, and not with what was staged later.
        let Some(mut told) = before else { return Ok(()) };
        for news in news {
            match news {
                News::Event(envelope) => {
                    told.apply(&envelope).map_err(|source| self.illegal(source))?;
                    self.publish(&envelope, &told);
                }
                News::Output { task, line } => self.publish_output(&task, &line),
            }
        }
        Ok(())
    }

    /// Passes a line of output on, after what is staged.
    pub fn output(&mut self, task: TaskId, line: String) {
        if self.staged.records.is_empty() {
            self.publish_output(&task, &line);
        } else {
            self.staged.news.push(News::Output { task, line });
        }
    }

    /// What subscribers failed with.
    pub fn lost_subscribers(&self) -> &[String] {
        &self.lost
    }

    fn publish(&mut self, envelope: &Envelope, state: &RunState) {
        let lost = &mut self.lost;
        self.subscribers.retain_mut(|subscriber| match subscriber.on_event(envelope, state) {
            Ok(()) => true,
            Err(why) => {
                lost.push(why);
                false
            }
        });
    }

    fn publish_output(&mut self, task: &TaskId, line: &str) {
        for subscriber in &mut self.subscribers {
            subscriber.on_output(task, line);
        }
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

#[cfg(test)]
mod tests;
