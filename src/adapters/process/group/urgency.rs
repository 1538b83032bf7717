//! How long whoever is asked to end is waited for, and who may cut that short.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::adapters::process::Request;

/// Requests that reach an attempt; once their sender is gone there are no more.
#[derive(Debug)]
pub(in crate::adapters::process) struct Requests(Option<mpsc::Receiver<Request>>);

impl Requests {
    pub(in crate::adapters::process) fn new(receiver: mpsc::Receiver<Request>) -> Self {
        Self(Some(receiver))
    }

    pub(super) fn none() -> Self {
        Self(None)
    }

    /// The next one. May be dropped and called again without losing any.
    pub(in crate::adapters::process) async fn next(&mut self) -> Request {
        if let Some(receiver) = &mut self.0
            && let Some(request) = receiver.recv().await
        {
            return request;
        }
        self.0 = None;
        std::future::pending().await
    }
}

/// How clearing begins.
#[derive(Debug, Clone, Copy)]
pub(in crate::adapters::process) struct Urgency {
    /// SIGKILL is sent from here on.
    pub(in crate::adapters::process) kill_at: Instant,
    /// Leave a moment to end without any signal.
    pub(in crate::adapters::process) look_twice: bool,
}

impl Urgency {
    pub(super) fn polite(grace: Duration) -> Self {
        Self { kill_at: later(grace), look_twice: false }
    }
}

/// The point `duration` from here; far away where that cannot be told.
pub(in crate::adapters::process) fn later(duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(3600 * 24 * 365);
    Instant::now() + duration.min(FAR)
}
