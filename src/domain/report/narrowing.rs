//! That a run went on with fewer tasks at once than were decided.

use std::time::Duration;

use crate::domain::run::RunState;
use crate::domain::time::{Timestamp, human_duration};

/// Less than this is not told.
const LEAST: Duration = Duration::from_secs(10);

/// Nor less than this part of the run.
const LEAST_PART: u32 = 10;

/// For how long, and what the last reason was; `None` where that hardly mattered.
pub(super) fn narrowing(state: &RunState, now: Timestamp) -> Option<String> {
    let wall = state.wall(now);
    let time = state.narrowed.time(wall);
    let (width, because) = state.narrowed.last()?;
    if time < LEAST || time < wall / LEAST_PART {
        return None;
    }
    let (time, wall) = (human_duration(time), human_duration(wall));
    Some(format!(
        "for {time} of {wall} fewer tasks ran at once than planned, the last time at most {width}: \
         {because}"
    ))
}

#[cfg(test)]
mod tests;
