//! Which tasks must not run at the same time: claims that overlap, locks that are shared.
//! [`super::inferred`] adds what nobody wrote down.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::task::{Claims, Task, likely_overlaps};

/// Two tasks that must not run at the same time because of the paths they write or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Index of the first.
    pub a: usize,
    /// Index of the second, greater than `a`.
    pub b: usize,
    /// Globs they have in common; of tasks that are serialised, those of both.
    pub paths: Vec<String>,
    /// Why.
    #[serde(default)]
    pub kind: ClaimKind,
}

/// Why two tasks wait for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// Both may write the same paths.
    #[default]
    Owns,
    /// Both own paths that are changed one after another, such as migrations.
    Serialised,
    /// One reads what the other may write.
    Reads,
}

/// Pairs that exclude one another, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exclusions {
    /// By claims.
    pub claims: Vec<Claim>,
    /// The holders of each lock that several tasks share, in ascending order; locks by name.
    pub locks: BTreeMap<String, Vec<usize>>,
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
    let claims: Vec<&Claims> = owners.iter().map(|(_, owns)| *owns).collect();
    for (a, b) in likely_overlaps(&claims) {
        let ((a, first), (b, second)) = (owners[a], owners[b]);
        let paths = first.overlap(second);
        if !paths.is_empty() {
            found.claims.push(Claim { a, b, paths, kind: ClaimKind::Owns });
        }
    }
    for (index, task) in tasks.iter().enumerate() {
        for lock in &task.locks {
            let holders = found.locks.entry(lock.clone()).or_default();
            if holders.last() != Some(&index) {
                holders.push(index);
            }
        }
    }
    found.locks.retain(|_, holders| holders.len() > 1);
    found
}
