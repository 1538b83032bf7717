//! The scheduling problem in flat arrays, jobs numbered in topological order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Resources that are compared at once.
pub(super) const LANES: usize = 4;

/// Units of four resources.
pub(super) type Units = [i32; LANES];

/// One job as the caller knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceJob {
    /// How long it takes, in any whole unit of time.
    pub duration: u64,
    /// Jobs that must be over before it starts.
    pub predecessors: Vec<usize>,
    /// Jobs that it never overlaps, in either direction.
    pub excludes: Vec<usize>,
    /// Units it takes of each resource, as (resource, units). More than there are counts as all.
    pub demands: Vec<(usize, u64)>,
    /// Orders jobs between which nothing else decides, so that the order in which they are given
    /// does not matter. Different for every job.
    pub key: usize,
}

/// Jobs that depend on one another in a circle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("jobs depend on one another in a circle")]
pub struct Circle {
    /// Those on it or behind it.
    pub jobs: Vec<usize>,
}

/// For each job a list of jobs, one behind the other.
#[derive(Debug, Clone)]
pub(super) struct Lists {
    ends: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn new(lists: Vec<Vec<u32>>) -> Self {
        let mut all = Self { ends: vec![0], items: Vec::new() };
        for mut list in lists {
            list.sort_unstable();
            list.dedup();
            all.items.extend(list);
            all.ends.push(all.items.len() as u32);
        }
        all
    }

    pub(super) fn of(&self, job: usize) -> &[u32] {
        &self.items[self.ends[job] as usize..self.ends[job + 1] as usize]
    }
}

/// Which way time runs: schedules are made from the start and from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

impl Direction {
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Forward => Self::Backward,
            Self::Backward => Self::Forward,
        }
    }
}

/// Jobs, capacities and exclusions, checked.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Index of the caller by place in the topological order.
    given: Vec<u32>,
    pub(super) durations: Vec<u64>,
    predecessors: Lists,
    successors: Lists,
    excludes: Lists,
    /// Whether any job excludes another.
    pub(super) exclusive: bool,
    /// For each resource whether its units stand for the amounts without any rounding.
    pub(super) exact: Vec<bool>,
    /// Blocks of [`LANES`] resources per job.
    pub(super) blocks: usize,
    demands: Vec<Units>,
    pub(super) capacities: Vec<Units>,
}

impl Instance {
    /// Numbers the jobs.
    ///
    /// # Errors
    /// [`Circle`].
    pub fn new(jobs: &[InstanceJob], capacities: &[u64]) -> Result<Self, Circle> {
        let given = topological_order(jobs)?;
        let n = jobs.len();
        let mut place = vec![0_u32; n];
        for (at, &job) in given.iter().enumerate() {
            place[job as usize] = at as u32;
        }
        let mut predecessors = vec![Vec::new(); n];
        let mut successors = vec![Vec::new(); n];
        let mut excludes = vec![Vec::new(); n];
        for (job, at) in jobs.iter().zip(&place) {
            for &first in &job.predecessors {
                predecessors[*at as usize].push(place[first]);
                successors[place[first] as usize].push(*at);
            }
            for &other in job.excludes.iter().filter(|&&other| place[other] != *at) {
                excludes[*at as usize].push(place[other]);
                excludes[place[other] as usize].push(*at);
            }
        }
        let exclusive = excludes.iter().any(|list| !list.is_empty());
        let blocks = capacities.len().div_ceil(LANES).max(1);
        let scales: Vec<Scale> = (0..capacities.len())
            .map(|resource| Scale::of(jobs, resource, capacities[resource]))
            .collect();
        let mut limits = vec![[0; LANES]; blocks];
        for (resource, scale) in scales.iter().enumerate() {
            limits[resource / LANES][resource % LANES] = scale.limit();
        }
        let mut demands = vec![[0; LANES]; blocks * n];
        for (at, &job) in given.iter().enumerate() {
            for (resource, scale) in scales.iter().enumerate() {
                demands[at * blocks + resource / LANES][resource % LANES] =
                    scale.units(demand(&jobs[job as usize], resource));
            }
        }
        Ok(Self {
            durations: given.iter().map(|&job| jobs[job as usize].duration).collect(),
            given,
            predecessors: Lists::new(predecessors),
            successors: Lists::new(successors),
            excludes: Lists::new(excludes),
            exclusive,
            blocks,
            exact: scales.iter().map(|scale| scale.exact).collect(),
            demands,
            capacities: limits,
        })
    }

