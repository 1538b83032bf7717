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

/// More tasks than this that all exclude one another are a crowd.
pub(super) const CROWD: usize = 100;

impl Exclusions {
    /// Keeps a crowd apart as one clique, which takes the place of all its pairs; only neighbours are
    /// listed as claims.
    pub(super) fn add_crowd(
        &mut self,
        name: String,
        members: Vec<usize>,
        claim: impl Fn(usize, usize) -> Claim,
    ) {
        self.claims.extend(members.windows(2).map(|pair| claim(pair[0], pair[1])));
        self.locks.insert(name, members);
    }
}

/// Tasks with what they own; those of a crowd that owns the same stand together.
fn owners<'a>(tasks: &[&'a Task], found: &mut Exclusions) -> Vec<(Vec<usize>, &'a Claims)> {
    let mut same: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
    let mut owners: Vec<(Vec<usize>, &Claims)> = Vec::new();
    for (index, task) in tasks.iter().enumerate() {
        if let Some(owns) = &task.owns {
            same.entry(owns.globs().collect()).or_default().push(index);
            owners.push((vec![index], owns));
        }
    }
    for (globs, members) in same.into_iter().filter(|(_, members)| members.len() > CROWD) {
        let paths: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        owners.retain(|(one, _)| one.len() > 1 || members.binary_search(&one[0]).is_err());
        owners.extend(tasks[members[0]].owns.as_ref().map(|owns| (members.clone(), owns)));
        found.add_crowd(format!("(owners of {})", globs.join(", ")), members, |a, b| Claim {
            a,
            b,
            paths: paths.clone(),
            kind: ClaimKind::Owns,
        });
    }
    owners
}

/// Finds them. Pairs that are ordered by dependencies anyway are left out of neither list: what a
/// later `retry` starts may meet again.
pub fn exclusions<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Exclusions {
    let tasks: Vec<&Task> = tasks.into_iter().collect();
    let mut found = Exclusions::default();
    let owners = owners(&tasks, &mut found);
    let claims: Vec<&Claims> = owners.iter().map(|(_, owns)| *owns).collect();
    for (a, b) in likely_overlaps(&claims) {
        let paths = owners[a].1.overlap(owners[b].1);
        if paths.is_empty() {
            continue;
        }
        for &one in &owners[a].0 {
            let pair = |&other: &usize| (one.min(other), one.max(other));
            found.claims.extend(owners[b].0.iter().map(pair).map(|(a, b)| {
                let paths = paths.clone();
                Claim { a, b, paths, kind: ClaimKind::Owns }
            }));
        }
    }
    found.claims.sort_by_key(|claim| (claim.a, claim.b));
    found.locks.extend(shared_locks(tasks.iter().copied()).locks);
    found
}

/// Of the exclusions those by locks, which hold also where the work of no two tasks meets.
pub(super) fn shared_locks<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Exclusions {
    let mut found = Exclusions::default();
    for (index, task) in tasks.into_iter().enumerate() {
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
