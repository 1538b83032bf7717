//! Jobs that could start, in one queue for each kind of job: whether there is room is asked once for
//! all jobs that take the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::plan::problem::Problem;

/// A job and its place in the order of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) rank: usize,
    pub(super) job: usize,
}

/// What the jobs of a problem take, and those of them that are ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReadyJobs {
    /// Jobs of one kind take the same units and belong to the same cliques.
    kinds: Vec<usize>,
    /// Units by kind and resource, at most the capacity.
    units: Vec<u64>,
    cliques: Vec<Vec<usize>>,
    resources: usize,
    /// By kind and rank, the most urgent last.
    queues: Vec<Vec<Ready>>,
    /// Kinds with ready jobs, by their most urgent one, which comes last.
    open: Vec<Open>,
}

/// A kind and the rank of the most urgent of its ready jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) rank: usize,
    pub(super) kind: usize,
}

impl ReadyJobs {
    /// None is ready.
    pub(super) fn new(problem: &Problem) -> Self {
        let resources = problem.capacities.len();
        let mut kinds = Vec::with_capacity(problem.jobs.len());
        let (mut units, mut cliques) = (Vec::new(), Vec::new());
        let mut known: BTreeMap<(Vec<u64>, &[usize]), usize> = BTreeMap::new();
        for (index, job) in problem.jobs.iter().enumerate() {
            let takes: Vec<u64> = (0..resources).map(|of| problem.demand(index, of)).collect();
            let kind = *known.entry((takes, &job.cliques)).or_insert_with_key(|(takes, _)| {
                units.extend_from_slice(takes);
                cliques.push(job.cliques.clone());
                cliques.len() - 1
            });
            kinds.push(kind);
        }
        let queues = vec![Vec::new(); cliques.len()];
        Self { kinds, units, cliques, resources, queues, open: Vec::new() }
    }

    /// What every job takes at least of each resource.
    pub(super) fn least(&self) -> Vec<u64> {
        let of = |resource| {
            let units = self.units.iter().skip(resource).step_by(self.resources);
            units.copied().min().unwrap_or(0)
        };
        (0..self.resources).map(of).collect()
    }

    pub(super) fn kind(&self, job: usize) -> usize {
        self.kinds[job]
    }

    /// Units that a job of the kind takes, by resource.
    pub(super) fn units(&self, kind: usize) -> &[u64] {
        &self.units[kind * self.resources..(kind + 1) * self.resources]
    }

    pub(super) fn cliques(&self, kind: usize) -> &[usize] {
        &self.cliques[kind]
    }

    /// Kinds of which some job is ready, that of the most urgent first.
    pub(super) fn open(&self) -> impl Iterator<Item = Open> {
        self.open.iter().rev().copied()
    }

    /// Those of them whose most urgent job comes after a rank.
    pub(super) fn open_after(&self, rank: usize) -> impl Iterator<Item = Open> {
        let until = self.open.partition_point(|open| open.rank > rank);
        self.open[..until].iter().rev().copied()
    }

    /// Ready jobs of a kind, the most urgent first.
    pub(super) fn of(&self, kind: usize) -> impl Iterator<Item = Ready> {
        self.queues[kind].iter().rev().copied()
    }

    pub(super) fn clear(&mut self) {
        for open in self.open.drain(..) {
            self.queues[open.kind].clear();
        }
    }

    /// Adds many at once.
    pub(super) fn extend(&mut self, jobs: impl Iterator<Item = Ready>) {
        for ready in jobs {
            let Ready { rank, job } = ready;
            let kind = self.kinds[job];
            if self.queues[kind].is_empty() {
                self.open.push(Open { rank, kind });
            }
            self.queues[kind].push(ready);
        }
        self.sort();
    }

    pub(super) fn insert(&mut self, ready: Ready) {
        let kind = self.kinds[ready.job];
        let queue = &mut self.queues[kind];
        let before = queue.last().copied();
        let at = queue.partition_point(|other| other.rank > ready.rank);
        queue.insert(at, ready);
        self.reopen(kind, before);
    }

    pub(super) fn remove(&mut self, ready: Ready) {
        let kind = self.kinds[ready.job];
        let queue = &mut self.queues[kind];
        let before = queue.last().copied();
        let at = queue.partition_point(|other| other.rank > ready.rank);
        if queue.get(at).is_some_and(|other| other.job == ready.job) {
            queue.remove(at);
            self.reopen(kind, before);
        }
    }

    /// Other ranks, by job.
    pub(super) fn rerank(&mut self, ranks: &[usize]) {
        for open in &self.open {
            self.queues[open.kind].iter_mut().for_each(|ready| ready.rank = ranks[ready.job]);
        }
        self.sort();
    }

    /// Puts a kind where it belongs whose most urgent job was `before`.
    fn reopen(&mut self, kind: usize, before: Option<Ready>) {
        let first = self.queues[kind].last().copied();
        if first == before {
            return;
        }
        if let Some(before) = before {
            let from = self.open.partition_point(|open| open.rank > before.rank);
            if let Some(at) = self.open[from..].iter().position(|open| open.kind == kind) {
                self.open.remove(from + at);
            }
        }
        if let Some(Ready { rank, .. }) = first {
            let at = self.open.partition_point(|open| open.rank > rank);
            self.open.insert(at, Open { rank, kind });
        }
    }

    fn sort(&mut self) {
        for open in &mut self.open {
            let queue = &mut self.queues[open.kind];
            queue.sort_unstable_by_key(|ready| Reverse(ready.rank));
            open.rank = queue.last().map_or(usize::MAX, |first| first.rank);
        }
        self.open.sort_unstable_by_key(|open| Reverse(open.rank));
    }
}
