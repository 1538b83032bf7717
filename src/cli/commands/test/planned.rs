//! How the modules are run: in how many parts, and how many of them at once.

use std::collections::BTreeMap;
use std::path::Path;

use crate::adapters::host::machine::Machine;
use crate::adapters::store::Store;
use crate::cli::context::{Context, Place};
use crate::cli::failure::Failure;
use crate::cli::prepare::{Asked, Prepared, plan_with};
use crate::domain::id::TaskId;
use crate::domain::plan::{Builds, CarryPlan, Plan, PlanRequest, build};
use crate::domain::suite::{Module, SplitTerms, SuiteMemory, SuiteSpec};
use crate::engine::{load_costs, load_test_costs};

/// Where cargo builds.
const BUILT: &str = "target";

/// What one more worktree costs, and how many get something done at once.
pub(super) fn split_terms(
    place: &Place,
    (modules, memory): (&[Module], &SuiteMemory),
    store: Option<&Store>,
) -> Result<SplitTerms, Failure> {
    let names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
    let slots = usize::try_from(place.settings.run.slots).unwrap_or(usize::MAX);
    let width = memory.useful_width(&names, slots, Machine::load().cores as f64);
    let head = place.site.repo.head()?.tip();
    let files = head.map_or(Ok(0), |tip| place.site.repo.file_count(tip))?;
    Ok(SplitTerms { worktree: load_costs(store, files, 0)?.provision, width })
}

/// Plans a test run: worktrees are handed on, those that wait are used, and what is built is built
/// again in each new one.
pub(super) fn planned(
    context: &Context,
    place: &Place,
    (prepared, asked): (&Prepared, &Asked<'_>),
    (modules, spec): (&[Module], &SuiteSpec),
) -> Result<Plan, Failure> {
    let tasks = built(modules, spec);
    let store = prepared.remembered.store();
    let cached = ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"]
        .into_iter()
        .any(|name| context.environment.text(name).is_some_and(|program| !program.is_empty()));
    plan_with(context, place, prepared, asked, |request| {
        let carried = request.carry.as_ref().is_some_and(brings_what_is_built);
        Ok(build(&PlanRequest {
            costs: load_test_costs(&place.site.repo, store, request.costs)?,
            contention: request.contention.among(computing(request)),
            builds: Builds { tasks: &tasks, carried, cached },
            ..request.clone()
        })?)
    })
}

/// Share of their time in which the suites compute.
fn computing(request: &PlanRequest<'_>) -> f64 {
    let tasks = &request.set.tasks;
    let all: f64 = tasks.iter().map(|task| task.demand.cpus.min(1.0)).sum();
    all / tasks.len().max(1) as f64
}

/// Tasks whose tests are built, each with the build that it shares.
fn built(modules: &[Module], spec: &SuiteSpec) -> BTreeMap<TaskId, String> {
    let builds: BTreeMap<&str, &String> = modules
        .iter()
        .filter_map(|module| Some((module.name.as_str(), module.build.as_ref()?)))
        .collect();
    let of = |part: &crate::domain::suite::Part| {
        Some((part.task.clone(), (*builds.get(part.module.as_str())?).clone()))
    };
    spec.parts.iter().filter_map(of).collect()
}

fn brings_what_is_built(carry: &CarryPlan) -> bool {
    carry.caches.iter().any(|cache| Path::new(cache).file_name().is_some_and(|name| name == BUILT))
}
