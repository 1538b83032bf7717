//! Assembling a plan.

use std::collections::BTreeMap;

use super::carry::CarryPlan;
use super::claims::{Exclusions, exclusions};
use super::contention::{Contention, DEFAULT_CONTENTION};
use super::costs::{Costs, NO_COSTS};
use super::decide::{Candidate, decide};
use super::effort::{Effort, LEAST_EFFORT};
use super::estimate::Estimate;
use super::gates::with_gates;
use super::graph::Graph;
use super::history::{History, NO_HISTORY};
use super::plan_type::{Plan, Planned, PlannedHook, ScheduledTask};
use super::problem::{Job, Problem};
use super::risk::{NO_RISK, Risk};
use crate::domain::id::TaskId;
use crate::domain::task::{Priority, Task, TaskSet};

/// Share of the memory that tasks may plan with (`research/scheduling.md` §4).
const MEMORY_SHARE: f64 = 0.8;

/// The machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Host {
    /// Processor cores.
    pub cores: usize,
    /// Bytes of memory; 0 when unknown.
    pub memory: u64,
}

/// What the user wants of the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preference {
    /// The rule decides.
    #[default]
    Rule,
    /// Side by side with the best width.
    Parallel,
    /// Side by side with this many slots; lifts the bound of the cores.
    ParallelWith(usize),
    /// One after another.
    Sequential,
}

/// Everything a plan depends on.
#[derive(Debug, Clone)]
pub struct PlanRequest<'a> {
    /// The tasks.
    pub set: &'a TaskSet,
    /// Name of the task set: what its history is kept under.
    pub workflow: &'a str,
    /// The machine.
    pub host: Host,
    /// Most slots (`[run] slots`).
    pub slots: usize,
    /// Countable things (`[capacity]`).
    pub capacity: &'a BTreeMap<String, u32>,
    /// Setup hooks, in the order in which they run.
    pub setup: &'a [PlannedHook],
    /// Costs beside the tasks.
    pub costs: Costs,
    /// What worktrees get beside the files of their commits.
    pub carry: Option<CarryPlan>,
    /// Past runs of this repository.
    pub history: &'a History,
    /// How tasks slow one another down on this machine.
    pub contention: Contention,
    /// Likely conflicts between tasks.
    pub risk: &'a Risk,
    /// Seconds in which everything should have landed.
    pub deadline: Option<f64>,
    /// How long to look for a better schedule.
    pub effort: Effort<'a>,
    /// What the user wants.
    pub preference: Preference,
    /// Monte Carlo draws.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
}

static NO_CAPACITY: BTreeMap<String, u32> = BTreeMap::new();

impl<'a> PlanRequest<'a> {
    /// A request about which nothing is known but the tasks: one core, eight slots, no costs.
    pub fn of(set: &'a TaskSet) -> Self {
        Self {
            set,
            workflow: "",
            host: Host { cores: 1, memory: 0 },
            slots: 8,
            capacity: &NO_CAPACITY,
            setup: &[],
            costs: NO_COSTS,
            carry: None,
            history: &NO_HISTORY,
            contention: DEFAULT_CONTENTION,
            risk: &NO_RISK,
            deadline: None,
            effort: LEAST_EFFORT,
            preference: Preference::Rule,
            draws: 20,
            seed: 0,
        }
    }
}

/// Phases and dependencies that contradict one another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("gates and dependencies form a cycle through {}", .tasks.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", "))]
pub struct GateCycle {
    /// Tasks on it or behind it.
    pub tasks: Vec<TaskId>,
}

/// Builds the plan. Equal requests give equal plans.
///
/// # Errors
/// [`GateCycle`] when a task of an earlier phase depends on one of a later phase across a gate.
pub fn build(request: &PlanRequest<'_>) -> Result<Plan, GateCycle> {
    let tasks = with_gates(request.set);
    let graph = graph_of(&tasks)?;
    let estimates: Vec<Estimate> = tasks.iter().map(Estimate::of).collect();
    let medians: Vec<f64> = estimates.iter().map(|estimate| estimate.p50).collect();
    let excluded = exclusions(&tasks);
    let problem = problem_of(request, &tasks, &graph, &medians, &excluded);
    let choice = decide(&Candidate {
        request,
        tasks: &tasks,
        graph: &graph,
        estimates: &estimates,
        medians: &medians,
        excluded: &excluded,
        problem: &problem,
    });
    let tails = graph.tails(&medians);
    let heads = graph.heads(&medians);
    let longest = tails.iter().copied().fold(0.0, f64::max);
    let planned = tasks
        .into_iter()
        .zip(&estimates)
        .enumerate()
        .map(|(i, (task, estimate))| {
            let slack_s = (longest - heads[i] - tails[i]).max(0.0);
            let schedule = ScheduledTask {
                start_s: choice.schedule.start[i],
                finish_s: choice.schedule.finish[i],
                slack_s,
                critical: slack_s < 1e-6,
            };
            Planned { task, estimate: *estimate, schedule }
        })
        .collect();
    Ok(Plan {
        tasks: planned,
        validations: request.set.validations.clone(),
        setup: request.setup.to_vec(),
        problem,
        claims: excluded.claims,
        decision: choice.decision,
        predicted: choice.predicted,
        lower_bound_s: choice.lower_bound_s,
        carry: request.carry.clone(),
    })
}

