//! Competing hypotheses: which arm goes on, which is proved, which wins, and how sure that is.

mod spec;

pub use spec::{Arm, RaceSpec};
