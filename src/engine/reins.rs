//! What reaches the commands that are run one after another for one end: a validation after its setup
//! hooks, whatever resolves a conflict.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::adapters::process::Request;
use crate::engine::attempt::Told;

/// How long to wait until what runs is held. What does not answer has just ended, or is about to
/// begin.
pub(super) const PATIENCE: Duration = Duration::from_millis(300);

/// Clones are the same reins.
#[derive(Debug, Clone)]
pub(super) struct Reins {
    /// Told when a command is held.
    number: u64,
    held: mpsc::UnboundedSender<u64>,
    grip: Arc<Mutex<Grip>>,
}

#[derive(Debug, Default)]
struct Grip {
    command: Option<mpsc::Sender<Request>>,
    stopped: bool,
    standing: bool,
}

impl Reins {
    pub(super) fn new(number: u64, held: mpsc::UnboundedSender<u64>) -> Self {
        Self { number, held, grip: Arc::default() }
    }

    /// For a command that is about to start, in place of the one before; `None` when nothing is to
    /// begin any more. What begins while all is being held is held as well.
    pub(super) fn take(&self) -> Option<mpsc::Receiver<Request>> {
        let mut grip = self.grip();
        if grip.stopped {
            return None;
        }
        let (sender, requests) = mpsc::channel(4);
        if grip.standing {
            let _it_is_empty = sender.try_send(Request::Suspend);
        }
        grip.command = Some(sender);
        Some(requests)
    }

    /// Nothing is to begin any more.
    pub(super) fn is_stopped(&self) -> bool {
        self.grip().stopped
    }

    /// Hears what is told of the command.
    pub(super) fn hear(&self, told: &Told) {
        if matches!(told, Told::Suspended) {
            // Nobody listens once the integration is over.
            let _listens = self.held.send(self.number);
        }
    }

    /// Whether a command runs that will obey.
    pub(super) fn ask(&self, request: Request) -> bool {
        let mut grip = self.grip();
        match request {
            Request::Stop | Request::Kill => grip.stopped = true,
            Request::Suspend => grip.standing = true,
            Request::Continue => grip.standing = false,
        }
        grip.command.as_ref().is_some_and(|command| command.try_send(request).is_ok())
    }

    fn grip(&self) -> MutexGuard<'_, Grip> {
        self.grip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
