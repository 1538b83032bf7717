//! Alarms of a run. They stand still while the run does.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Starts alarms, and moves those that have not rung.
#[derive(Debug)]
pub(super) struct Alarms {
    /// How long the run stood still so far.
    stood: watch::Sender<Duration>,
}

impl Alarms {
    pub(super) fn new() -> Self {
        Self { stood: watch::Sender::new(Duration::ZERO) }
    }

    /// Calls back when the run has gone on for this time.
    pub(super) fn ring(&self, after: Duration, ring: impl FnOnce() + Send + 'static) {
        let stood = self.stood.subscribe();
        let begun = *stood.borrow();
        let due = Instant::now() + after;
        tokio::spawn(async move {
            let mut moved = Duration::ZERO;
            loop {
                sleep_until(due + moved).await;
                let further = stood.borrow().saturating_sub(begun);
                if further == moved {
                    return ring();
                }
                moved = further;
            }
        });
    }

    /// The run stood still for so long just now.
    pub(super) fn stood_still(&self, passed: Duration) {
        self.stood.send_modify(|stood| *stood += passed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::time::{advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_rings_later_by_the_time_in_which_the_run_stood_still() {
        let second = Duration::from_secs(1);
        let alarms = Alarms::new();
        alarms.stood_still(5 * second);
        let rung = Arc::new(AtomicBool::new(false));
        let bell = rung.clone();
        alarms.ring(10 * second, move || bell.store(true, Ordering::Relaxed));
        sleep(4 * second).await;
        // The process is stopped meanwhile: nothing of it runs before the time is made known.
        advance(30 * second).await;
        alarms.stood_still(30 * second);
        sleep(5 * second).await;
        assert!(!rung.load(Ordering::Relaxed));
        sleep(2 * second).await;
        assert!(rung.load(Ordering::Relaxed));
    }
}
