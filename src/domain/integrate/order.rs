//! The order in which members are merged: those that merge with one another and are the most first,
//! what they start from before them, then the least entangled, then priority, then name.
//! Deterministic.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::closure::Member;
use super::matrix::{ForecastKind, MatrixCell};
use crate::domain::task::Priority;

/// Up to this many members every selection is tried.
const MOST_EXHAUSTIVE: usize = 8;

/// The members in merge order, with the reason in one sentence.
pub fn merge_order(mut members: Vec<Member>, matrix: &[MatrixCell]) -> (Vec<Member>, String) {
    members.sort_by_key(|member| (Reverse(member.priority), member.task.clone()));
    let graph = Graph::of(&members, matrix);
    let kept = if members.len() <= MOST_EXHAUSTIVE {
        graph.largest_of_all(&members)
    } else {
        graph.largest_greedily(&members)
    };
    let reason = reason(&members, &kept);
    let mut rest: Vec<usize> = (0..members.len()).collect();
    rest.sort_by_key(|at| (!kept.contains(at), graph.degree(*at), *at));
    let mut ordered: Vec<Member> = Vec::with_capacity(members.len());
    while !rest.is_empty() {
        let free = rest.iter().position(|at| graph.needs[*at].iter().all(|n| !rest.contains(n)));
        // Needs never form a circle: a task starts from what was finished before it.
        ordered.push(members[rest.remove(free.unwrap_or(0))].clone());
    }
    (ordered, reason)
}

/// Who is predicted to collide with whom, and who needs whom, by places.
struct Graph {
    collides: Vec<BTreeSet<usize>>,
    needs: Vec<Vec<usize>>,
}

impl Graph {
    fn of(members: &[Member], matrix: &[MatrixCell]) -> Self {
        let place: BTreeMap<&str, usize> =
            members.iter().enumerate().map(|(at, member)| (member.task.as_str(), at)).collect();
        let mut collides = vec![BTreeSet::new(); members.len()];
        for cell in matrix.iter().filter(|cell| cell.forecast == ForecastKind::Conflict) {
            if let (Some(&a), Some(&b)) = (place.get(cell.a.as_str()), place.get(cell.b.as_str())) {
                collides[a].insert(b);
                collides[b].insert(a);
            }
        }
        let known = |member: &Member| -> Vec<usize> {
            member.needs.iter().filter_map(|need| place.get(need.as_str()).copied()).collect()
        };
        Self { collides, needs: members.iter().map(known).collect() }
    }

    fn degree(&self, at: usize) -> usize {
        self.collides[at].len()
    }

    /// The most members of which no two collide and that come with all they need; of equally many,
    /// those of higher priority, then of earlier names.
    fn largest_of_all(&self, members: &[Member]) -> BTreeSet<usize> {
        let selections = (0..1_u32 << members.len()).map(|bits| -> BTreeSet<usize> {
            (0..members.len()).filter(|at| bits >> at & 1 == 1).collect()
        });
        let fits = |selection: &BTreeSet<usize>| {
            selection.iter().all(|at| {
                self.collides[*at].is_disjoint(selection)
                    && self.needs[*at].iter().all(|need| selection.contains(need))
            })
        };
        let worth = |selection: &BTreeSet<usize>| {
            let urgent: u32 = selection.iter().map(|at| weight(members[*at].priority)).sum();
            let earliest: Vec<Reverse<usize>> = selection.iter().map(|at| Reverse(*at)).collect();
            (selection.len(), urgent, earliest)
        };
        selections.filter(fits).max_by_key(worth).unwrap_or_default()
    }

    /// The least entangled first, each with what it needs, as long as it collides with none chosen.
    fn largest_greedily(&self, members: &[Member]) -> BTreeSet<usize> {
        let mut kept = BTreeSet::new();
        let mut open: BTreeSet<usize> = (0..members.len()).collect();
        let left = |at: usize, open: &BTreeSet<usize>| self.collides[at].intersection(open).count();
        while let Some(next) = open.iter().copied().min_by_key(|at| (left(*at, &open), *at)) {
            open.remove(&next);
            let with_needs = self.with_needs(next);
            if with_needs.iter().all(|at| self.collides[*at].is_disjoint(&kept)) {
                kept.extend(with_needs.iter().copied());
                open.retain(|at| {
                    !with_needs.contains(at) && self.collides[*at].is_disjoint(&with_needs)
                });
            }
        }
        kept
    }

    fn with_needs(&self, at: usize) -> BTreeSet<usize> {
        let (mut found, mut open) = (BTreeSet::new(), vec![at]);
        while let Some(at) = open.pop() {
            if found.insert(at) {
                open.extend(&self.needs[at]);
            }
        }
        found
    }
}

fn weight(priority: Priority) -> u32 {
    match priority {
        Priority::High => 2,
        Priority::Medium => 1,
        Priority::Low => 0,
    }
}

fn reason(members: &[Member], kept: &BTreeSet<usize>) -> String {
    let last: Vec<String> = (0..members.len())
        .filter(|at| !kept.contains(at))
        .map(|at| format!("`{}`", members[at].task))
        .collect();
    if last.is_empty() {
        return "no conflict is predicted: what others start from first, then priority, then name"
            .to_owned();
    }
    let most = if members.len() <= MOST_EXHAUSTIVE { ", the most that do," } else { "" };
    format!(
        "{} of {} merge with one another{most} and come first, the least entangled ahead; {} last",
        kept.len(),
        members.len(),
        match &last[..] {
            [one] => format!("{one}, which collides with some of them, comes"),
            [..] => format!("{}, which collide with some of them, come", last.join(", ")),
        },
    )
}

#[cfg(test)]
mod tests;
