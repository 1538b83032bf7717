//! What limits the parallel schedule.

use super::Candidate;
use crate::domain::plan::costs::{Costs, NO_SETUP};
use crate::domain::plan::plan_type::Binding;
use crate::domain::plan::problem::Problem;
use crate::domain::plan::simulate::{Scenario, Simulator};

/// A constraint binds when without it the schedule is at least 2 % shorter.
const SHORTER: f64 = 0.98;

/// Capacity of something there is enough of.
const ENOUGH: u64 = u64::MAX / 1_000_000;

/// What binds, and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::domain::plan) struct Bound {
    pub(in crate::domain::plan) binding: Binding,
    /// As it stands in a sentence after "bound by ".
    pub(in crate::domain::plan) phrase: String,
}

impl Candidate<'_> {
    /// The constraint whose removal shortens the parallel schedule most. Played with all slots: the
    /// chosen width is only the smallest one that is as good.
    pub(super) fn bound_by(&self, chosen: usize) -> Bound {
        let binding = self.binding(chosen);
        let named = match binding {
            Binding::CriticalPath => self.path_phrase(),
            Binding::Locks => self.lock_phrase(),
            Binding::Claims => self.claim_phrase(),
            Binding::Capacity => self.capacity_phrase(),
            Binding::Slots => Some(format!("the number of slots ({})", self.slots())),
            // Nothing of tests is merged.
            Binding::MergeLane | Binding::Overhead if self.is_test() => {
                Some("the cost of worktrees".to_owned())
            }
            Binding::Cores | Binding::Memory | Binding::MergeLane | Binding::Overhead => None,
        };
        Bound { binding, phrase: named.unwrap_or_else(|| binding.phrase().to_owned()) }
    }

    fn binding(&self, chosen: usize) -> Binding {
        let width = chosen.max(self.slots().min(self.tasks.len()));
        let mut trials = Vec::new();
        let mut try_problem = |binding: Binding, problem: &Problem| {
            trials.push((binding, self.time_of(problem, width)));
        };
        if !self.excluded.claims.is_empty() {
            try_problem(Binding::Claims, &self.with_claims(|_| false));
        }
        if !self.excluded.locks.is_empty() {
            try_problem(Binding::Locks, &self.with_locks(|_| false));
        }
        for (binding, wanted) in [
            (Binding::Memory, &(|name: &str| name == "memory") as &dyn Fn(&str) -> bool),
            (Binding::Capacity, &|name| name != "cores" && name != "memory"),
        ] {
            if self.problem.resources.iter().any(|name| wanted(name)) {
                try_problem(binding, &self.without_resource(wanted));
            }
        }
        trials.push((Binding::Cores, self.time_with_enough_cores(width)));
        trials.push((Binding::Slots, self.time_of(self.problem, self.tasks.len())));
        let whole = self.time_of(self.problem, width);
        match trials.into_iter().min_by(|(_, a), (_, b)| a.total_cmp(b)) {
            Some((binding, time)) if time < SHORTER * whole => binding,
            _ => self.binding_of_costs(width, whole),
        }
    }

    /// Where no resource binds: the tasks themselves, or what is spent beside them.
    fn binding_of_costs(&self, width: usize, whole: f64) -> Binding {
        let path = self.graph.tails(self.medians).into_iter().fold(0.0, f64::max);
        if path >= 0.8 * whole {
            return Binding::CriticalPath;
        }
        let costs = self.request.costs;
        let merged = Costs { commit: 0.0, merge: 0.0, redo: 0.0, ..costs };
        let made = Costs { provision: 0.0, carry: 0.0, handling: 0.0, setup: NO_SETUP, ..costs };
        let lane = self.time_with(self.problem, width, &merged);
        let worktrees = self.time_with(self.problem, width, &made);
        if lane < SHORTER * whole && lane < worktrees {
            Binding::MergeLane
        } else {
            Binding::Overhead
        }
    }

    fn time_with_enough_cores(&self, width: usize) -> f64 {
        let problem = self.without_resource(&|name| name == "cores");
        let interplay = self.interplay.with_enough_cores();
        let scenario = Scenario { interplay: &interplay, ..self.parallel(self.medians, width) };
        Simulator::new(&problem).play(&Scenario { problem: &problem, ..scenario }).makespan
    }

    fn time_of(&self, problem: &Problem, width: usize) -> f64 {
        self.time_with(problem, width, &self.request.costs)
    }

    fn time_with(&self, problem: &Problem, width: usize, costs: &Costs) -> f64 {
        let scenario = Scenario { problem, costs, ..self.parallel(self.medians, width) };
        Simulator::new(problem).play(&scenario).makespan
    }

    fn without_resource(&self, wanted: &dyn Fn(&str) -> bool) -> Problem {
        let mut problem = self.problem.clone();
        for (name, capacity) in problem.resources.iter().zip(&mut problem.capacities) {
            if wanted(name) {
                *capacity = ENOUGH;
            }
        }
        problem
    }

    /// The problem with the claims for which `keep` holds.
    pub(super) fn with_claims(&self, keep: impl Fn((usize, usize)) -> bool) -> Problem {
        let mut problem = self.problem.clone();
        for job in &mut problem.jobs {
            job.excludes.clear();
        }
        let pairs = self.excluded.claims.iter().map(|claim| (claim.a, claim.b));
        for (a, b) in pairs.filter(|&pair| keep(pair)) {
            problem.jobs[a].excludes.push(b);
            problem.jobs[b].excludes.push(a);
        }
        problem
    }

    /// The problem with the locks for which `keep` holds.
    pub(super) fn with_locks(&self, keep: impl Fn(&str) -> bool) -> Problem {
        let kept: Vec<bool> = self.excluded.locks.keys().map(|lock| keep(lock)).collect();
        let mut problem = self.problem.clone();
        for job in &mut problem.jobs {
            job.cliques.retain(|&clique| kept[clique]);
        }
        problem
    }

    fn path_phrase(&self) -> Option<String> {
        let path = self.graph.critical_path(self.medians);
        let name = |task: usize| self.tasks[task].id.as_str();
        match path.as_slice() {
            [] => None,
            [task] => Some(format!("its longest task `{}`", name(*task))),
            [a, b, c, .., last] if path.len() > 6 => {
                let shown = [a, b, c].map(|task| name(*task)).join(" → ");
                Some(format!("the critical path {shown} → … → {}", name(*last)))
            }
            tasks => {
                let names: Vec<&str> = tasks.iter().map(|&task| name(task)).collect();
                Some(format!("the critical path {}", names.join(" → ")))
            }
        }
    }

    /// The lock that is held longest.
    pub(super) fn longest_lock(&self) -> Option<&str> {
        let held = self.lock_seconds(self.medians).into_iter();
        held.max_by(|(a, x), (b, y)| x.total_cmp(y).then(b.cmp(a))).map(|(lock, _)| lock)
    }

    fn lock_phrase(&self) -> Option<String> {
        let lock = self.longest_lock()?;
        let holders = self.tasks.iter().filter(|task| task.locks.iter().any(|l| l == lock)).count();
        Some(format!("the lock `{lock}`, which {holders} tasks share"))
    }

    fn claim_phrase(&self) -> Option<String> {
        let seconds = |a: usize, b: usize| self.medians[a] + self.medians[b];
        let claims = self.excluded.claims.iter();
        let longest = claims.max_by(|x, y| {
            seconds(x.a, x.b).total_cmp(&seconds(y.a, y.b)).then((y.a, y.b).cmp(&(x.a, x.b)))
        })?;
        let name = |task: usize| &self.tasks[task].id;
        let more = match self.excluded.claims.len() - 1 {
            0 => String::new(),
            1 => " and one more pair".to_owned(),
            more => format!(" and {more} more pairs"),
        };
        let (a, b) = (name(longest.a), name(longest.b));
        Some(format!("claims on the same files by `{a}` and `{b}`{more}"))
    }

    fn capacity_phrase(&self) -> Option<String> {
        let seconds = |resource: usize| {
            let tasks = 0..self.tasks.len();
            let work: f64 = tasks
                .map(|job| self.problem.demand(job, resource) as f64 * self.medians[job])
                .sum();
            work / self.problem.capacities[resource].max(1) as f64
        };
        let names = self.problem.resources.iter().enumerate();
        let things = names.filter(|(_, name)| *name != "cores" && *name != "memory");
        let (resource, name) =
            things.max_by(|(a, _), (b, _)| seconds(*a).total_cmp(&seconds(*b)).then(b.cmp(a)))?;
        Some(format!("the capacity of `{name}` ({})", self.problem.capacities[resource]))
    }
}
