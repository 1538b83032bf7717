//! Holding a validation, or its setup hooks, by what signals ask for.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep};

use super::attempt::Told;
use super::error::EngineError;
use super::journal::Journal;
use crate::adapters::host::signals::{Signal, Signals, stand_still};
use crate::adapters::process::Request;
use crate::domain::run::Event;

/// How long to wait until what runs is held. What does not answer has just ended, or is about to
/// begin.
pub(super) const PATIENCE: Duration = Duration::from_millis(300);

/// Reaches the command that runs, whichever it is. Clones are the same reins.
#[derive(Debug, Clone, Default)]
pub(super) struct Reins {
    grip: Rc<RefCell<Grip>>,
    held: Rc<Notify>,
}

#[derive(Debug, Default)]
struct Grip {
    command: Option<mpsc::Sender<Request>>,
    stopped: bool,
    /// How long the work stood still.
    stood: Duration,
}

impl Reins {
    /// For a command that is about to start, in place of the one before.
    pub(super) fn take(&self) -> mpsc::Receiver<Request> {
        let (sender, requests) = mpsc::channel(4);
        self.grip.borrow_mut().command = Some(sender);
        requests
    }

    /// Hears what is told of the command.
    pub(super) fn hear(&self, told: &Told) {
        if matches!(told, Told::Suspended) {
            self.held.notify_one();
        }
    }

    /// Nothing is to begin any more.
    pub(super) fn is_stopped(&self) -> bool {
        self.grip.borrow().stopped
    }

    /// How long the work stood still so far.
    pub(super) fn stood(&self) -> Duration {
        self.grip.borrow().stood
    }

    /// Whether a command runs that will obey.
    fn ask(&self, request: Request) -> bool {
        let mut grip = self.grip.borrow_mut();
        grip.stopped |= request == Request::Stop;
        grip.command.as_ref().is_some_and(|command| command.try_send(request).is_ok())
    }

    /// Carries the work on that these reins reach, to its end: `None` when a signal ended it.
    pub(super) async fn conduct<T>(
        &self,
        work: impl Future<Output = T>,
        signals: &mut Signals,
        journal: &mut Journal,
    ) -> Result<Option<T>, EngineError> {
        let mut work = pin!(work);
        loop {
            let signal = tokio::select! {
                done = &mut work => return Ok((!self.is_stopped()).then_some(done)),
                signal = signals.recv() => signal,
            };
            match signal {
                Signal::Suspend => {
                    note(journal, Event::Suspended)?;
                    if self.ask(Request::Suspend) {
                        tokio::select! {
                            done = &mut work => return Ok((!self.is_stopped()).then_some(done)),
                            () = self.held.notified() => {}
                            () = sleep(PATIENCE) => {}
                        }
                    }
                    let before = Instant::now();
                    stand_still()
                        .map_err(|source| EngineError::System { what: "stop itself", source })?;
                    self.grip.borrow_mut().stood += before.elapsed();
                    note(journal, Event::Continued)?;
                    self.ask(Request::Continue);
                }
                // Whoever does not wait for the work kills what runs.
                Signal::Interrupt if self.is_stopped() => return Ok(None),
                Signal::Interrupt | Signal::Terminate | Signal::Hangup if !self.is_stopped() => {
                    if !self.ask(Request::Stop) {
                        return Ok(None);
                    }
                    let message = "the integration was interrupted: stopping what runs; Ctrl-C \
                                   again kills it";
                    note(journal, Event::Warned { message: message.to_owned() })?;
                }
                Signal::Interrupt | Signal::Terminate | Signal::Hangup => {}
            }
        }
    }
}

fn note(journal: &mut Journal, event: Event) -> Result<(), EngineError> {
    let now = journal.now();
    journal.record(vec![event], now)
}
