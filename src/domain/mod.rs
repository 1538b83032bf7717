//! Every decision, and nothing else: no file, environment, process, clock, randomness or print.
//!
//! Read in this order, which is also the order of imports (each may use what stands before it):
//! [`id`], [`time`], [`diagnostic`], [`task`], [`plan`], [`integrate`], [`race`], [`suite`], [`run`],
//! [`report`].

pub mod diagnostic;
pub mod id;
pub mod integrate;
pub mod plan;
pub mod race;
pub mod report;
pub mod run;
pub mod suite;
pub mod task;
pub mod time;
