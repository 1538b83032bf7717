//! Signals while validations run: the first that asks for the end stops them, a second Ctrl-C kills
//! them, Ctrl-Z holds them.

use std::collections::HashSet;

use tokio::time::{Instant, sleep_until};

use super::crew::Crew;
use crate::adapters::host::signals::{Signal, Signals, stand_still};
use crate::adapters::process::Request;
use crate::domain::integrate::IntegrationEvent;
use crate::domain::run::Event;
use crate::engine::error::EngineError;
use crate::engine::journal::Journal;
use crate::engine::reins::PATIENCE;

impl Crew {
    pub(super) async fn signalled(
        &mut self,
        journal: &mut Journal,
        signal: Signal,
    ) -> Result<(), EngineError> {
        match signal {
            Signal::Suspend => self.hold(journal).await,
            Signal::Interrupt if self.is_stopping => {
                self.running.iter().for_each(|running| running.abort.abort());
                Ok(())
            }
            Signal::Interrupt | Signal::Terminate | Signal::Hangup if !self.is_stopping => {
                self.stop_all(journal)
            }
            Signal::Interrupt | Signal::Terminate | Signal::Hangup => Ok(()),
        }
    }

    /// Stops all that runs and waits for it, after a signal that was heard elsewhere.
    pub(in crate::engine) async fn stop(
        &mut self,
        journal: &mut Journal,
        signals: &mut Signals,
    ) -> Result<(), EngineError> {
        self.stop_all(journal)?;
        self.wait(journal, signals).await.map(drop)
    }

    fn stop_all(&mut self, journal: &mut Journal) -> Result<(), EngineError> {
        self.is_stopping = true;
        let mut any_obeys = false;
        for running in &self.running {
            if running.reins.ask(Request::Stop) {
                any_obeys = true;
            } else {
                // Nothing runs that could be asked.
                running.abort.abort();
            }
        }
        if !any_obeys {
            return Ok(());
        }
        journal.note(Event::Integration { event: IntegrationEvent::StopRequested })
    }

    /// Holds all that runs, stands still until somebody continues this process, and lets all go on.
    async fn hold(&mut self, journal: &mut Journal) -> Result<(), EngineError> {
        journal.note(Event::Suspended)?;
        while self.held.1.try_recv().is_ok() {}
        let obeying = self.running.iter().filter(|running| running.reins.ask(Request::Suspend));
        let mut awaited: HashSet<u64> = obeying.map(|running| running.number).collect();
        let until = Instant::now() + PATIENCE;
        while !awaited.is_empty() {
            tokio::select! {
                Some(number) = self.held.1.recv() => {
                    awaited.remove(&number);
                }
                Some(done) = self.work.join_next() => {
                    if let Ok(done) = &done {
                        awaited.remove(&done.number);
                    }
                    self.ended.push_back(done);
                }
                () = sleep_until(until) => break,
            }
        }
        let before = self.site.clock.elapsed();
        stand_still().map_err(|source| EngineError::System { what: "stop itself", source })?;
        self.stood += self.site.clock.elapsed().saturating_sub(before);
        journal.note(Event::Continued)?;
        for running in &self.running {
            let _over_or_goes_on = running.reins.ask(Request::Continue);
        }
        Ok(())
    }
}
