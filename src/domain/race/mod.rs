//! Competing hypotheses: which arm goes on, which is proved, which wins, and how sure that is.

mod metric;
mod spec;
mod tally;

pub use metric::metric_in;
pub use spec::{Arm, RaceSpec};
pub use tally::{Standing, Tally, goes_on, standing};