    /// Number of jobs.
    pub fn jobs(&self) -> usize {
        self.durations.len()
    }

    pub(super) fn before(&self, direction: Direction, job: usize) -> &[u32] {
        match direction {
            Direction::Forward => self.predecessors.of(job),
            Direction::Backward => self.successors.of(job),
        }
    }

    pub(super) fn after(&self, direction: Direction, job: usize) -> &[u32] {
        self.before(direction.turned(), job)
    }

    pub(super) fn excludes(&self, job: usize) -> &[u32] {
        self.excludes.of(job)
    }

    pub(super) fn demand(&self, job: usize) -> &[Units] {
        &self.demands[job * self.blocks..(job + 1) * self.blocks]
    }

    /// Values by place in the topological order, put into the order of the caller.
    pub(super) fn as_given(&self, values: &[u64]) -> Vec<u64> {
        let mut result = vec![0; values.len()];
        for (&job, &value) in self.given.iter().zip(values) {
            result[job as usize] = value;
        }
        result
    }

    /// For each job, the longest time from its start to the end in this direction, itself included.
    pub(super) fn tails(&self, direction: Direction) -> Vec<u64> {
        let n = self.jobs();
        let mut tails = vec![0_u64; n];
        let mut visit = |job: usize| {
            let after = self.after(direction, job).iter().map(|&next| tails[next as usize]).max();
            tails[job] = self.durations[job].saturating_add(after.unwrap_or(0));
        };
        match direction {
            Direction::Forward => (0..n).rev().for_each(&mut visit),
            Direction::Backward => (0..n).for_each(&mut visit),
        }
        tails
    }
}

/// Amounts of one resource as numbers small enough to be compared four at once.
struct Scale {
    /// What is one unit.
    unit: u64,
    capacity: u64,
    exact: bool,
}

impl Scale {
    /// The greatest common divisor of what jobs take loses nothing: what they take together is a
    /// multiple of it, too. Larger units round to the safe side, demands up and the capacity down.
    fn of(jobs: &[InstanceJob], resource: usize, capacity: u64) -> Self {
        let demands = jobs.iter().map(|job| demand(job, resource));
        let divisor = demands.filter(|&units| units <= capacity).fold(0, greatest_common_divisor);
        let divisor = divisor.max(1);
        let rounding = (capacity / divisor).div_ceil(i32::MAX as u64).max(1);
        Self { unit: divisor.saturating_mul(rounding), capacity, exact: rounding == 1 }
    }

    fn limit(&self) -> i32 {
        i32::try_from(self.capacity / self.unit)
            .unwrap_or(i32::MAX)
            .max(i32::from(self.capacity > 0))
    }

    fn units(&self, amount: u64) -> i32 {
        i32::try_from(amount.div_ceil(self.unit)).unwrap_or(i32::MAX).min(self.limit())
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn demand(job: &InstanceJob, resource: usize) -> u64 {
    let demands = job.demands.iter().filter(|(of, _)| *of == resource);
    demands.fold(0, |sum, (_, units)| sum.saturating_add(*units))
}

fn topological_order(jobs: &[InstanceJob]) -> Result<Vec<u32>, Circle> {
    let mut successors = vec![Vec::new(); jobs.len()];
    for (then, job) in jobs.iter().enumerate() {
        for &first in &job.predecessors {
            successors[first].push(then);
        }
    }
    let mut missing: Vec<usize> = jobs.iter().map(|job| job.predecessors.len()).collect();
    let mut free: BinaryHeap<Reverse<(usize, usize)>> = (0..jobs.len())
        .filter(|&job| missing[job] == 0)
        .map(|job| Reverse((jobs[job].key, job)))
        .collect();
    let mut order = Vec::with_capacity(jobs.len());
    while let Some(Reverse((_, job))) = free.pop() {
        order.push(job as u32);
        for &next in &successors[job] {
            missing[next] -= 1;
            if missing[next] == 0 {
                free.push(Reverse((jobs[next].key, next)));
            }
        }
    }
    if order.len() == jobs.len() {
        Ok(order)
    } else {
        Err(Circle { jobs: (0..jobs.len()).filter(|&job| missing[job] > 0).collect() })
    }
}
