//! Work that has been committed is compared with that of others, beside everything else: nothing waits
//! for it while tasks run, and the end of a run only for a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::Driver;
use crate::domain::run::{Event, Input, RunPhase};
use crate::engine::error::EngineError;
use crate::engine::foresee::{Job, foresee};

/// How long a run that is over waits for what the last tasks collide with.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Comparisons of a run, one after another: what comes up meanwhile is compared together.
#[derive(Debug, Default)]
pub(super) struct Foresight {
    /// Tasks that have committed since.
    waiting: Vec<usize>,
    under_way: Option<JoinHandle<Vec<Event>>>,
    /// Nobody waits any more.
    forsaken: Arc<AtomicBool>,
}

impl Foresight {
    /// What was found; never while nothing is compared. One that breaks off has found nothing.
    pub(super) async fn found(&mut self) -> Vec<Event> {
        let Some(under_way) = &mut self.under_way else { return std::future::pending().await };
        let found = under_way.await.unwrap_or_default();
        self.under_way = None;
        found
    }
}

impl Drop for Foresight {
    fn drop(&mut self) {
        self.forsaken.store(true, Ordering::Relaxed);
    }
}

impl Driver {
    /// Compares what these tasks have committed, now or after what is being compared.
    pub(super) fn forecast(&mut self, tasks: Vec<usize>) {
        self.foresight.waiting.extend(tasks);
        if self.foresight.under_way.is_some() || self.foresight.waiting.is_empty() {
            return;
        }
        let state = self.journal.state();
        let comparisons = state.comparisons(&std::mem::take(&mut self.foresight.waiting));
        if comparisons.is_empty() {
            return;
        }
        let forsaken = self.foresight.forsaken.clone();
        let job = Job::new(self.site.clone(), state, &comparisons, forsaken);
        self.foresight.under_way = Some(spawn_blocking(move || foresee(&job)));
    }

    /// Tells what was found. With that what came up meanwhile is begun.
    pub(super) fn foresaw(&mut self, found: Vec<Event>) -> Result<(), EngineError> {
        self.take_all(found.into_iter().map(Input::Fact))
    }

    /// Waits for the last comparisons of a run that went to its end.
    pub(super) async fn foresee_the_last(&mut self) -> Result<(), EngineError> {
        if self.journal.state().phase != RunPhase::Finished {
            return Ok(());
        }
        let until = tokio::time::Instant::now() + LAST_MOMENT;
        while self.foresight.under_way.is_some() {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            match timeout(left, self.foresight.found()).await {
                Ok(found) => self.foresaw(found)?,
                Err(_) => break,
            }
        }
        Ok(())
    }
}
