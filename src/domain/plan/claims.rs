//! Which tasks must not run at the same time: claims that overlap, locks that are shared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::task::Task;

/// Two tasks that may write the same paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Index of the first.
    pub a: usize,
    /// Index of the second, greater than `a`.
    pub b: usize,
    /// Globs they have in common.
    pub paths: Vec<String>,
}

/// Pairs that exclude one another, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exclusions {
    /// By claims.
    pub claims: Vec<Claim>,
    /// By locks, as (a, b) with a < b.
    pub locks: Vec<(usize, usize)>,
}

/// Finds them. Pairs that are ordered by dependencies anyway are left out of neither list: what a
/// later `retry` starts may meet again.
pub fn exclusions<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Exclusions {
    let tasks: Vec<&Task> = tasks.into_iter().collect();
    let owners: Vec<_> = tasks
        .iter()
        .enumerate()
        .filter_map(|(i, task)| task.owns.as_ref().map(|owns| (i, owns)))
        .collect();
    let mut found = Exclusions::default();
    for (at, (a, first)) in owners.iter().enumerate() {
        for (b, second) in &owners[at + 1..] {
            let paths = first.overlap(second);
            if !paths.is_empty() {
                found.claims.push(Claim { a: *a, b: *b, paths });
            }
        }
    }
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, task) in tasks.iter().enumerate() {
        for lock in &task.locks {
            holders.entry(lock).or_default().push(index);
        }
    }
    for held in holders.values() {
        for (at, &a) in held.iter().enumerate() {
            found.locks.extend(held[at + 1..].iter().filter(|&&b| b != a).map(|&b| (a, b)));
        }
    }
    found.locks.sort_unstable();
    found.locks.dedup();
    found
}
