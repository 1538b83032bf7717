//! Runs that share their host with others.

use super::*;

/// A task that declares what it takes.
pub(in crate::domain::run) fn task_of(id: &str, cpus: f64, memory: u64) -> Task {
    let demand = Demand { cpus, memory, uses: BTreeMap::new() };
    Task { demand, ..task(id, &[]) }
}

/// A run of all tasks at once, as far as cores and memory of the plan's host go.
pub(in crate::domain::run) fn parallel_run(
    cores: usize,
    memory: u64,
    tasks: Vec<Task>,
) -> RunState {
    run(Host { cores, memory }, tasks, Preference::Parallel)
}

/// The same without regard to the cores.
pub(in crate::domain::run) fn forced_run(cores: usize, memory: u64, tasks: Vec<Task>) -> RunState {
    let width = tasks.len();
    run(Host { cores, memory }, tasks, Preference::ParallelWith(width))
}

fn run(host: Host, tasks: Vec<Task>, preference: Preference) -> RunState {
    let width = tasks.len();
    let set = TaskSet { tasks, ..TaskSet::default() };
    let mut plan = build(&PlanRequest { host, preference, ..PlanRequest::of(&set) }).unwrap();
    plan.decision.width = width;
    let mut spec = spec(plan);
    spec.limits.share_host = true;
    RunState::new(spec, Timestamp(0))
}
