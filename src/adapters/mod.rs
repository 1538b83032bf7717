//! The outside world, one folder a neighbour. Foreign types (git2, rusqlite, …) stay inside theirs.

pub mod git;
pub mod host;
pub mod process;
pub mod store;
pub mod worktree;
