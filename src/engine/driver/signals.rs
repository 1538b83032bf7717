//! Signals while a run is driven: the first that asks it to end stops it so that it can be resumed, a
//! later Ctrl-C kills, also after an `abort`; Ctrl-Z holds everything.

use std::collections::HashSet;

use tokio::time::{Instant, sleep_until};

use super::Driver;
use crate::adapters::host::signals::{Signal, stand_still};
use crate::adapters::process::Request;
use crate::domain::run::{Event, Input, RunPhase, StopReason};
use crate::engine::error::EngineError;
use crate::engine::reins::PATIENCE;

/// A run that is about to stand still.
#[derive(Debug)]
pub(super) struct Holding {
    /// Tasks whose command is not held yet; `None` is what validates a train, which is killed.
    awaited: HashSet<Option<usize>>,
    until: Instant,
}

impl Driver {
    pub(super) fn signalled(&mut self, signal: Signal) -> Result<(), EngineError> {
        let force = match signal {
            Signal::Suspend => return self.hold(),
            // Whatever sends SIGTERM sends it more than once sooner than it means more by it.
            Signal::Terminate | Signal::Hangup => false,
            Signal::Interrupt => matches!(self.journal.state().phase, RunPhase::Stopping(_)),
        };
        self.take(Input::Stop { reason: StopReason::Interrupted, force })
    }

    fn hold(&mut self) -> Result<(), EngineError> {
        if self.holding.is_some() {
            return Ok(());
        }
        let now = self.journal.now();
        self.journal.record(vec![Event::Suspended], now)?;
        let mut awaited: HashSet<Option<usize>> = self.attempts.keys().copied().map(Some).collect();
        if self.ahead.is_at_work() {
            awaited.insert(None);
            self.ahead.give_up(true);
        }
        self.holding = Some(Holding { awaited, until: Instant::now() + PATIENCE });
        self.ask_all(Request::Suspend);
        self.rest_if_all_are_held()
    }

    /// The command of this task is held, or over; `None` is what validates a train.
    pub(super) fn is_quiet(&mut self, task: Option<usize>) -> Result<(), EngineError> {
        if let Some(holding) = &mut self.holding {
            holding.awaited.remove(&task);
        }
        self.rest_if_all_are_held()
    }

    /// What begins while everything is being held is held as well.
    pub(super) fn hold_beginner(&mut self, task: usize) {
        let Some(holding) = &mut self.holding else { return };
        holding.awaited.insert(Some(task));
        if let Some(attempt) = self.attempts.get(&task) {
            let _its_channel_is_empty = attempt.try_send(Request::Suspend);
        }
    }

    fn rest_if_all_are_held(&mut self) -> Result<(), EngineError> {
        match &self.holding {
            Some(holding) if holding.awaited.is_empty() => self.rest(),
            Some(_) | None => Ok(()),
        }
    }

    /// Stands still until somebody continues this process, and then everything goes on.
    pub(super) fn rest(&mut self) -> Result<(), EngineError> {
        let before = self.site.clock.elapsed();
        stand_still().map_err(|source| EngineError::System { what: "stop itself", source })?;
        self.alarms.stood_still(self.site.clock.elapsed().saturating_sub(before));
        self.holding = None;
        self.take(Input::Fact(Event::Continued))?;
        self.ask_all(Request::Continue);
        Ok(())
    }

    fn ask_all(&self, request: Request) {
        for attempt in self.attempts.values() {
            // A full channel holds a harder request; a closed one has ended.
            let _told_or_over = attempt.try_send(request);
        }
    }
}

/// When not to wait any longer; never while nothing is being held.
pub(super) async fn patience(holding: Option<&Holding>) {
    match holding.map(|holding| holding.until) {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
