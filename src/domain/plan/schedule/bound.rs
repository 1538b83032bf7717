//! How short a schedule can be at best.

use super::instance::{Direction, Instance, LANES};

/// Beyond this many jobs only whole resources are looked at, not every part of the time.
const MOST_JOBS_IN_PARTS: usize = 1000;

/// Jobs that share something of which there is only so much at a time.
struct Shared {
    jobs: Vec<usize>,
    units: Vec<u64>,
    capacity: u64,
}

/// A makespan that no schedule undercuts: the longest path; and for whatever is shared, the work on
/// it between the earliest start and the latest end of the jobs that need it, taken over all jobs
/// that start no earlier and have no less behind them than a given pair.
pub(super) fn lower_bound(instance: &Instance) -> u64 {
    let tails = instance.tails(Direction::Forward);
    let heads = instance.tails(Direction::Backward);
    let path = tails.iter().copied().max().unwrap_or(0);
    let shared = resources(instance).chain(halves(instance)).chain(cliques(instance));
    let energy = shared.map(|shared| energy(instance, &shared, &heads, &tails)).max();
    path.max(energy.unwrap_or(0))
}

fn resources(instance: &Instance) -> impl Iterator<Item = Shared> {
    exact(instance).filter_map(|resource| {
        let capacity = capacity(instance, resource);
        let jobs: Vec<usize> =
            (0..instance.jobs()).filter(|&job| demand(instance, job, resource) > 0).collect();
        let units = jobs.iter().map(|&job| demand(instance, job, resource)).collect();
        (!jobs.is_empty()).then_some(Shared { jobs, units, capacity })
    })
}

/// Where amounts were rounded to the safe side, a schedule may be shorter than they say.
fn exact(instance: &Instance) -> impl Iterator<Item = usize> {
    (0..instance.exact.len()).filter(|&resource| instance.exact[resource])
}

/// No two jobs that take more than half of something overlap.
fn halves(instance: &Instance) -> impl Iterator<Item = Shared> {
    exact(instance).filter_map(|resource| {
        let capacity = capacity(instance, resource);
        let jobs: Vec<usize> = (0..instance.jobs())
            .filter(|&job| 2 * demand(instance, job, resource) > capacity)
            .collect();
        alone(jobs)
    })
}

/// Groups in which each job excludes every other, each job in at most one of them.
fn cliques(instance: &Instance) -> impl Iterator<Item = Shared> {
    let mut taken = vec![false; instance.jobs()];
    (0..instance.jobs()).filter_map(move |job| {
        if taken[job] {
            return None;
        }
        let mut clique = vec![job];
        for &other in instance.excludes(job).iter().filter(|&&other| !taken[other as usize]) {
            let others = instance.excludes(other as usize);
            if clique.iter().all(|&member| others.binary_search(&(member as u32)).is_ok()) {
                clique.push(other as usize);
            }
        }
        clique.iter().for_each(|&member| taken[member] = true);
        alone(clique)
    })
}

fn alone(jobs: Vec<usize>) -> Option<Shared> {
    (jobs.len() > 1).then(|| Shared { units: vec![1; jobs.len()], jobs, capacity: 1 })
}

fn energy(instance: &Instance, shared: &Shared, heads: &[u64], tails: &[u64]) -> u64 {
    let mut jobs: Vec<(u64, u64, u128)> = shared
        .jobs
        .iter()
        .zip(&shared.units)
        .filter(|(job, _)| instance.durations[**job] > 0)
        .map(|(&job, &units)| {
            let duration = instance.durations[job];
            let work = u128::from(units) * u128::from(duration);
            (heads[job] - duration, tails[job] - duration, work)
        })
        .collect();
    // Of the jobs with the longest remainders, one more each time.
    jobs.sort_unstable_by_key(|(_, after, _)| std::cmp::Reverse(*after));
    let mut starts: Vec<u64> = jobs.iter().map(|(before, ..)| *before).collect();
    starts.sort_unstable();
    starts.dedup();
    if jobs.len() > MOST_JOBS_IN_PARTS {
        starts.truncate(1);
    }
    let mut best = 0;
    for start in starts {
        let mut work = 0;
        for &(_, after, own) in jobs.iter().filter(|(before, ..)| *before >= start) {
            work += own;
            let least = work.div_ceil(u128::from(shared.capacity));
            best = best.max(u128::from(start) + least + u128::from(after));
        }
    }
    u64::try_from(best).unwrap_or(u64::MAX)
}

fn capacity(instance: &Instance, resource: usize) -> u64 {
    instance.capacities[resource / LANES][resource % LANES].unsigned_abs().into()
}

fn demand(instance: &Instance, job: usize, resource: usize) -> u64 {
    instance.demand(job)[resource / LANES][resource % LANES].unsigned_abs().into()
}
