//! What an attempt is seen to use while it runs, and when it last did something.

use std::time::Duration;

use crate::adapters::process::group::Load;

/// Looks begin this far apart, and every pause is twice the one before.
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
/// No pause is longer. Also how much of a time in which this program was stopped may count as the
/// attempt's, since no alarm is further away.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The least processor time that a table of processes shows.
const TICK: Duration = Duration::from_millis(10);

/// Looks that were taken. All times are the attempt's own.
#[derive(Debug)]
pub(super) struct Samples {
    /// Most of each, as far as it was seen.
    most: Load,
    /// Ticks of the last look.
    ticks: u128,
    /// Last output or processor time.
    active: Duration,
    next: Duration,
    pause: Duration,
}

impl Samples {
    /// None yet.
    pub(super) fn begin() -> Self {
        Self {
            most: Load::default(),
            ticks: 0,
            active: Duration::ZERO,
            next: SHORTEST_PAUSE,
            pause: SHORTEST_PAUSE,
        }
    }

    /// When the next look is due.
    pub(super) fn due(&self) -> Duration {
        self.next
    }

    /// Takes a look in.
    pub(super) fn take(&mut self, load: Load, at: Duration) {
        // It may also fall, when somebody has ended. Where nobody tells of processor time the command
        // may be at work whenever it is silent.
        let ticks = load.cpu.as_nanos() / TICK.as_nanos();
        if ticks != self.ticks || load.processes == 0 {
            self.ticks = ticks;
            self.active = at;
        }
        let most = &mut self.most;
        most.cpu = most.cpu.max(load.cpu);
        most.memory = most.memory.max(load.memory);
        most.read_bytes = most.read_bytes.max(load.read_bytes);
        most.written_bytes = most.written_bytes.max(load.written_bytes);
        most.processes = most.processes.max(load.processes);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.next = at + self.pause;
    }

    /// There was output.
    pub(super) fn heard(&mut self, at: Duration) {
        self.active = at;
    }

    /// When nothing will have happened for as long as `limit`, should nothing happen.
    pub(super) fn stalled_at(&self, limit: Duration) -> Duration {
        self.active.saturating_add(limit)
    }

    /// Whether nothing has happened for that long; a fact where a look was just taken.
    pub(super) fn has_stalled(&self, limit: Duration, at: Duration) -> bool {
        at >= self.stalled_at(limit)
    }

    /// Whether it has run long enough for a look to be worth its price.
    pub(super) fn is_worth_a_look(&self, at: Duration) -> bool {
        at >= SHORTEST_PAUSE
    }

    /// The most that was seen of each.
    pub(super) fn most(&self) -> Load {
        self.most
    }
}

#[cfg(test)]
mod tests;
