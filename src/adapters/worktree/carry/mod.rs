//! Ignored files of the user's checkout that new worktrees need: chosen once for many worktrees
//! ([`select`]), held against the limit before anything is made ([`Selection::admit`]), brought into
//! each ([`Carry::bring`]), and remembered there so that they are never committed ([`Record`]).

mod admit;
mod bring;
mod committed;
mod deliver;
mod digest;
mod errands;
mod folder;
mod frame;
mod patterns;
mod record;
mod select;
mod share;
mod skipped;
#[cfg(test)]
mod tests;
mod times;

pub use admit::{Carry, TooLarge};
pub use bring::{Arrival, CarryError};
pub(super) use record::Record;
pub use select::{Origin, Selection, select};
pub use times::KeptTimes;
