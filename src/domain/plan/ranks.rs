//! In which order tasks that could start do start.

use super::effort::Effort;
use super::graph::Graph;
use super::problem::Problem;
use super::schedule::{Circle, Instance, InstanceJob, search};
use crate::domain::task::{Priority, Task};

/// Units of time in a second of the search.
const UNITS_PER_SECOND: f64 = 1000.0;
/// Of a clique with more jobs than this, the search does not look at each pair.
const LARGEST_IN_PAIRS: usize = 250;
/// No job takes longer in the search, seconds: some thirty years, so that sums stay in range.
const LONGEST_S: f64 = 1e9;

/// What decides between jobs of which either could start.
#[derive(Debug, Clone, Copy)]
pub struct Ranking<'a> {
    /// Dependencies.
    pub graph: &'a Graph,
    /// Seconds each job takes, with all it holds its slot for.
    pub durations: &'a [f64],
    /// Whatever else is said, a job of a higher priority comes first ([`urgencies`]).
    pub priorities: &'a [Priority],
    /// Decide between jobs that nothing else sets apart, so that the order of a file does not matter.
    pub names: &'a [&'a str],
}

/// How hard to look for a better ranking.
#[derive(Debug, Clone, Copy)]
pub struct RankSearch<'a> {
    /// Slots.
    pub width: usize,
    /// Bound of the search.
    pub effort: Effort<'a>,
    /// Seed of its chances.
    pub seed: u64,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// For each job its place in the order of starting, 0 first.
    pub ranks: Vec<usize>,
    /// When everything is over in the schedule behind it, seconds, costs beside the jobs left out.
    pub makespan_s: f64,
    /// No schedule ends earlier, seconds.
    pub lower_bound_s: f64,
    /// Schedules that were made.
    pub made: usize,
}

impl Ranking<'_> {
    /// The usual guess, without any search: what has the longest path behind it comes first.
    pub fn by_path(&self) -> Vec<usize> {
        self.ranked(&vec![0.0; self.durations.len()])
    }

    /// As in the shortest schedule that a search finds: what starts first there comes first. A run
    /// that follows these ranks starts some jobs earlier than that schedule does, which may be for
    /// better or worse: see [`take_best_ranks`].
    ///
    /// # Errors
    /// [`Circle`] when jobs of the problem depend on one another in one.
    pub fn by_search(&self, problem: &Problem, how: &RankSearch<'_>) -> Result<Ranked, Circle> {
        let instance = self.instance(problem, how.width)?;
        let found = search(&instance, &how.effort, how.seed);
        let seconds = |units: u64| units as f64 / UNITS_PER_SECOND;
        let starts: Vec<f64> = found.starts.iter().copied().map(seconds).collect();
        Ok(Ranked {
            ranks: self.ranked(&starts),
            makespan_s: seconds(found.makespan),
            lower_bound_s: seconds(found.lower_bound),
            made: found.made,
        })
    }

    fn ranked(&self, starts: &[f64]) -> Vec<usize> {
        let tails = self.graph.tails(self.durations);
        let mut order: Vec<usize> = (0..starts.len()).collect();
        order.sort_by(|&a, &b| {
            self.priorities[b]
                .cmp(&self.priorities[a])
                .then(starts[a].total_cmp(&starts[b]))
                .then(tails[b].total_cmp(&tails[a]))
                .then(self.names[a].cmp(self.names[b]))
        });
        places(&order)
    }

    /// Slots are one more resource, of which every job takes one.
    fn instance(&self, problem: &Problem, width: usize) -> Result<Instance, Circle> {
        let mut by_name: Vec<usize> = (0..problem.jobs.len()).collect();
        by_name.sort_by_key(|&job| self.names[job]);
        let keys = places(&by_name);
        let slots = problem.capacities.len();
        let Pairs { mut excludes, large } = Pairs::of(problem);
        let mut jobs: Vec<InstanceJob> = problem
            .jobs
            .iter()
            .enumerate()
            .map(|(at, job)| {
                let mut demands = job.demands.clone();
                demands.push((slots, 1));
                let seconds = self.durations[at].clamp(0.0, LONGEST_S);
                InstanceJob {
                    // Up, so that nothing seems shorter than it can be. Not a number becomes 0.
                    duration: (seconds * UNITS_PER_SECOND).ceil() as u64,
                    predecessors: job.predecessors.clone(),
                    excludes: std::mem::take(&mut excludes[at]),
                    demands,
                    key: keys[at],
                }
            })
            .collect();
        let mut capacities = problem.capacities.clone();
        capacities.push(width.max(1) as u64);
        for clique in large {
            for job in clique {
                jobs[job].demands.push((capacities.len(), 1));
            }
            capacities.push(1);
        }
        Instance::new(&jobs, &capacities)
    }
}

