//! The train that the facts give: members merged one on top of the other, and those left out.

use std::collections::BTreeSet;

use super::closure::{Member, closed};
use super::ejection::{Ejection, EjectionReason};
use super::failing_set::{FailingSet, cheapest_cure};
use super::state::{Integration, Merge};
use crate::domain::id::{Oid, TaskId};

/// A set of members, by their places in merge order.
pub(super) type Places = BTreeSet<usize>;

/// Members merged one on top of the other, as far as the facts go.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Walk<'a> {
    /// Places of the members that are in, each with the head after it.
    pub(super) train: Vec<(usize, Oid)>,
    /// Places of those that do not merge.
    pub(super) out: Vec<(usize, &'a Ejection)>,
    /// The next merge to make: on top of what, and which member.
    pub(super) missing: Option<(Oid, usize)>,
}

impl Integration {
    /// Merges the members of a set, in order. What needs one that does not merge stays out with it.
    pub(super) fn walk(&self, wanted: &Places) -> Walk<'_> {
        let members = &self.spec.members;
        let mut walk = Walk { train: Vec::new(), out: Vec::new(), missing: None };
        let mut head = self.base;
        let mut dropped: Vec<&TaskId> = Vec::new();
        for &at in wanted {
            let member = &members[at];
            if member.needs.iter().any(|need| dropped.contains(&need)) {
                dropped.push(&member.task);
                continue;
            }
            match self.merges.get(&(head, member.task.clone())) {
                Some(Merge::Into { commit, .. }) => {
                    head = *commit;
                    walk.train.push((at, head));
                }
                Some(Merge::Out(ejection)) => {
                    dropped.push(&member.task);
                    walk.out.push((at, ejection));
                }
                None => {
                    walk.missing = Some((head, at));
                    return walk;
                }
            }
        }
        walk
    }
}

/// What would land.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate<'a> {
    integration: &'a Integration,
    pub(super) walk: Walk<'a>,
    cured: BTreeSet<TaskId>,
}

impl<'a> Candidate<'a> {
    pub(super) fn of(integration: &'a Integration) -> Self {
        let spec = &integration.spec;
        let cured = cheapest_cure(&spec.members, &integration.failing_sets, &spec.keep);
        let (kept, _) = closed(&spec.members, spec.unfinished.iter().chain(&cured));
        let kept: BTreeSet<&TaskId> = kept.into_iter().map(|member| &member.task).collect();
        let in_order = spec.members.iter().enumerate();
        let wanted =
            in_order.filter(|(_, member)| kept.contains(&member.task)).map(|(at, _)| at).collect();
        Self { integration, walk: integration.walk(&wanted), cured }
    }

    /// Commit with everything that is in.
    pub fn head(&self) -> Oid {
        self.walk.train.last().map_or(self.integration.base, |(_, commit)| *commit)
    }

    /// Members that are in, each with the head after it.
    pub fn train(&self) -> Vec<(&'a TaskId, Oid)> {
        let members = &self.integration.spec.members;
        self.walk.train.iter().map(|(at, commit)| (&members[*at].task, *commit)).collect()
    }

    /// Tasks that are left out, each with why: those that did not succeed, then members in order.
    pub fn ejected(&self) -> Vec<Ejection> {
        let spec = &self.integration.spec;
        let mut found: Vec<Ejection> = spec
            .unfinished
            .iter()
            .map(|task| Ejection::plain(task.clone(), EjectionReason::Unfinished))
            .collect();
        let out: Vec<&TaskId> = spec
            .unfinished
            .iter()
            .chain(&self.cured)
            .chain(self.walk.out.iter().map(|(at, _)| &spec.members[*at].task))
            .collect();
        let (_, dragged) = closed(&spec.members, out);
        for (at, member) in spec.members.iter().enumerate() {
            let collided = self.walk.out.iter().find(|(place, _)| *place == at);
            let cause = dragged.iter().find(|(task, _)| **task == member.task);
            if self.cured.contains(&member.task) {
                found.push(self.breaking(member));
            } else if let Some((_, ejection)) = collided {
                found.push((*ejection).clone());
            } else if let Some((task, cause)) = cause {
                found.push(Ejection {
                    with: vec![(*cause).clone()],
                    ..Ejection::plain((*task).clone(), EjectionReason::Dependency)
                });
            }
        }
        found
    }

    /// The ejection of a member that breaks a validation.
    fn breaking(&self, member: &Member) -> Ejection {
        let sets: Vec<&FailingSet> = self
            .integration
            .failing_sets
            .iter()
            .filter(|set| set.members.contains(&member.task))
            .collect();
        let tainted: Vec<String> = sets.iter().flat_map(|set| set.tainted.clone()).collect();
        let reason =
            if tainted.is_empty() { EjectionReason::Validation } else { EjectionReason::Tainted };
        let mut with: Vec<TaskId> = Vec::new();
        let mut tests: Vec<String> = Vec::new();
        for set in &sets {
            for other in set.members.iter().filter(|task| **task != member.task) {
                if !with.contains(other) {
                    with.push(other.clone());
                }
            }
            let new = set.failing_names().into_iter().filter(|test| !tests.contains(test));
            let new: Vec<String> = new.collect();
            tests.extend(new);
        }
        Ejection {
            with,
            paths: tainted,
            tests,
            validation: sets.first().map(|set| set.validation.clone()),
            note: sets.first().map(|set| {
                let how = explanation(set, &member.task);
                if self.integration.spec.keep.contains(&member.task) {
                    format!("{how}; it was to be kept, but nothing else cures that")
                } else {
                    how
                }
            }),
            ..Ejection::plain(member.task.clone(), reason)
        }
    }
}

fn explanation(set: &FailingSet, task: &TaskId) -> String {
    let name = &set.validation;
    let others: Vec<String> =
        set.members.iter().filter(|t| *t != task).map(|t| format!("`{t}`")).collect();
    let ending = if set.ending.is_empty() { String::new() } else { format!(" ({})", set.ending) };
    let how = match (&others[..], set.by_prefix) {
        (_, true) => format!("`{name}` fails once it is merged on top of those before it{ending}"),
        ([], false) => format!("`{name}` passes without it and fails with it{ending}"),
        ([other], false) => {
            format!("`{name}` fails with it and {other} together{ending}; each passes alone")
        }
        (others, false) => format!(
            "`{name}` fails with it, {} together{ending}; without any one of them it passes",
            others.join(" and ")
        ),
    };
    match set.rates {
        None => how,
        Some(rates) => format!(
            "{how}; not always: in about {:.0} % of the runs, against {:.0} % without",
            rates.with * 100.0,
            rates.without * 100.0
        ),
    }
}