/// Whether gates and dependencies of a set can be ordered at all.
///
/// # Errors
/// As [`build`].
pub fn check_order(set: &TaskSet) -> Result<(), GateCycle> {
    graph_of(&with_gates(set)).map(|_| ())
}

fn graph_of(tasks: &[Task]) -> Result<Graph, GateCycle> {
    let index: BTreeMap<&TaskId, usize> =
        tasks.iter().enumerate().map(|(i, task)| (&task.id, i)).collect();
    let edges = tasks.iter().enumerate().flat_map(|(then, task)| {
        let index = &index;
        task.depends_on.iter().filter_map(move |id| index.get(id).map(|first| (*first, then)))
    });
    Graph::new(tasks.len(), edges).map_err(|on_cycle| GateCycle {
        tasks: on_cycle.into_iter().map(|task| tasks[task].id.clone()).collect(),
    })
}

fn problem_of(
    request: &PlanRequest<'_>,
    tasks: &[Task],
    graph: &Graph,
    medians: &[f64],
    excluded: &Exclusions,
) -> Problem {
    let mut resources = Vec::new();
    let mut capacities = Vec::new();
    let mut add = |name: &str, units: u64| {
        resources.push(name.to_owned());
        capacities.push(units);
        resources.len() - 1
    };
    let cores = match request.preference {
        Preference::ParallelWith(_) => None,
        Preference::Rule | Preference::Parallel | Preference::Sequential => {
            Some(add("cores", request.host.cores.max(1) as u64 * 1000))
        }
    };
    let memory = (request.host.memory > 0)
        .then(|| add("memory", (request.host.memory as f64 * MEMORY_SHARE) as u64));
    let things: BTreeMap<&str, usize> = request
        .capacity
        .iter()
        .map(|(name, n)| (name.as_str(), add(name, u64::from(*n))))
        .collect();
    let mut excludes = vec![Vec::new(); tasks.len()];
    let pairs = excluded.claims.iter().map(|c| (c.a, c.b)).chain(excluded.locks.iter().copied());
    for (a, b) in pairs {
        excludes[a].push(b);
        excludes[b].push(a);
    }
    let ranks = ranks_of(tasks, graph, medians);
    let jobs = tasks
        .iter()
        .enumerate()
        .map(|(i, task)| {
            let mut demands = Vec::new();
            if let Some(cores) = cores {
                demands.push((cores, (task.demand.cpus * 1000.0).round() as u64));
            }
            if let Some(memory) = memory.filter(|_| task.demand.memory > 0) {
                demands.push((memory, task.demand.memory));
            }
            let uses = task.demand.uses.iter();
            demands.extend(uses.filter_map(|(name, units)| {
                things.get(name.as_str()).map(|thing| (*thing, u64::from(*units)))
            }));
            let mut excludes = std::mem::take(&mut excludes[i]);
            excludes.sort_unstable();
            excludes.dedup();
            Job {
                predecessors: graph.predecessors[i].clone(),
                successors: graph.successors[i].clone(),
                excludes,
                demands,
                rank: ranks[i],
            }
        })
        .collect();
    Problem { jobs, capacities, resources }
}

/// Urgency: the priority a task has or that something behind it has, then the length of what hangs
/// behind it, then its name, so that the order of the file does not matter.
pub(super) fn ranks_of(tasks: &[Task], graph: &Graph, medians: &[f64]) -> Vec<usize> {
    let tails = graph.tails(medians);
    let mut priority: Vec<Priority> = tasks.iter().map(|task| task.priority).collect();
    for &task in graph.order.iter().rev() {
        let behind = graph.successors[task].iter().filter(|&&next| !tasks[next].work.is_gate());
        if let Some(most) = behind.map(|&next| priority[next]).max() {
            priority[task] = priority[task].max(most);
        }
    }
    let mut urgent: Vec<usize> = (0..tasks.len()).collect();
    urgent.sort_by(|&a, &b| {
        priority[b]
            .cmp(&priority[a])
            .then(tails[b].total_cmp(&tails[a]))
            .then(tasks[a].id.cmp(&tasks[b].id))
    });
    let mut ranks = vec![0; tasks.len()];
    for (rank, task) in urgent.into_iter().enumerate() {
        ranks[task] = rank;
    }
    ranks
}