/// What never overlaps in the search.
struct Pairs {
    /// By job.
    excludes: Vec<Vec<usize>>,
    /// Cliques of so many jobs that each is better one thing that they share.
    large: Vec<Vec<usize>>,
}

impl Pairs {
    fn of(problem: &Problem) -> Self {
        let mut excludes: Vec<Vec<usize>> =
            problem.jobs.iter().map(|job| job.excludes.clone()).collect();
        let (large, small): (Vec<_>, Vec<_>) =
            problem.cliques().into_iter().partition(|clique| clique.len() > LARGEST_IN_PAIRS);
        for clique in small {
            for &job in &clique {
                excludes[job].extend(clique.iter().copied().filter(|&other| other != job));
            }
        }
        Self { excludes, large }
    }
}

/// The priority each task has, or the highest of what waits for it without a gate between.
pub fn urgencies(tasks: &[Task], graph: &Graph) -> Vec<Priority> {
    let mut priorities: Vec<Priority> = tasks.iter().map(|task| task.priority).collect();
    for &task in graph.order.iter().rev() {
        let behind = graph.successors[task].iter().filter(|&&next| !tasks[next].work.is_gate());
        if let Some(most) = behind.map(|&next| priorities[next]).max() {
            priorities[task] = priorities[task].max(most);
        }
    }
    priorities
}

/// Place of each task in the order of urgency: its priority ([`urgencies`]), then how urgent it is
/// otherwise; of equals the earlier one comes first.
pub(super) fn ranks_by(tasks: &[Task], graph: &Graph, urgency: &[f64]) -> Vec<usize> {
    let priorities = urgencies(tasks, graph);
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    order.sort_by(|&a, &b| {
        priorities[b].cmp(&priorities[a]).then(urgency[b].total_cmp(&urgency[a]))
    });
    places(&order)
}

/// What hangs behind each task, or what must run one after another with it, whichever takes longer:
/// tasks that exclude one another form a queue that should not start late. Who shares several things
/// with a task counts for each of them.
pub(super) fn contested_tails(graph: &Graph, medians: &[f64], problem: &Problem) -> Vec<f64> {
    let held: Vec<f64> = problem
        .cliques()
        .iter()
        .map(|clique| clique.iter().map(|&holder| medians[holder]).sum())
        .collect();
    let mut tails = vec![0.0; medians.len()];
    for &task in graph.order.iter().rev() {
        let behind = graph.successors[task].iter().map(|&next| tails[next]).fold(0.0, f64::max);
        let job = &problem.jobs[task];
        let claimed = job.excludes.iter().map(|&other| medians[other]).sum::<f64>();
        let locked = job.cliques.iter().map(|&clique| held[clique] - medians[task]).sum::<f64>();
        let queue = claimed + locked;
        tails[task] = medians[task] + behind.max(queue);
    }
    tails
}

/// Gives the jobs those ranks of several under which `ends` is least; of equals the first.
pub fn take_best_ranks(
    problem: &mut Problem,
    rankings: impl IntoIterator<Item = Vec<usize>>,
    ends: impl Fn(&Problem) -> f64,
) {
    let mut best: Option<(f64, Vec<usize>)> = None;
    for ranks in rankings {
        take_ranks(problem, &ranks);
        let end = ends(problem);
        if best.as_ref().is_none_or(|(least, _)| end < *least) {
            best = Some((end, ranks));
        }
    }
    if let Some((_, ranks)) = best {
        take_ranks(problem, &ranks);
    }
}

fn take_ranks(problem: &mut Problem, ranks: &[usize]) {
    for (job, &rank) in problem.jobs.iter_mut().zip(ranks) {
        job.rank = rank;
    }
}

/// The inverse of an order.
fn places(order: &[usize]) -> Vec<usize> {
    let mut places = vec![0; order.len()];
    for (place, &job) in order.iter().enumerate() {
        places[job] = place;
    }
    places
}

#[cfg(test)]
mod tests;
