//! The one place that asks the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;

/// Wall-clock time, and time elapsed since the clock was started, which no change of the system's
/// date disturbs.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose elapsed time begins here.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The system's date; the epoch itself for a system that lives before it.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
    pub fn now(&self) -> Timestamp {
        Timestamp(0).after(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// Monotonic time since [`Clock::start`].
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_time_never_runs_backwards_and_the_date_is_after_this_was_written() {
        let clock = Clock::start();
        let earlier = clock.elapsed();
        assert!(clock.elapsed() >= earlier);
        assert!(clock.now() > Timestamp(1_700_000_000_000));
    }
}
