//! What a request says of its tasks, in arrays: graph, durations, resources, exclusions.

use std::collections::BTreeMap;

use super::build::{GateCycle, PlanRequest, Preference};
use super::builds::BuildFacts;
use super::by_name::ByName;
use super::claims::{Exclusions, exclusions, shared_locks};
use super::conditional::left_out;
use super::decide::Candidate;
use super::estimate::Estimate;
use super::gates::with_gates;
use super::graph::Graph;
use super::inferred::{Order, infer};
use super::learn::Durations;
use super::problem::{Job, Problem};
use super::ranks::ranks_by;
use super::reach::Reach;
use super::repeats::repeat_checks;
use super::risk::{NO_RISK, PairRisk, Risk};
use super::simulate::{Interplay, TaskTraits};
use crate::domain::id::TaskId;
use crate::domain::task::Task;

/// Share of the memory that tasks may plan with (`research/scheduling.md` §4).
const MEMORY_SHARE: f64 = 0.8;

/// Tasks and gates in the order of their names, with all that follows from them.
pub(super) struct Model<'a> {
    pub(super) request: &'a PlanRequest<'a>,
    pub(super) by_name: ByName,
    pub(super) tasks: Vec<Task>,
    pub(super) graph: Graph,
    pub(super) durations: Durations,
    pub(super) builds: BuildFacts,
    pub(super) medians: Vec<f64>,
    pub(super) excluded: Exclusions,
    /// Order that nobody wrote down.
    pub(super) orders: Vec<Order>,
    /// Tasks whose condition is expected not to hold.
    pub(super) left_out: Vec<bool>,
    /// What is known of conflicts, without pairs that cannot, by index of the file.
    pub(super) risk: Risk,
    pub(super) interplay: Interplay,
    pub(super) problem: Problem,
}

impl<'a> Model<'a> {
    /// With what `learn` says of the durations of its tasks.
    pub(super) fn of(
        request: &'a PlanRequest<'a>,
        learn: impl FnOnce(&[Task]) -> Durations,
    ) -> Result<Self, GateCycle> {
        let tasks = with_gates(request.set);
        let (by_name, tasks) =
            if request.apart { ByName::keep(tasks) } else { ByName::sort(tasks) };
        let (excluded, orders) = match request.apart {
            true => (shared_locks(&tasks), Vec::new()),
            false => {
                let mut excluded = exclusions(&tasks);
                let orders = infer(&tasks, request.rules, &mut excluded);
                (excluded, orders)
            }
        };
        let graph = graph_of(&tasks, &orders)?;
        let left_out = left_out(&tasks, &graph);
        let mut durations = learn(&tasks);
        let attempts = &request.history.attempts;
        repeat_checks(request, &tasks, &mut durations.estimates);
        let builds = request.builds.complete(&tasks, &mut durations.estimates, attempts);
        for (at, estimate) in durations.estimates.iter_mut().enumerate() {
            if let Some(assumed) = request.assumed.get(&tasks[at].id) {
                *estimate = *assumed;
            }
            if left_out[at] {
                *estimate = estimate.of_nothing();
            }
        }
        let medians = durations.medians();
        let problem = problem_of(request, &tasks, &graph, &medians, &excluded);
        let risk = if request.apart { &NO_RISK } else { request.risk };
        let risk = risk_at_once(risk, &by_name, &graph, &problem);
        let interplay = interplay_of(request, (&tasks, &durations.estimates), &by_name, &risk);
        Ok(Self {
            request,
            by_name,
            tasks,
            graph,
            durations,
            builds,
            medians,
            excluded,
            orders,
            left_out,
            risk,
            interplay,
            problem,
        })
    }

    pub(super) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            request: self.request,
            tasks: &self.tasks,
            graph: &self.graph,
            durations: &self.durations,
            builds: self.builds,
            medians: &self.medians,
            excluded: &self.excluded,
            interplay: &self.interplay,
            problem: &self.problem,
        }
    }
}

/// The dependencies of tasks, declared and inferred.
pub(super) fn graph_of(tasks: &[Task], orders: &[Order]) -> Result<Graph, GateCycle> {
    let index: BTreeMap<&TaskId, usize> =
        tasks.iter().enumerate().map(|(i, task)| (&task.id, i)).collect();
    let edges = tasks.iter().enumerate().flat_map(|(then, task)| {
        let index = &index;
        task.depends_on.iter().filter_map(move |id| index.get(id).map(|first| (*first, then)))
    });
    let inferred = orders.iter().map(|order| (order.first, order.then));
    Graph::new(tasks.len(), edges.chain(inferred)).map_err(|on_cycle| GateCycle {
        tasks: on_cycle.into_iter().map(|task| tasks[task].id.clone()).collect(),
    })
}

/// Without pairs of which one starts from the work of the other: those that are ordered, and those
/// that never run at the same time.
fn risk_at_once(risk: &Risk, by_name: &ByName, graph: &Graph, problem: &Problem) -> Risk {
    if risk.pairs.is_empty() {
        return risk.clone();
    }
    let reach = Reach::in_graph(graph);
    let may_meet = |pair: &&PairRisk| match (by_name.place(pair.a), by_name.place(pair.b)) {
        (Some(a), Some(b)) => !reach.orders(a, b) && !problem.keeps_apart(a, b),
        (Some(_) | None, _) => false,
    };
    Risk { pairs: risk.pairs.iter().filter(may_meet).cloned().collect(), ..risk.clone() }
}

fn interplay_of(
    request: &PlanRequest<'_>,
    (tasks, estimates): (&[Task], &[Estimate]),
    by_name: &ByName,
    risk: &Risk,
) -> Interplay {
    let traits = tasks.iter().zip(estimates).map(|(task, estimate)| TaskTraits {
        cpus: task.demand.cpus,
        warm: if estimate.p50 > 0.0 { estimate.warm_s / estimate.p50 } else { 0.0 },
        merges: !task.read_only && !request.apart,
    });
    let pairs = risk.pairs.iter().filter_map(|pair| {
        Some((by_name.place(pair.a)?, by_name.place(pair.b)?, pair.probability))
    });
    let mut pairs: Vec<(usize, usize, f64)> = pairs.collect();
    pairs.sort_by_key(|&(a, b, _)| (a.min(b), a.max(b)));
    let traits: Vec<TaskTraits> = traits.collect();
    Interplay::new(request.contention, request.host.cores, &traits, &pairs)
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
    for claim in &excluded.claims {
        excludes[claim.a].push(claim.b);
        excludes[claim.b].push(claim.a);
    }
    let mut cliques = vec![Vec::new(); tasks.len()];
    for (clique, holders) in excluded.locks.values().enumerate() {
        for &holder in holders {
            cliques[holder].push(clique);
        }
    }
    let ranks = match request.race_rules() {
        // Whoever wrote the file put the likeliest arm first, and the first that is proved may end it.
        Some(_) => ranks_by(tasks, graph, &vec![0.0; tasks.len()]),
        None => ranks_by(tasks, graph, &graph.tails(medians)),
    };
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
                cliques: std::mem::take(&mut cliques[i]),
                demands,
                rank: ranks[i],
            }
        })
        .collect();
    Problem { jobs, capacities, resources }
}
