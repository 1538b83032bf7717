//! What was said to a driver, taken in together: its events wait for the disk once.

use super::{Driver, Message, Together};
use crate::domain::run::{Action, Event, Input, Train, TrainEnd, step};
use crate::engine::error::EngineError;
use crate::engine::{observations, provision};

/// Messages that are taken in together at most.
pub(super) const AT_ONCE: usize = 256;
/// Measurements that are stored together while a run goes on.
const MEASURED_AT_ONCE: usize = 64;

/// What is to be done once the events are stored that ask for it.
#[derive(Default)]
struct Pending {
    actions: Vec<Action>,
    /// Tasks whose attempt is over.
    over: Vec<usize>,
    ends: bool,
}

impl Driver {
    /// Takes in all that was said up to here: its events wait for the disk together.
    pub(super) fn receive(
        &mut self,
        messages: impl Iterator<Item = Message>,
    ) -> Result<(), EngineError> {
        let mut pending = Pending::default();
        let (mut idle, mut quiet) = (Vec::new(), Vec::new());
        for message in messages {
            match message {
                Message::Input(input) => self.decide(input, &mut pending)?,
                Message::Output { task, line } => self.journal.output(task, line),
                Message::Held { task } => quiet.push(task),
                Message::Idle { task } => {
                    self.attempts.remove(&task);
                    idle.push(task);
                    quiet.push(task);
                }
                Message::Lost => return Err(EngineError::WorkerLost),
            }
        }
        self.carry_out(pending)?;
        idle.into_iter().for_each(|task| self.start_is_over(task));
        quiet.into_iter().try_for_each(|task| self.is_quiet(Some(task)))
    }

    /// A train is no longer being validated.
    pub(super) fn train_ended(&mut self, train: Train, end: TrainEnd) -> Result<(), EngineError> {
        self.take(Input::Fact(Event::TrainValidated { train, end }))?;
        self.is_quiet(None)
    }

    pub(super) fn take(&mut self, input: Input) -> Result<(), EngineError> {
        self.take_all([input])
    }

    /// As [`Self::take`]; the events wait for the disk together.
    pub(super) fn take_all(
        &mut self,
        inputs: impl IntoIterator<Item = Input>,
    ) -> Result<(), EngineError> {
        let mut pending = Pending::default();
        for input in inputs {
            self.decide(input, &mut pending)?;
        }
        self.carry_out(pending)
    }

    /// Stages what follows from an input.
    fn decide(&mut self, input: Input, pending: &mut Pending) -> Result<(), EngineError> {
        let now = self.journal.now();
        let costs = self.costs_of(&input);
        let step = step(self.journal.state(), input, now);
        if !step.events.is_empty() {
            self.measured.extend(costs);
        }
        pending.over.extend(self.attempts_over(&step.events));
        pending.ends |= step.events.iter().any(Event::ends_run);
        pending.actions.extend(step.actions);
        self.journal.stage(step.events, now)
    }

    /// Stores what is staged, and does what it asks for.
    fn carry_out(&mut self, pending: Pending) -> Result<(), EngineError> {
        self.journal.store_staged()?;
        self.guard.note_tips(self.journal.state());
        if pending.ends {
            observations::store_observations(&mut self.journal)?;
        }
        for task in pending.over {
            self.clear_temporary(task);
        }
        if pending.ends || self.measured.len() >= MEASURED_AT_ONCE {
            self.store_measured()?;
        }
        let mut together = Together::default();
        for action in pending.actions {
            self.perform(action, &mut together);
        }
        let Together { worktrees, forecasts } = together;
        if !worktrees.is_empty() {
            self.blocking(move || provision::provision(worktrees));
        }
        self.forecast(forecasts);
        Ok(())
    }

    /// Tasks whose attempt is over with these events.
    fn attempts_over(&self, events: &[Event]) -> Vec<usize> {
        let is_over = |event: &&Event| {
            matches!(
                event,
                Event::TaskFinished { .. }
                    | Event::RetryScheduled { .. }
                    | Event::Reconciled { .. }
            )
        };
        let over = events.iter().filter(is_over).filter_map(Event::task);
        over.filter_map(|task| self.journal.state().index(task)).collect()
    }
}
