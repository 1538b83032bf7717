//! What single changes to the tasks would save.

use super::Candidate;
use crate::domain::plan::plan_type::Verdict;
use crate::domain::plan::problem::{Job, Problem};
use crate::domain::plan::simulate::{Scenario, Simulator};

/// A change is worth telling from this many seconds and this share of the schedule on.
const LEAST_S: f64 = 2.0;
const LEAST_SHARE: f64 = 0.02;

/// Above this many tasks, nothing is tried.
const MOST_TASKS: usize = 300;

/// Changes of one kind that are tried.
const TRIALS: usize = 12;

/// Gains that are told.
const TOLD: usize = 2;

/// One change and what it saves at medians, up to the last merge.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::domain::plan) struct Gain {
    pub(in crate::domain::plan) change: Change,
    pub(in crate::domain::plan) saved_s: f64,
}

/// A change to the tasks; tasks by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::plan) enum Change {
    /// The second no longer waits for the first.
    WithoutEdge(usize, usize),
    /// Nobody holds the lock.
    WithoutLock(String),
    /// The two own nothing in common.
    WithoutClaim(usize, usize),
    /// The task becomes two of half its length that may run side by side.
    Split(usize),
}

impl Candidate<'_> {
    /// The changes that save most on this many slots, best first.
    pub(super) fn gains(&self, verdict: Verdict, width: usize) -> Vec<Gain> {
        let tasks = self.tasks.len();
        if !(2..=MOST_TASKS).contains(&tasks) || self.slots() < 2 {
            return Vec::new();
        }
        let width = width.max(self.slots().min(tasks));
        let whole = self.end(self.problem, self.medians, width);
        // A change is of use to who runs one lane only when splitting then pays.
        let now = match verdict {
            Verdict::Parallel => whole,
            Verdict::Sequential => whole
                .min(self.lane_landed(self.medians) - self.validation() - self.request.costs.fixed),
        };
        let least = LEAST_S.max(LEAST_SHARE * now);
        let mut gains: Vec<Gain> = self
            .changes()
            .into_iter()
            .map(|change| {
                let (problem, durations) = self.changed(&change);
                Gain { saved_s: now - self.end(&problem, &durations, width), change }
            })
            .filter(|gain| gain.saved_s >= least)
            .collect();
        gains.sort_by(|a, b| b.saved_s.total_cmp(&a.saved_s));
        gains.truncate(TOLD);
        gains
    }

    fn end(&self, problem: &Problem, durations: &[f64], width: usize) -> f64 {
        let scenario = Scenario { problem, ..self.parallel(durations, width) };
        Simulator::new(problem).play(&scenario).makespan
    }

    fn changes(&self) -> Vec<Change> {
        let path = self.graph.critical_path(self.medians);
        let mut changes = Vec::new();
        for edge in path.windows(2).take(TRIALS) {
            // A gate waits for all of its phase, whatever the file says.
            if let &[first, then] = edge
                && !self.tasks[first].work.is_gate()
                && !self.tasks[then].work.is_gate()
            {
                changes.push(Change::WithoutEdge(first, then));
            }
        }
        let mut locks: Vec<(&str, f64)> = self.lock_seconds(self.medians).into_iter().collect();
        locks.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        changes.extend(
            locks.iter().take(TRIALS).map(|(lock, _)| Change::WithoutLock((*lock).to_owned())),
        );
        let seconds = |&(a, b): &(usize, usize)| self.medians[a] + self.medians[b];
        let mut claims: Vec<(usize, usize)> =
            self.excluded.claims.iter().map(|claim| (claim.a, claim.b)).collect();
        claims.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)));
        changes.extend(claims.iter().take(TRIALS).map(|&(a, b)| Change::WithoutClaim(a, b)));
        let longest = path
            .iter()
            .filter(|&&task| !self.tasks[task].work.is_gate())
            .max_by(|&&a, &&b| self.medians[a].total_cmp(&self.medians[b]).then(b.cmp(&a)));
        changes.extend(longest.map(|&task| Change::Split(task)));
        changes
    }

    fn changed(&self, change: &Change) -> (Problem, Vec<f64>) {
        let medians = self.medians.to_vec();
        match change {
            Change::WithoutEdge(first, then) => {
                let mut problem = self.problem.clone();
                problem.jobs[*first].successors.retain(|next| next != then);
                problem.jobs[*then].predecessors.retain(|before| before != first);
                (problem, medians)
            }
            Change::WithoutLock(lock) => (self.with_locks(|held| held != lock), medians),
            Change::WithoutClaim(a, b) => (self.with_claims(|pair| pair != (*a, *b)), medians),
            Change::Split(task) => self.split(*task, medians),
        }
    }

    fn split(&self, task: usize, mut medians: Vec<f64>) -> (Problem, Vec<f64>) {
        let mut problem = self.problem.clone();
        let half = problem.jobs.len();
        // Not in the cliques of its other half, beside which it may run.
        let (excludes, cliques) = (problem.rivals(task), Vec::new());
        let twin = Job { rank: half, excludes, cliques, ..problem.jobs[task].clone() };
        for &next in &twin.successors {
            problem.jobs[next].predecessors.push(half);
        }
        for &before in &twin.predecessors {
            problem.jobs[before].successors.push(half);
        }
        for &other in &twin.excludes {
            problem.jobs[other].excludes.push(half);
        }
        // Right behind its other half.
        for job in &mut problem.jobs {
            job.rank *= 2;
        }
        let rank = problem.jobs[task].rank + 1;
        problem.jobs.push(Job { rank, ..twin });
        medians[task] /= 2.0;
        medians.push(medians[task]);
        (problem, medians)
    }
}
