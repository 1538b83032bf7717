//! Sets of members that break a validation together, and which of them to leave out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::closure::{Member, closed};
use super::statistics::Rates;
use super::validation::Failure;
use crate::domain::id::TaskId;
use crate::domain::task::Priority;

/// The smallest set found that breaks a validation: with any one of it left out, it passes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailingSet {
    /// The members, in merge order. What they started from belongs to it without being named.
    pub members: Vec<TaskId>,
    /// Name of the validation.
    pub validation: String,
    /// What fails.
    pub failures: Vec<Failure>,
    /// How the validation ended with them: `exit code 1`.
    pub ending: String,
    /// Tracked files that were changed.
    pub tainted: Vec<String>,
    /// How often it fails without and with them, where that is not never and always.
    pub rates: Option<Rates>,
    /// Whether it was not found by trying subsets, because leaving members out did not make it pass
    /// (landing.md rule 14): the last member of the shortest red prefix of the train.
    pub by_prefix: bool,
}

impl FailingSet {
    /// The tests that fail with it; the validation, where it does not say.
    pub fn failing_names(&self) -> Vec<String> {
        let tests: Vec<String> = self.failures.iter().filter_map(Failure::test).cloned().collect();
        if tests.is_empty() { vec![self.validation.clone()] } else { tests }
    }

    /// `` `a` breaks `all` ``, `` `a` with `b` break `all`: each passes alone ``.
    pub fn sentence(&self) -> String {
        let members: Vec<String> = self.members.iter().map(|task| format!("`{task}`")).collect();
        let what = &self.validation;
        match &members[..] {
            _ if self.by_prefix => {
                format!("{} breaks `{what}` on top of what is merged before it", members.concat())
            }
            [one] => format!("{one} breaks `{what}`"),
            [one, other] => format!("{one} with {other} break `{what}`: each passes alone"),
            _ => format!(
                "{} break `{what}` together: without any one of them it passes",
                members.join(" with ")
            ),
        }
    }
}

/// Sets are searched through up to this many members in all; above, greedily.
const MOST_EXACT: usize = 12;

/// The cheapest members whose leaving breaks every set (landing.md rule 15). What costs is the value
/// of everything that goes along; among equals those that are merged later go. Members of `keep` stay,
/// and what they started from, unless a set has no others.
pub(super) fn cheapest_cure(
    members: &[Member],
    sets: &[FailingSet],
    keep: &[TaskId],
) -> BTreeSet<TaskId> {
    let place: BTreeMap<&TaskId, usize> =
        members.iter().enumerate().map(|(at, member)| (&member.task, at)).collect();
    let known = |set: &FailingSet| {
        let all: Vec<usize> = set.members.iter().filter_map(|t| place.get(t).copied()).collect();
        let spares = |at: &usize| gone(members, &[*at]).iter().all(|task| !keep.contains(task));
        let free: Vec<usize> = all.iter().copied().filter(spares).collect();
        if free.is_empty() { all } else { free }
    };
    let sets: Vec<Vec<usize>> = sets.iter().map(known).filter(|set| !set.is_empty()).collect();
    let choices: Vec<usize> =
        sets.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let chosen = if choices.len() <= MOST_EXACT {
        exact(members, &sets, &choices)
    } else {
        greedy(members, &sets)
    };
    chosen.into_iter().map(|at| members[at].task.clone()).collect()
}

fn exact(members: &[Member], sets: &[Vec<usize>], choices: &[usize]) -> Vec<usize> {
    let candidates = (0..1_u32 << choices.len()).map(|bits| {
        choices
            .iter()
            .enumerate()
            .filter(|(bit, _)| bits >> bit & 1 == 1)
            .map(|(_, at)| *at)
            .collect::<Vec<usize>>()
    });
    let cures =
        candidates.filter(|chosen| sets.iter().all(|set| set.iter().any(|at| chosen.contains(at))));
    // Equal costs: the one whose members are merged last.
    let latest =
        |chosen: &[usize]| std::cmp::Reverse(chosen.iter().rev().copied().collect::<Vec<usize>>());
    cures.min_by_key(|chosen| (cost(members, chosen), latest(chosen))).unwrap_or_default()
}

fn greedy(members: &[Member], sets: &[Vec<usize>]) -> Vec<usize> {
    let mut open: Vec<&Vec<usize>> = sets.iter().collect();
    let mut chosen = Vec::new();
    while let Some(first) = open.first() {
        let hits = |at: usize| open.iter().filter(|set| set.contains(&at)).count();
        let all: BTreeSet<usize> = open.iter().flat_map(|set| set.iter().copied()).collect();
        // Cost for each set that it breaks; compared as fractions.
        let best = all.into_iter().min_by(|&a, &b| {
            let (cost_a, cost_b) = (cost(members, &[a]), cost(members, &[b]));
            (cost_a * hits(b)).cmp(&(cost_b * hits(a))).then(b.cmp(&a))
        });
        let best = best.unwrap_or(first[0]);
        chosen.push(best);
        open.retain(|set| !set.contains(&best));
    }
    chosen
}

/// The value of what goes when these go.
fn cost(members: &[Member], out: &[usize]) -> usize {
    let gone = gone(members, out);
    let value = |member: &Member| match member.priority {
        Priority::High => 4,
        Priority::Medium => 3,
        Priority::Low => 2,
    };
    members.iter().filter(|member| gone.contains(&member.task)).map(value).sum()
}

/// Everything that goes when these go.
fn gone<'a>(members: &'a [Member], out: &[usize]) -> BTreeSet<&'a TaskId> {
    let (_, dragged) = closed(members, out.iter().map(|at| &members[*at].task));
    let dragged = dragged.into_iter().map(|(task, _)| task);
    out.iter().map(|at| &members[*at].task).chain(dragged).collect()
}

#[cfg(test)]
mod tests;
