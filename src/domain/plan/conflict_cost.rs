//! What it costs that tasks share things: the plan is made again without each of them.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{GateCycle, PlanRequest, build};
use super::plan_type::Plan;
use crate::domain::task::TaskSet;

/// Most plans that are made for this.
const MOST_PLANS: usize = 24;

/// Something that tasks share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared {
    /// Files that several declare as their own, all such claims together.
    Claims,
    /// A lock.
    Lock(String),
    /// Processor cores.
    Cores,
    /// Memory.
    Memory,
    /// A countable thing of `[capacity]`.
    Capacity(String),
}

/// A shared thing and its price.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictCost {
    /// What is shared.
    pub shared: Shared,
    /// How much later everything lands because of it, seconds at the medians of the parallel arm;
    /// 0 where nothing waits for it.
    pub cost_s: f64,
}

/// Everything that tasks of `plan`, the plan of `request`, share, with what it costs.
///
/// # Errors
/// As [`build`].
pub fn conflict_costs(
    request: &PlanRequest<'_>,
    plan: &Plan,
) -> Result<Vec<ConflictCost>, GateCycle> {
    let mut costs = Vec::new();
    for shared in shared_things(request, plan).into_iter().take(MOST_PLANS) {
        let without = landed_without(request, &shared)?;
        let cost_s = (plan.predicted.parallel.p50 - without).max(0.0);
        costs.push(ConflictCost { shared, cost_s });
    }
    Ok(costs)
}

fn shared_things(request: &PlanRequest<'_>, plan: &Plan) -> Vec<Shared> {
    let tasks = || plan.tasks.iter().map(|planned| &planned.task);
    let mut things = Vec::new();
    if !plan.claims.is_empty() {
        things.push(Shared::Claims);
    }
    let locks = tasks().flat_map(|task| BTreeSet::from_iter(&task.locks));
    things.extend(repeated(locks).into_iter().map(Shared::Lock));
    let cpus: f64 = tasks().map(|task| task.demand.cpus).sum();
    if cpus > request.contention.effective_cores.unwrap_or(request.host.cores as f64) {
        things.push(Shared::Cores);
    }
    let hungry = tasks().filter(|task| task.demand.memory > 0).count();
    if request.host.memory > 0 && hungry > 1 {
        things.push(Shared::Memory);
    }
    let used = repeated(tasks().flat_map(|task| task.demand.uses.keys()));
    things.extend(used.into_iter().map(Shared::Capacity));
    things
}

/// What occurs more than once, in alphabetical order.
fn repeated<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name.clone()).collect()
}

fn landed_without(request: &PlanRequest<'_>, shared: &Shared) -> Result<f64, GateCycle> {
    let mut set: TaskSet = request.set.clone();
    let mut host = request.host;
    let mut contention = request.contention;
    match shared {
        Shared::Claims => set.tasks.iter_mut().for_each(|task| task.owns = None),
        Shared::Lock(name) => {
            set.tasks.iter_mut().for_each(|task| task.locks.retain(|lock| lock != name));
        }
        Shared::Cores => {
            let cpus: f64 = set.tasks.iter().map(|task| task.demand.cpus.max(1.0)).sum();
            host.cores = host.cores.max(cpus.ceil() as usize);
            // Those that were measured would still be too few.
            contention.effective_cores = None;
        }
        Shared::Memory => host.memory = 0,
        Shared::Capacity(name) => set.tasks.iter_mut().for_each(|task| {
            task.demand.uses.remove(name);
        }),
    }
    let plan = build(&PlanRequest { set: &set, host, contention, ..request.clone() })?;
    Ok(plan.predicted.parallel.p50)
}

#[cfg(test)]
mod tests;
