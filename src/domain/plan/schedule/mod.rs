//! Search for a short schedule of jobs that wait for one another, share resources and exclude one
//! another (the resource-constrained project scheduling problem).
//!
//! [`search`] makes schedules of priority rules (`rules.rs`), then breeds orders of them (`breed.rs`)
//! and makes schedules of those (`generate.rs`), until one meets the bound (`bound.rs`). Methods and
//! what they reach: `research/scheduling.md` §2.

mod bound;
mod breed;
mod generate;
mod instance;
mod rules;
mod search;
#[cfg(test)]
mod tests;

pub use instance::{Circle, Instance, InstanceJob};
pub use search::{Schedule, search};
