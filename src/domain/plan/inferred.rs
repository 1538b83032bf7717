//! Order that nobody wrote down: tasks that own schema or migration paths never run at the same time,
//! and who reads what another task writes runs after it, or not beside it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claims::{CROWD, Claim, ClaimKind, Exclusions};
use super::reach::Reach;
use crate::domain::task::{Claims, Task};

/// What is inferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRules {
    /// Paths of which only one task at a time may own some; `None`: there are none.
    pub serialise: Option<Claims>,
    /// What `reads` of one task against `owns` of another means.
    pub reads: ReadsRule,
}

/// Nothing is inferred.
pub static NO_RULES: OrderRules = OrderRules { serialise: None, reads: ReadsRule::Ignore };

/// What it means that one task reads what another one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadsRule {
    /// The writer first; the two only exclude one another where that would be a circle.
    Order,
    /// They never run at the same time.
    Lock,
    /// Nothing.
    Ignore,
}

impl ReadsRule {
    /// The words of the setting.
    pub const WORDS: [(&'static str, Self); 3] =
        [("order", Self::Order), ("lock", Self::Lock), ("ignore", Self::Ignore)];

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Lock => "lock",
            Self::Ignore => "ignore",
        }
    }
}

/// A task that waits until another one is over, however that ended, because it reads what that one
/// writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Index of the writer.
    pub first: usize,
    /// Index of the reader.
    pub then: usize,
    /// Globs they have in common.
    pub paths: Vec<String>,
}

/// Adds the exclusions that follow from the rules, and gives the order that does.
pub(super) fn infer(tasks: &[Task], rules: &OrderRules, excluded: &mut Exclusions) -> Vec<Order> {
    if let Some(serialise) = &rules.serialise {
        add_serialised(tasks, serialise, excluded);
    }
    let orders = match rules.reads {
        ReadsRule::Ignore => Vec::new(),
        ReadsRule::Lock => {
            let found = reading(tasks);
            let reach = Reach::of(tasks);
            let open = found.into_iter().filter(|pair| !reach.orders(pair.first, pair.then));
            add_locked(open, excluded);
            Vec::new()
        }
        ReadsRule::Order => ordered(tasks, excluded),
    };
    excluded.claims.sort_by_key(|claim| (claim.a, claim.b));
    orders
}

/// Tasks that own what must be changed one after another.
fn add_serialised(tasks: &[Task], serialise: &Claims, excluded: &mut Exclusions) {
    let owned =
        |task: &Task| task.owns.as_ref().map_or_else(Vec::new, |owns| owns.within(serialise));
    let owners: Vec<(usize, Vec<String>)> =
        tasks.iter().map(owned).enumerate().filter(|(_, paths)| !paths.is_empty()).collect();
    if owners.len() > CROWD {
        let paths: BTreeMap<usize, &Vec<String>> =
            owners.iter().map(|(task, paths)| (*task, paths)).collect();
        let members = owners.iter().map(|(task, _)| *task).collect();
        let known = known_pairs(excluded);
        excluded.add_crowd("(serialised paths)".to_owned(), members, |a, b| {
            let both: BTreeSet<&String> = paths[&a].iter().chain(paths[&b]).collect();
            let paths = both.into_iter().cloned().collect();
            Claim { a, b, paths, kind: ClaimKind::Serialised }
        });
        let mut listed = known;
        excluded.claims.retain(|claim| {
            claim.kind != ClaimKind::Serialised || listed.insert((claim.a, claim.b))
        });
        return;
    }
    let known = known_pairs(excluded);
    for (at, (a, first)) in owners.iter().enumerate() {
        for (b, second) in owners[at + 1..].iter().filter(|(b, _)| !known.contains(&(*a, *b))) {
            let paths: BTreeSet<&String> = first.iter().chain(second).collect();
            let paths = paths.into_iter().cloned().collect();
            excluded.claims.push(Claim { a: *a, b: *b, paths, kind: ClaimKind::Serialised });
        }
    }
}

fn ordered(tasks: &[Task], excluded: &mut Exclusions) -> Vec<Order> {
    let mut found = reading(tasks);
    // By name, so that the order of the file does not matter.
    found.sort_by_key(|pair| (&tasks[pair.first].id, &tasks[pair.then].id));
    let both_ways: BTreeSet<(usize, usize)> =
        found.iter().map(|pair| (pair.first, pair.then)).collect();
    let declared = Reach::of(tasks);
    let mut all = Growing::of(tasks);
    let (mut orders, mut locked) = (Vec::new(), Vec::new());
    for pair in found {
        if declared.orders(pair.first, pair.then) {
            continue;
        }
        let mutual = both_ways.contains(&(pair.then, pair.first));
        if mutual || all.leads(pair.then, pair.first) {
            locked.push(pair);
        } else {
            all.after[pair.first].push(pair.then);
            orders.push(pair);
        }
    }
    add_locked(locked, excluded);
    orders.sort_by_key(|order| (order.then, order.first));
    orders
}

/// Every writer with every task that reads of what it owns.
fn reading(tasks: &[Task]) -> Vec<Order> {
    let mut found = Vec::new();
    for (then, reader) in tasks.iter().enumerate().filter(|(_, task)| !task.reads.is_empty()) {
        let Ok(reads) = Claims::try_from(reader.reads.clone()) else { continue };
        for (first, writer) in tasks.iter().enumerate().filter(|(first, _)| *first != then) {
            let paths = writer.owns.as_ref().map_or_else(Vec::new, |owns| reads.overlap(owns));
            if !paths.is_empty() {
                found.push(Order { first, then, paths });
            }
        }
    }
    found
}

/// Pairs that must not run at the same time; one that does not for another reason is left as it is.
fn add_locked(pairs: impl IntoIterator<Item = Order>, excluded: &mut Exclusions) {
    let known = known_pairs(excluded);
    let mut locked: BTreeMap<(usize, usize), BTreeSet<String>> = BTreeMap::new();
    for Order { first, then, paths } in pairs {
        let pair = (first.min(then), first.max(then));
        locked.entry(pair).or_default().extend(paths);
    }
    locked.retain(|pair, _| !known.contains(pair));
    excluded.claims.extend(locked.into_iter().map(|((a, b), paths)| {
        let paths = paths.into_iter().collect();
        Claim { a, b, paths, kind: ClaimKind::Reads }
    }));
}

fn known_pairs(excluded: &Exclusions) -> BTreeSet<(usize, usize)> {
    excluded.claims.iter().map(|claim| (claim.a, claim.b)).collect()
}

/// What waits for what, while order is added.
struct Growing {
    after: Vec<Vec<usize>>,
}

impl Growing {
    fn of(tasks: &[Task]) -> Self {
        let index: BTreeMap<_, usize> =
            tasks.iter().enumerate().map(|(at, task)| (&task.id, at)).collect();
        let mut after = vec![Vec::new(); tasks.len()];
        for (then, task) in tasks.iter().enumerate() {
            for first in task.depends_on.iter().filter_map(|id| index.get(id)) {
                after[*first].push(then);
            }
        }
        Self { after }
    }

    /// Whether the second waits for the first, at any distance.
    fn leads(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.after.len()];
        let mut open = vec![from];
        while let Some(task) = open.pop() {
            if task == to {
                return true;
            }
            for &next in &self.after[task] {
                if !std::mem::replace(&mut seen[next], true) {
                    open.push(next);
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;
