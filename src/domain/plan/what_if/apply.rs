//! A changed copy of what a plan is made from.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, WhatIf};
use crate::domain::id::TaskId;
use crate::domain::plan::build::{Host, PlanRequest, Preference};
use crate::domain::plan::contention::Contention;
use crate::domain::plan::estimate::{Estimate, EstimateSource};
use crate::domain::plan::plan_type::Plan;
use crate::domain::plan::risk::{BranchOverlap, PairRisk, Risk};
use crate::domain::task::{Task, TaskSet};

/// What a scenario changes, as owned copies.
pub(super) struct Applied {
    pub(super) set: TaskSet,
    pub(super) host: Host,
    pub(super) slots: usize,
    capacity: BTreeMap<String, u32>,
    contention: Contention,
    preference: Preference,
    assumed: BTreeMap<TaskId, Estimate>,
    risk: Risk,
    /// Dropped, with everything behind it.
    pub(super) gone: BTreeSet<TaskId>,
    /// The task that `tasks=+N` copies.
    pub(super) median: Option<TaskId>,
}

impl Applied {
    /// `base` under the circumstances of the scenario; `plan` is the plan of `base`.
    pub(super) fn new(what_if: &WhatIf, base: &PlanRequest<'_>, plan: &Plan) -> Self {
        let mut applied = Self {
            set: base.set.clone(),
            host: base.host,
            slots: base.slots,
            capacity: base.capacity.clone(),
            contention: base.contention,
            preference: base.preference,
            assumed: base.assumed.clone(),
            risk: base.risk.clone(),
            gone: BTreeSet::new(),
            median: None,
        };
        if let Some(slots) = wanted_slots(&what_if.changes, plan) {
            applied.limit(slots);
        }
        for change in &what_if.changes {
            applied.change(change, plan);
        }
        // What was dropped goes last: dependencies that the scenario adds count as well.
        let dropped = std::mem::take(&mut applied.gone);
        applied.gone = behind(&applied.set, dropped);
        applied.risk = remaining_risk(&applied.risk, &applied.set, &applied.gone);
        applied.set = without(&applied.set, &applied.gone);
        applied
    }

    /// The request of the scenario.
    pub(super) fn request<'a>(&'a self, base: &PlanRequest<'a>) -> PlanRequest<'a> {
        PlanRequest {
            set: &self.set,
            host: self.host,
            slots: self.slots,
            capacity: &self.capacity,
            contention: self.contention,
            preference: self.preference,
            assumed: &self.assumed,
            risk: &self.risk,
            ..base.clone()
        }
    }

    /// Every task takes so many times what it would.
    fn scale(&mut self, factor: f64, plan: &Plan) {
        let ids = plan.tasks.iter().map(|planned| &planned.task.id);
        let ids: Vec<TaskId> = ids.chain(self.assumed.keys()).cloned().collect();
        for id in BTreeSet::from_iter(ids) {
            if let Some(known) = self.estimate(&id, plan) {
                let p50 = known.p50 * factor;
                self.assumed.insert(id, Estimate { p50, ..known });
            }
        }
    }

    fn change(&mut self, change: &Change, plan: &Plan) {
        match change {
            // Taken together beforehand, in whatever order they stand.
            Change::Width(_) | Change::Add(_) => {}
            Change::Cpus(cores) => {
                let share = *cores as f64 / self.host.cores.max(1) as f64;
                let effective = self.contention.effective_cores;
                self.contention.effective_cores = effective.map(|n| (n * share).max(1.0));
                self.host.cores = *cores;
                // What attempts took was learned on the cores that there were.
                self.scale(1.0, plan);
            }
            Change::Memory(bytes) => self.host.memory = *bytes,
            Change::Capacity { name, units } => {
                self.capacity.insert(name.clone(), *units);
            }
            Change::Takes { task, seconds } => {
                if let Some(known) = self.estimate(task, plan) {
                    let source = EstimateSource::Estimate;
                    self.assumed.insert(task.clone(), Estimate { p50: *seconds, source, ..known });
                }
            }
            Change::Scale(factor) => self.scale(*factor, plan),
            Change::Drop(task) => {
                self.gone.insert(task.clone());
            }
            Change::Tasks(count) => {
                self.median = median_task(&self.set, plan);
                if let Some(task) = self.median.clone() {
                    self.copies(&task, *count, plan);
                }
            }
            Change::Clone { task, count } => self.copies(task, *count, plan),
            Change::After { task, on } => with_dependency(&mut self.set, task, on),
        }
    }

