//! `--what-if`: the same plan under other circumstances, side by side with how things are.
//!
//! [`parse_what_if`] reads one scenario, [`compare`] plans it with an owned, changed copy of the
//! request. All scenarios share the seed, so they differ by what was changed and by nothing else.

mod apply;
mod compare;
mod parse;
mod sentence;
#[cfg(test)]
mod tests;

pub(super) use apply::{behind, remaining_risk, without};
pub use compare::{Compared, compare};
pub use parse::parse_what_if;

use crate::domain::id::TaskId;

/// One scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct WhatIf {
    /// As it was written.
    pub text: String,
    /// What is different in it, in the order in which it was written; never empty.
    pub changes: Vec<Change>,
}

/// One thing that is different.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// `width=N`: at most that many tasks at once.
    Width(usize),
    /// `add=N`: so many more agents at work than the plan has slots, or than [`Change::Width`] of the
    /// same scenario.
    Add(usize),
    /// `cpus=N`: processor cores.
    Cpus(usize),
    /// `memory=SIZE`: bytes of memory.
    Memory(u64),
    /// `capacity.NAME=N`: units of a countable thing.
    Capacity {
        /// Its name.
        name: String,
        /// Units there are.
        units: u32,
    },
    /// `task.ID=TIME`: another estimate.
    Takes {
        /// The task.
        task: TaskId,
        /// Median, seconds.
        seconds: f64,
    },
    /// `scale=X`: every task takes so many times as long.
    Scale(f64),
    /// `drop=ID`: without the task and everything that depends on it.
    Drop(TaskId),
    /// `tasks=+N`: more tasks like the median one.
    Tasks(usize),
    /// `clone.ID=N`: more tasks like this one.
    Clone {
        /// The task.
        task: TaskId,
        /// How many more.
        count: usize,
    },
    /// `after.ID=OTHER`: one more dependency.
    After {
        /// The task that waits.
        task: TaskId,
        /// What it waits for.
        on: TaskId,
    },
}
