//! Parallel or sequential: both arms are played up to *landed* and compared
//! (`research/scheduling.md` §4 with the rule of §7).

use super::build::{PlanRequest, Preference};
use super::claims::Exclusions;
use super::costs::Costs;
use super::estimate::Estimate;
use super::graph::Graph;
use super::montecarlo::{
    Arms, Comparison, compare, median_and_spread, share_within, sorted_interval,
};
use super::plan_type::{Binding, Decision, Overhead, Predicted, RunPrediction, Verdict};
use super::problem::Problem;
use super::simulate::{Scenario, Simulated, simulate};
use super::verdict_text::{Evidence, advice, flips, reasons};
use crate::domain::task::Task;

/// Draws times tasks are kept below this, so that large files are still answered at once.
const MOST_SAMPLES: usize = 200_000;

/// Everything the decision looks at.
pub(super) struct Candidate<'a> {
    pub(super) request: &'a PlanRequest<'a>,
    pub(super) tasks: &'a [Task],
    pub(super) graph: &'a Graph,
    pub(super) estimates: &'a [Estimate],
    pub(super) medians: &'a [f64],
    pub(super) excluded: &'a Exclusions,
    pub(super) problem: &'a Problem,
}

/// The decision with the schedule of the chosen arm.
pub(super) struct Choice {
    pub(super) decision: Decision,
    pub(super) predicted: Predicted,
    pub(super) schedule: Simulated,
    pub(super) lower_bound_s: f64,
}

/// Decides.
pub(super) fn decide(candidate: &Candidate<'_>) -> Choice {
    let request = candidate.request;
    let width = match request.preference {
        Preference::ParallelWith(width) => width.max(1),
        Preference::Rule | Preference::Parallel | Preference::Sequential => {
            candidate.best_width(candidate.medians)
        }
    };
    let arms = Arms {
        sequential: candidate.sequential(candidate.medians),
        parallel: candidate.parallel(candidate.medians, width),
        sequential_tail: candidate.tail(),
        parallel_tail: candidate.tail() + request.costs.fixed,
    };
    let draws = request.draws.min(MOST_SAMPLES / candidate.tasks.len().max(1)).max(20);
    let comparison = compare(&arms, candidate.estimates, draws, request.seed);
    let ruled =
        if candidate.tasks.len() > 1 && width > 1 && pays(&comparison, candidate.tasks.len()) {
            Verdict::Parallel
        } else {
            Verdict::Sequential
        };
    let verdict = match request.preference {
        Preference::Rule => ruled,
        Preference::Parallel | Preference::ParallelWith(_) => Verdict::Parallel,
        Preference::Sequential => Verdict::Sequential,
    };
    let schedule = simulate(match verdict {
        Verdict::Parallel => &arms.parallel,
        Verdict::Sequential => &arms.sequential,
    });
    let binding = candidate.binding(width);
    let evidence = Evidence {
        candidate,
        comparison: &comparison,
        ruled,
        verdict,
        width,
        draws,
        binding,
        flip: candidate.flip(ruled),
    };
    let decision = Decision {
        verdict,
        width: if verdict == Verdict::Parallel { width } else { 1 },
        overruled: (verdict != ruled).then_some(ruled),
        binding,
        reasons: reasons(&evidence),
        flips: flips(&evidence),
        advice: advice(&evidence),
    };
    Choice {
        decision,
        predicted: candidate.predicted(comparison, width, verdict, &arms),
        schedule,
        lower_bound_s: candidate.lower_bound(),
    }
}

/// The rule: a benefit of at least two seconds and of a tenth of the sequential time or 15 s a
/// task, very probably, and hardly ever a loss.
fn pays(comparison: &Comparison, tasks: usize) -> bool {
    let wanted = needed_benefit(comparison.sequential.p50, tasks);
    comparison.benefit >= wanted && comparison.wins >= 0.80 && comparison.losses <= 0.05
}

/// Least benefit, in seconds, that makes splitting worth it.
pub(super) fn needed_benefit(sequential: f64, tasks: usize) -> f64 {
    (0.10 * sequential).min(15.0 * tasks as f64).max(2.0)
}

