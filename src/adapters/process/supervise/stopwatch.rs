//! The time of one attempt, which stands still while the attempt does.

use std::time::Duration;

use tokio::time::Instant;

/// An alarm that rings this much too late was not kept waiting by a busy machine: this program was
/// stopped, and could neither read output nor see ends.
const OVERSLEPT: Duration = Duration::from_secs(1);

/// Counts time in which both the attempt and this program could go on. It asks the monotonic clock
/// only, which nobody sets and which does not count while the machine sleeps.
#[derive(Debug)]
pub(super) struct Stopwatch {
    started: Instant,
    /// Time since then that does not count.
    excluded: Duration,
    stopped: Option<Instant>,
}

impl Stopwatch {
    /// Shows zero, and runs.
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), excluded: Duration::ZERO, stopped: None }
    }

    /// Time that counts.
    pub(super) fn elapsed(&self) -> Duration {
        let until = self.stopped.unwrap_or_else(Instant::now);
        until.saturating_duration_since(self.started).saturating_sub(self.excluded)
    }

    /// Stands still from here on.
    pub(super) fn stop(&mut self) {
        self.stopped.get_or_insert_with(Instant::now);
    }

    /// Runs again.
    pub(super) fn go_on(&mut self) {
        if let Some(stopped) = self.stopped.take() {
            self.excluded += stopped.elapsed();
        }
    }

    /// Whether it stands still.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// The point at which it will show `due`; `None` while it stands still, and for what is too far
    /// away to be told.
    pub(super) fn point_of(&self, due: Duration) -> Option<Instant> {
        if self.is_stopped() {
            return None;
        }
        self.started.checked_add(self.excluded)?.checked_add(due)
    }

    /// Told of every alarm when it has rung: the time that this program slept past it does not
    /// count.
    pub(super) fn forgive(&mut self, alarm: Instant) {
        let late = alarm.elapsed();
        if late >= OVERSLEPT {
            self.excluded += late;
        }
    }
}

#[cfg(test)]
mod tests;
