//! The scheduling problem in arrays: what the dispatcher works on, live and in simulation.

use serde::{Deserialize, Serialize};

use super::graph::Graph;

/// One task as the dispatcher sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Jobs that must succeed before it.
    pub predecessors: Vec<usize>,
    /// Jobs that wait for it.
    pub successors: Vec<usize>,
    /// Jobs that never run at the same time (overlapping claims).
    pub excludes: Vec<usize>,
    /// Cliques it belongs to, by number: no two jobs of one run at the same time (shared locks).
    /// Says what `excludes` could say, too, for a great many jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cliques: Vec<usize>,
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
    /// Whether two jobs never run at the same time.
    pub fn keeps_apart(&self, a: usize, b: usize) -> bool {
        let (one, other) = (&self.jobs[a], &self.jobs[b]);
        let shares = one.cliques.iter().any(|clique| other.cliques.contains(clique));
        a != b && (shares || one.excludes.contains(&b) || other.excludes.contains(&a))
    }

    /// Jobs that never run at the same time as `job`, in ascending order.
    pub fn rivals(&self, job: usize) -> Vec<usize> {
        let own = &self.jobs[job];
        let mut rivals = own.excludes.clone();
        if !own.cliques.is_empty() {
            let shares = |other: &Job| own.cliques.iter().any(|of| other.cliques.contains(of));
            let others = self.jobs.iter().enumerate().filter(|(_, other)| shares(other));
            rivals.extend(others.map(|(other, _)| other).filter(|&other| other != job));
        }
        rivals.sort_unstable();
        rivals.dedup();
        rivals
    }

    /// The jobs of each clique, by its number.
    pub(super) fn cliques(&self) -> Vec<Vec<usize>> {
        let mut cliques = Vec::new();
        for (index, job) in self.jobs.iter().enumerate() {
            for &clique in &job.cliques {
                if cliques.len() <= clique {
                    cliques.resize(clique + 1, Vec::new());
                }
                cliques[clique].push(index);
            }
        }
        cliques
    }

    /// Units that `job` takes of `resource`, cut to the capacity.
    pub fn demand(&self, job: usize, resource: usize) -> u64 {
        self.jobs[job]
            .demands
            .iter()
            .filter(|(r, _)| *r == resource)
            .map(|(r, units)| (*units).min(self.capacities[*r]))
            .sum()
    }

    /// Whether its parts fit together, as those of every problem that a plan was made of do: what was
    /// stored may be damaged.
    pub fn is_sound(&self) -> bool {
        let count = self.jobs.len();
        let known = |indices: &[usize]| indices.iter().all(|&index| index < count);
        // There is no more of cliques than of jobs.
        let parts: [fn(&Job) -> &[usize]; 4] = [
            |job| &job.predecessors,
            |job| &job.successors,
            |job| &job.excludes,
            |job| &job.cliques,
        ];
        let mut ranks: Vec<usize> = self.jobs.iter().map(|job| job.rank).collect();
        ranks.sort_unstable();
        parts
            .into_iter()
            .all(|part| self.jobs.iter().all(|job| known(part(job)) && differ(part(job))))
            && self.jobs.iter().all(|job| {
                let resources: Vec<usize> = job.demands.iter().map(|(of, _)| *of).collect();
                differ(&resources) && resources.iter().all(|&of| of < self.capacities.len())
            })
            && ranks.into_iter().eq(0..count)
            && self.is_acyclic()
    }

    fn is_acyclic(&self) -> bool {
        let edges = |(then, job): (usize, &Job)| {
            job.predecessors.iter().map(move |&first| (first, then)).collect::<Vec<_>>()
        };
        let Ok(graph) = Graph::new(self.jobs.len(), self.jobs.iter().enumerate().flat_map(edges))
        else {
            return false;
        };
        graph.successors.iter().zip(&self.jobs).all(|(successors, job)| {
            let mut stored = job.successors.clone();
            stored.sort_unstable();
            stored == *successors
        })
    }
}

/// Whether none is there twice.
fn differ(indices: &[usize]) -> bool {
    let mut sorted = indices.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}