impl<'a> Candidate<'a> {
    fn costs(&self) -> &'a Costs {
        &self.request.costs
    }

    /// Merging and validating, the same in both arms.
    fn tail(&self) -> f64 {
        let merges = self.tasks.iter().filter(|task| !task.read_only).count() as f64;
        let validate = if self.request.set.validations.is_empty() {
            0.0
        } else {
            self.costs().validate.unwrap_or(0.0)
        };
        merges * self.costs().merge + validate
    }

    fn sequential<'b>(&'b self, durations: &'b [f64]) -> Scenario<'b> {
        let costs = self.costs();
        let problem = self.problem;
        Scenario { problem, width: 1, durations, costs, one_lane: true, contention: false }
    }

    fn parallel<'b>(&'b self, durations: &'b [f64], width: usize) -> Scenario<'b> {
        let costs = self.costs();
        let problem = self.problem;
        Scenario { problem, width, durations, costs, one_lane: false, contention: true }
    }

    /// The smallest width within 2 % of the fastest.
    fn best_width(&self, durations: &[f64]) -> usize {
        let most = self.request.slots.min(self.tasks.len()).max(1);
        let time = |width| simulate(&self.parallel(durations, width)).makespan;
        let times: Vec<(usize, f64)> = (2..=most).map(|width| (width, time(width))).collect();
        let fastest = times.iter().map(|(_, t)| *t).fold(f64::INFINITY, f64::min);
        times.iter().find(|(_, t)| *t <= 1.02 * fastest).map_or(1, |(width, _)| *width)
    }

    /// max(critical path, work / capacity) in seconds (`research/scheduling.md` §2).
    fn lower_bound(&self) -> f64 {
        let path = self.graph.tails(self.medians).into_iter().fold(0.0, f64::max);
        let energy = self.problem.capacities.iter().enumerate().map(|(resource, capacity)| {
            let work: f64 = (0..self.tasks.len())
                .map(|job| self.problem.demand(job, resource) as f64 * self.medians[job])
                .sum();
            work / (*capacity).max(1) as f64
        });
        energy.fold(path, f64::max)
    }

    /// The constraint whose removal shortens the parallel schedule most. Played with all slots: the
    /// chosen width is only the smallest one that is as good.
    fn binding(&self, chosen: usize) -> Binding {
        let width = chosen.max(self.request.slots.min(self.tasks.len()));
        let time = |problem: &Problem, width: usize| {
            simulate(&Scenario { problem, ..self.parallel(self.medians, width) }).makespan
        };
        let now = time(self.problem, width);
        let without_resource = |wanted: &dyn Fn(&str) -> bool| {
            let mut problem = self.problem.clone();
            for (name, capacity) in problem.resources.iter().zip(&mut problem.capacities) {
                if wanted(name) {
                    *capacity = u64::MAX / 1_000_000;
                }
            }
            time(&problem, width)
        };
        let only = |pairs: Vec<(usize, usize)>| {
            let mut problem = self.problem.clone();
            for job in &mut problem.jobs {
                job.excludes.clear();
            }
            for (a, b) in pairs {
                problem.jobs[a].excludes.push(b);
                problem.jobs[b].excludes.push(a);
            }
            time(&problem, width)
        };
        let claims = || self.excluded.claims.iter().map(|c| (c.a, c.b)).collect::<Vec<_>>();
        let trials = [
            (Binding::Claims, only(self.excluded.locks.clone())),
            (Binding::Locks, only(claims())),
            (Binding::Cores, without_resource(&|name| name == "cores")),
            (Binding::Memory, without_resource(&|name| name == "memory")),
            (Binding::Capacity, without_resource(&|name| name != "cores" && name != "memory")),
            (Binding::Slots, time(self.problem, self.tasks.len())),
        ];
        let best = trials.into_iter().min_by(|(_, a), (_, b)| a.total_cmp(b));
        match best {
            Some((binding, time)) if time < 0.98 * now => binding,
            _ => {
                let path = self.graph.tails(self.medians).into_iter().fold(0.0, f64::max);
                if path >= 0.8 * now { Binding::CriticalPath } else { Binding::Overhead }
            }
        }
    }

    /// By how much all durations must be scaled for the verdict of the medians to turn: `None` when
    /// it does not within a factor of 1,000.
    fn flip(&self, ruled: Verdict) -> Option<f64> {
        if self.tasks.len() < 2 {
            return None;
        }
        let would_split = |scale: f64| {
            let durations: Vec<f64> = self.medians.iter().map(|d| d * scale).collect();
            let width = self.best_width(&durations);
            let sequential = simulate(&self.sequential(&durations));
            let parallel = simulate(&self.parallel(&durations, width));
            let landed = sequential.makespan + self.tail();
            let benefit = sequential.makespan - parallel.makespan - self.costs().fixed;
            width > 1 && benefit >= needed_benefit(landed, self.tasks.len())
        };
        let now = ruled == Verdict::Parallel;
        if would_split(1.0) != now {
            return None;
        }
        let (mut same, mut turned) = if now { (1.0, 1e-3) } else { (1.0, 1e3) };
        if would_split(turned) == now {
            return None;
        }
        let steps = if self.tasks.len() > 500 { 6 } else { 14 };
        for _ in 0..steps {
            let middle = f64::sqrt(same * turned);
            if would_split(middle) == now { same = middle } else { turned = middle }
        }
        Some(turned)
    }

    fn predicted(
        &self,
        comparison: Comparison,
        width: usize,
        verdict: Verdict,
        arms: &Arms<'_>,
    ) -> Predicted {
        let (runs, tail) = match verdict {
            Verdict::Parallel => (&comparison.parallel_runs, arms.parallel_tail),
            Verdict::Sequential => (&comparison.sequential_runs, arms.sequential_tail),
        };
        let (median_s, sd) = median_and_spread(runs);
        let run = RunPrediction { median_s, sd, interval: sorted_interval(runs) };
        let in_time = self.request.deadline.map(|limit| share_within(runs, limit - tail));
        let costs = self.costs();
        let tasks = self.tasks.len() as f64;
        let merges = self.tasks.iter().filter(|task| !task.read_only).count() as f64;
        let validate =
            if self.request.set.validations.is_empty() { Some(0.0) } else { costs.validate };
        Predicted {
            sequential: comparison.sequential,
            parallel: comparison.parallel,
            parallel_width: width,
            benefit_s: comparison.benefit,
            probability: comparison.wins,
            calibrated: false,
            run: Some(run),
            in_time,
            overhead: Overhead {
                provision: Some(tasks * costs.provision),
                carry: Some(tasks * costs.carry),
                setup: Some(tasks * costs.setup.seconds),
                commit: Some(tasks * costs.commit),
                merge: Some(merges * costs.merge),
                validate,
                conflict: None,
            },
        }
    }
}
