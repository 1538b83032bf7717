//! Time, for efforts that it bounds and for what is measured.

use std::time::{Duration, Instant};

/// Runs since it was made.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measuring is what a benchmark does")]
    pub(crate) fn started() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn has_passed(&self, limit: Duration) -> bool {
        self.0.elapsed() >= limit
    }

    pub(crate) fn milliseconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1e3
    }
}

/// The smallest of the times than which at most one in a hundred is longer.
pub(crate) fn percentile_99(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or(f64::NAN)
}
