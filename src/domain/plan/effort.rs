//! How long to look for a better schedule.

use std::fmt;

/// Limits of the search; whichever is met first ends it.
#[derive(Clone, Copy)]
pub struct Effort<'a> {
    /// Schedules that may be made.
    pub schedules: usize,
    /// Says whether the time is up. `None` where equal inputs must give equal plans whatever the
    /// machine.
    pub out_of_time: Option<&'a dyn Fn() -> bool>,
}

/// Enough for the rules, hardly any search.
pub const LEAST_EFFORT: Effort<'static> = Effort { schedules: 20, out_of_time: None };

impl Effort<'_> {
    /// Whether the search ends after this many schedules.
    pub fn is_spent(&self, schedules: usize) -> bool {
        schedules >= self.schedules || self.out_of_time.is_some_and(|is_up| is_up())
    }
}

impl fmt::Debug for Effort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timed = self.out_of_time.is_some();
        f.debug_struct("Effort").field("schedules", &self.schedules).field("timed", &timed).finish()
    }
}