    /// At most `width` slots; exactly that many where the user said how many.
    fn limit(&mut self, width: usize) {
        self.slots = width;
        if let Preference::ParallelWith(_) = self.preference {
            self.preference = Preference::ParallelWith(width);
        }
    }

    fn estimate(&self, task: &TaskId, plan: &Plan) -> Option<Estimate> {
        let planned = || plan.index(task).map(|index| plan.tasks[index].estimate);
        self.assumed.get(task).copied().or_else(planned)
    }

    /// More tasks like this one: same dependencies, locks and demands, files of their own.
    fn copies(&mut self, like: &TaskId, count: usize, plan: &Plan) {
        let Some(model) = self.set.tasks.iter().find(|task| task.id == *like).cloned() else {
            return;
        };
        let estimate = self.estimate(like, plan);
        let taken: BTreeSet<TaskId> = self.set.tasks.iter().map(|task| task.id.clone()).collect();
        let free = (2..).filter_map(|n| format!("{}.{n}", stem(like)).parse::<TaskId>().ok());
        for id in free.filter(|id| !taken.contains(id)).take(count) {
            if let Some(estimate) = &estimate {
                self.assumed.insert(id.clone(), *estimate);
            }
            self.set.tasks.push(Task { id, owns: None, ..model.clone() });
        }
    }
}

/// `width`, or the width of the plan, with what `add` puts on top.
fn wanted_slots(changes: &[Change], plan: &Plan) -> Option<usize> {
    let mut width = None;
    let mut more = None;
    for change in changes {
        if let Change::Width(slots) = change {
            width = Some(*slots);
        } else if let Change::Add(slots) = change {
            more = Some(*slots);
        }
    }
    (width.is_some() || more.is_some())
        .then(|| width.unwrap_or(plan.decision.width) + more.unwrap_or(0))
}

/// A start of the id that leaves room for a number.
fn stem(id: &TaskId) -> &str {
    let id = id.as_str();
    &id[..id.len().min(56)]
}

/// The task in the middle when they are ordered by how long they take.
fn median_task(set: &TaskSet, plan: &Plan) -> Option<TaskId> {
    let mut tasks: Vec<(f64, &TaskId)> = plan
        .tasks
        .iter()
        .filter(|planned| set.tasks.iter().any(|task| task.id == planned.task.id))
        .map(|planned| (planned.estimate.p50, &planned.task.id))
        .collect();
    tasks.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    tasks.get(tasks.len().saturating_sub(1) / 2).map(|(_, id)| (*id).clone())
}

/// The tasks with everything that depends on them.
pub(in crate::domain::plan) fn behind(
    set: &TaskSet,
    tasks: impl IntoIterator<Item = TaskId>,
) -> BTreeSet<TaskId> {
    let mut found: BTreeSet<TaskId> = tasks.into_iter().collect();
    let mut size = 0;
    while found.len() > size && !found.is_empty() {
        size = found.len();
        for task in &set.tasks {
            if task.depends_on.iter().any(|first| found.contains(first)) {
                found.insert(task.id.clone());
            }
        }
    }
    found
}

/// The set without these tasks.
pub(in crate::domain::plan) fn without(set: &TaskSet, gone: &BTreeSet<TaskId>) -> TaskSet {
    let mut left = set.clone();
    left.tasks.retain(|task| !gone.contains(&task.id));
    left
}

/// One more dependency.
pub(super) fn with_dependency(set: &mut TaskSet, task: &TaskId, on: &TaskId) {
    for task in set.tasks.iter_mut().filter(|known| known.id == *task) {
        if !task.depends_on.contains(on) {
            task.depends_on.push(on.clone());
        }
    }
}

/// Risks of what is left, by its places in the list of what is left.
pub(in crate::domain::plan) fn remaining_risk(
    risk: &Risk,
    set: &TaskSet,
    gone: &BTreeSet<TaskId>,
) -> Risk {
    let mut left = 0;
    let places: Vec<Option<usize>> = set
        .tasks
        .iter()
        .map(|task| {
            let stays = !gone.contains(&task.id);
            left += usize::from(stays);
            stays.then(|| left - 1)
        })
        .collect();
    let place = |index: usize| places.get(index).copied().flatten();
    let branches = risk.branches.iter().filter_map(|overlap| {
        Some(BranchOverlap { task: place(overlap.task)?, ..overlap.clone() })
    });
    Risk {
        branches: branches.collect(),
        pairs: risk
            .pairs
            .iter()
            .filter_map(|pair| {
                Some(PairRisk { a: place(pair.a)?, b: place(pair.b)?, ..pair.clone() })
            })
            .collect(),
        unknown: risk.unknown.iter().filter_map(|&index| place(index)).collect(),
    }
}
