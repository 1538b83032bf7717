//! What no schedule can beat.

use std::collections::BTreeMap;

use super::Candidate;

impl Candidate<'_> {
    /// max(critical path, work / capacity), seconds, for every countable thing, the slots, and each
    /// lock, which is one unit of something (`research/scheduling.md` §2). Tasks count as in a warm
    /// worktree, so that it holds for one lane, too. More edges never lower it.
    pub(in crate::domain::plan) fn lower_bound(&self) -> f64 {
        let least: Vec<f64> = self
            .durations
            .estimates
            .iter()
            .map(|estimate| (estimate.p50 - estimate.warm_s.max(0.0)).max(0.0))
            .collect();
        let path = self.graph.tails(&least).into_iter().fold(0.0, f64::max);
        let slots = least.iter().sum::<f64>() / self.slots() as f64;
        let mut bound = f64::max(path, slots);
        for (resource, capacity) in self.problem.capacities.iter().enumerate() {
            let work: f64 = least
                .iter()
                .enumerate()
                .map(|(job, seconds)| self.problem.demand(job, resource) as f64 * seconds)
                .sum();
            bound = bound.max(work / (*capacity).max(1) as f64);
        }
        self.lock_seconds(&least).into_values().fold(bound, f64::max)
    }

    /// How long each lock is held in all.
    pub(super) fn lock_seconds(&self, durations: &[f64]) -> BTreeMap<&str, f64> {
        let mut held: BTreeMap<&str, f64> = BTreeMap::new();
        for (task, seconds) in self.tasks.iter().zip(durations) {
            let mut locks: Vec<&str> = task.locks.iter().map(String::as_str).collect();
            locks.sort_unstable();
            locks.dedup();
            for lock in locks {
                *held.entry(lock).or_default() += seconds;
            }
        }
        held
    }
}
