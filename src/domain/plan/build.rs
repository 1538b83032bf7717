//! Assembling a plan.

use std::collections::BTreeMap;

use super::builds::{Builds, NO_BUILDS};
use super::carry::CarryPlan;
use super::contention::{Contention, DEFAULT_CONTENTION};
use super::costs::{Costs, NO_COSTS};
use super::decide::decide;
use super::effort::{Effort, LEAST_EFFORT};
use super::estimate::Estimate;
use super::gates::with_gates;
use super::history::{History, NO_HISTORY};
use super::inferred::{NO_RULES, OrderRules};
use super::learn::Durations;
use super::model::{Model, graph_of};
use super::plan_type::{Plan, Planned, PlannedHook, ScheduledTask};
use super::risk::{NO_RISK, Risk};
use crate::domain::id::TaskId;
use crate::domain::task::{RaceRules, TaskSet};
use crate::domain::time::Timestamp;

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
    /// What order is inferred (`[plan] serialise`, `[plan] reads`).
    pub rules: &'a OrderRules,
    /// Setup hooks, in the order in which they run.
    pub setup: &'a [PlannedHook],
    /// Costs beside the tasks.
    pub costs: Costs,
    /// What worktrees get beside the files of their commits.
    pub carry: Option<CarryPlan>,
    /// What tests must build before they run.
    pub builds: Builds<'a>,
    /// Past runs of this repository.
    pub history: &'a History,
    /// The longer ago they were, the less is sure; `None`: as if they were just over.
    pub now: Option<Timestamp>,
    /// How tasks slow one another down on this machine.
    pub contention: Contention,
    /// Likely conflicts between tasks.
    pub risk: &'a Risk,
    /// Seconds in which everything should have landed.
    pub deadline: Option<f64>,
    /// How long to look for a better schedule.
    pub effort: Effort<'a>,
    /// Estimates that stand in for what is known of these tasks.
    pub assumed: &'a BTreeMap<TaskId, Estimate>,
    /// The work of no two tasks meets: arms of a race, test suites. Then what they own keeps nobody
    /// apart, nothing follows from what they read, and nothing is merged.
    pub apart: bool,
    /// What the user wants.
    pub preference: Preference,
    /// Monte Carlo draws.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
}

static NO_CAPACITY: BTreeMap<String, u32> = BTreeMap::new();
static NOTHING_ASSUMED: BTreeMap<TaskId, Estimate> = BTreeMap::new();

impl<'a> PlanRequest<'a> {
    /// A request about which nothing is known but the tasks: one core, eight slots, no costs.
    pub fn of(set: &'a TaskSet) -> Self {
        Self {
            set,
            workflow: "",
            host: Host { cores: 1, memory: 0 },
            slots: 8,
            capacity: &NO_CAPACITY,
            rules: &NO_RULES,
            setup: &[],
            costs: NO_COSTS,
            carry: None,
            builds: NO_BUILDS,
            history: &NO_HISTORY,
            now: None,
            contention: DEFAULT_CONTENTION,
            risk: &NO_RISK,
            deadline: None,
            effort: LEAST_EFFORT,
            assumed: &NOTHING_ASSUMED,
            apart: false,
            preference: Preference::Rule,
            draws: 20,
            seed: 0,
        }
    }

    /// The rules of the race whose arms the tasks are.
    pub(super) fn race_rules(&self) -> Option<&'a RaceRules> {
        self.set.race.as_ref().filter(|_| self.apart).map(|race| &race.rules)
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
    let model = Model::of(request, |tasks| {
        let durations =
            Durations::learn(tasks, request.workflow, request.history, &request.contention);
        match request.now {
            Some(now) => durations.aged(now),
            None => durations,
        }
    })?;
    let choice = decide(&model.candidate());
    let Model { by_name, tasks, graph, durations, medians, excluded, problem, .. } = model;
    let (orders, left_out, risk) = (model.orders, model.left_out, model.risk);
    let tails = graph.tails(&medians);
    let heads = graph.heads(&medians);
    let longest = tails.iter().copied().fold(0.0, f64::max);
    let planned: Vec<Planned> = tasks
        .into_iter()
        .zip(durations.estimates)
        .enumerate()
        .map(|(i, (task, estimate))| {
            let slack_s = (longest - heads[i] - tails[i]).max(0.0);
            let schedule = ScheduledTask {
                start_s: choice.schedule.start[i],
                finish_s: choice.schedule.finish[i],
                slack_s,
                critical: slack_s < 1e-6 && !left_out[i],
            };
            Planned { task, estimate, schedule, left_out: left_out[i] }
        })
        .collect();
    Ok(Plan {
        tasks: by_name.unsort(&planned),
        validations: request.set.validations.clone(),
        setup: request.setup.to_vec(),
        problem: by_name.unsort_problem(choice.problem.unwrap_or(problem)),
        claims: by_name.unsort_claims(excluded.claims),
        orders: by_name.unsort_orders(orders),
        fail_fast: request.set.fail_fast.clone(),
        time_limits: request.set.time_limits.clone(),
        decision: choice.decision,
        predicted: choice.predicted,
        lower_bound_s: choice.lower_bound_s,
        carry: request.carry.clone(),
        risk,
    })
}

/// Whether gates and dependencies of a set can be ordered at all.
///
/// # Errors
/// As [`build`].
pub fn check_order(set: &TaskSet) -> Result<(), GateCycle> {
    graph_of(&with_gates(set), &[]).map(|_| ())
}

/// Whether some two tasks of the set need not wait for one another, so that they could run at once.
/// False also where the order is a contradiction.
pub fn may_overlap(set: &TaskSet) -> bool {
    let tasks = with_gates(set);
    let Ok(graph) = graph_of(&tasks, &[]) else { return false };
    let depth = graph.tails(&vec![1.0; tasks.len()]).into_iter().fold(0.0, f64::max);
    depth < tasks.len() as f64
}
