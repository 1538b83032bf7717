//! What the user sees, written to whatever writer it is given.

pub mod diagnostic;
