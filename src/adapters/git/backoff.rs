//! Waiting for somebody else's lock: short at first, doubling, with jitter so that processes which
//! collided once don't collide again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(250);

/// A budget of waiting.
#[derive(Debug)]
pub(in crate::adapters) struct Backoff {
    left: Duration,
    step: Duration,
    jitter: RandomState,
}

impl Backoff {
    pub(in crate::adapters) fn new(budget: Duration) -> Self {
        Self { left: budget, step: FIRST, jitter: RandomState::new() }
    }

    /// Sleeps a little and returns whether to try again; `false` when the budget is used up.
    pub(in crate::adapters) fn wait(&mut self) -> bool {
        if self.left.is_zero() {
            return false;
        }
        let half = self.step / 2;
        let spread = self.jitter.hash_one(self.left) % 1000;
        let pause = (half + half.mul_f64(spread as f64 / 1000.0)).min(self.left);
        std::thread::sleep(pause);
        self.left -= pause;
        self.step = (self.step * 2).min(LONGEST);
        true
    }
}
