//! Holding what resolves a conflict by what signals ask for.

use std::pin::pin;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::adapters::host::signals::{Signal, Signals, stand_still};
use crate::adapters::process::Request;
use crate::domain::integrate::IntegrationEvent;
use crate::domain::run::Event;
use crate::engine::error::EngineError;
use crate::engine::journal::Journal;
use crate::engine::reins::{PATIENCE, Reins};

/// Holds the reins of one collision.
#[derive(Debug)]
pub(in crate::engine) struct Conductor {
    reins: Reins,
    held: mpsc::UnboundedReceiver<u64>,
}

impl Conductor {
    pub(in crate::engine) fn new() -> Self {
        let (sender, held) = mpsc::unbounded_channel();
        Self { reins: Reins::new(0, sender), held }
    }

    pub(in crate::engine) fn reins(&self) -> Reins {
        self.reins.clone()
    }

    /// Carries the work on that the reins reach, to its end: `None` when a signal ended it.
    pub(in crate::engine) async fn conduct<T>(
        mut self,
        work: impl Future<Output = T>,
        signals: &mut Signals,
        journal: &mut Journal,
    ) -> Result<Option<T>, EngineError> {
        let mut work = pin!(work);
        loop {
            let signal = tokio::select! {
                done = &mut work => return Ok((!self.reins.is_stopped()).then_some(done)),
                signal = signals.recv() => signal,
            };
            match signal {
                Signal::Suspend => {
                    journal.note(Event::Suspended)?;
                    while self.held.try_recv().is_ok() {}
                    if self.reins.ask(Request::Suspend) {
                        tokio::select! {
                            done = &mut work => return Ok((!self.reins.is_stopped()).then_some(done)),
                            _number = self.held.recv() => {}
                            () = sleep(PATIENCE) => {}
                        }
                    }
                    stand_still()
                        .map_err(|source| EngineError::System { what: "stop itself", source })?;
                    journal.note(Event::Continued)?;
                    let _over_or_goes_on = self.reins.ask(Request::Continue);
                }
                // Whoever does not wait for the work kills what runs.
                Signal::Interrupt if self.reins.is_stopped() => return Ok(None),
                Signal::Interrupt | Signal::Terminate | Signal::Hangup
                    if !self.reins.is_stopped() =>
                {
                    if !self.reins.ask(Request::Stop) {
                        return Ok(None);
                    }
                    journal.note(Event::Integration { event: IntegrationEvent::StopRequested })?;
                }
                Signal::Interrupt | Signal::Terminate | Signal::Hangup => {}
            }
        }
    }
}
