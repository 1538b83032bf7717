//! The scheduling problem in arrays: what the dispatcher works on, live and in simulation.

use serde::{Deserialize, Serialize};

/// One task as the dispatcher sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Jobs that must succeed before it.
    pub predecessors: Vec<usize>,
    /// Jobs that wait for it.
    pub successors: Vec<usize>,
    /// Jobs that never run at the same time (overlapping claims, shared locks).
    pub excludes: Vec<usize>,
    /// Units it takes of each resource, as (resource, units).
    pub demands: Vec<(usize, u64)>,
    /// Place in the order of urgency: 0 starts first.
    pub rank: usize,
}

/// Jobs and the capacity of each resource. Slots are not in it: the width is an argument.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Problem {
    /// By index of the plan.
    pub jobs: Vec<Job>,
    /// Units there are of each resource. A demand above it counts as the whole of it, so that such
    /// a job runs alone instead of never.
    pub capacities: Vec<u64>,
    /// What each resource is called in messages.
    pub resources: Vec<String>,
}

impl Problem {
    /// Units that `job` takes of `resource`, cut to the capacity.
    pub fn demand(&self, job: usize, resource: usize) -> u64 {
        self.jobs[job]
            .demands
            .iter()
            .filter(|(r, _)| *r == resource)
            .map(|(r, units)| (*units).min(self.capacities[*r]))
            .sum()
    }
}
