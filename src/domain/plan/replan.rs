//! Another order for what has not started yet, from what a run showed so far.

use super::dispatcher::Dispatcher;
use super::effort::Effort;
use super::graph::Graph;
use super::plan_type::Plan;
use super::problem::{Job, Problem};
use super::ranks::{RankSearch, Ranking, urgencies};
use crate::domain::task::{Priority, Task};

/// Where one job of a running plan stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum JobProgress {
    /// It has not started.
    Waiting,
    /// It runs, for so many seconds so far.
    Running(f64),
    /// It needs no slot any more.
    Over,
}

/// Where all of them stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// By job.
    pub jobs: Vec<JobProgress>,
    /// Seconds that tasks took by themselves, with the median that the plan has for them.
    pub observed: Vec<(f64, f64)>,
    /// The work of no two tasks meets, so that the order of the file decides where nothing else does.
    pub apart: bool,
}

/// Tasks whose length says as much of the next ones as the plan did.
const TRUST: f64 = 2.0;

/// Less than this is no reason for another order, seconds: the search counts in thousandths.
const LEAST_GAIN_S: f64 = 1e-3;

impl Progress {
    /// How much longer than planned the tasks of this run take, as far as that is known: the mean
    /// of the logarithms, shrunk to nothing while few tasks are over.
    fn pace(&self) -> f64 {
        let logs = self.observed.iter().map(|(took, planned)| (took.max(1e-3) / planned).ln());
        let known: Vec<f64> = logs.filter(|log| log.is_finite()).collect();
        (known.iter().sum::<f64>() / (known.len() as f64 + TRUST)).exp()
    }

    /// Seconds that each job will still take.
    fn remaining(&self, plan: &Plan) -> Vec<f64> {
        let pace = self.pace();
        let of = |(job, planned): (&JobProgress, &super::Planned)| match job {
            JobProgress::Waiting => planned.estimate.p50 * pace,
            // One that is overdue may end at any moment; a tenth keeps what hangs on it urgent.
            JobProgress::Running(elapsed) => {
                let whole = planned.estimate.p50 * pace;
                (whole - elapsed).max(0.1 * whole)
            }
            JobProgress::Over => 0.0,
        };
        self.jobs.iter().zip(&plan.tasks).map(of).collect()
    }
}

/// Ranks of all jobs for the rest of a run, where another order of what waits ends it earlier than
/// the `current` ranks at the durations that are expected by what was observed. `None`: no better
/// order was found. Equal arguments give equal ranks as long as the effort is not bounded by time.
pub fn replan(
    plan: &Plan,
    progress: &Progress,
    current: &[usize],
    effort: &Effort<'_>,
) -> Option<Vec<usize>> {
    let rest = Rest::of(plan, progress)?;
    let tasks: Vec<Task> = plan.tasks.iter().map(|planned| planned.task.clone()).collect();
    let ids = tasks.iter().map(|task| task.id.as_str());
    let names: Vec<&str> = ids.map(|id| if progress.apart { "" } else { id }).collect();
    let ranking = Ranking {
        graph: &rest.graph,
        durations: &rest.durations,
        priorities: &urgencies(&tasks, &rest.graph),
        names: &names,
    };
    let mut best = (rest.end(current), None);
    for ranks in [Some(ranking.by_path()), rest.searched(&ranking, effort)].into_iter().flatten() {
        let end = rest.end(&ranks);
        if end + LEAST_GAIN_S < best.0 {
            best = (end, Some(ranks));
        }
    }
    best.1
}

/// What is left of a plan: what is over takes no time and waits for nothing, and neither does what
/// runs.
struct Rest<'a> {
    progress: &'a Progress,
    width: usize,
    graph: Graph,
    durations: Vec<f64>,
    problem: Problem,
}

impl<'a> Rest<'a> {
    fn of(plan: &Plan, progress: &'a Progress) -> Option<Self> {
        let mut problem = plan.problem.clone();
        let waits = |job: &usize| progress.jobs.get(*job) == Some(&JobProgress::Waiting);
        let jobs = plan.problem.jobs.iter().enumerate().filter(|(then, _)| waits(then));
        let edges = jobs.flat_map(|(then, job)| job.predecessors.iter().map(move |&p| (p, then)));
        let graph = Graph::new(problem.jobs.len(), edges).ok()?;
        for (at, job) in problem.jobs.iter_mut().enumerate() {
            job.predecessors.clone_from(&graph.predecessors[at]);
            job.successors.clone_from(&graph.successors[at]);
        }
        let (width, durations) = (plan.decision.width, progress.remaining(plan));
        (durations.len() == problem.jobs.len()).then_some(Self {
            progress,
            width,
            graph,
            durations,
            problem,
        })
    }

    /// When all is over if the dispatcher follows these ranks, seconds from now.
    fn end(&self, ranks: &[usize]) -> f64 {
        let mut dispatcher = Dispatcher::new(&self.problem, self.width);
        dispatcher.rerank(ranks);
        dispatcher.release();
        let mut running = Vec::new();
        for (job, progress) in self.progress.jobs.iter().enumerate() {
            if *progress == JobProgress::Over {
                dispatcher.start(&self.problem, job);
                dispatcher.finish(&self.problem, job, true);
            }
        }
        for (job, progress) in self.progress.jobs.iter().enumerate() {
            if matches!(progress, JobProgress::Running(_)) {
                dispatcher.start(&self.problem, job);
                running.push((self.durations[job], job));
            }
        }
        let mut now = 0.0;
        loop {
            while let Some(job) = dispatcher.next() {
                dispatcher.start(&self.problem, job);
                running.push((now + self.durations[job], job));
            }
            let first = (0..running.len()).min_by(|&a, &b| running[a].0.total_cmp(&running[b].0));
            let Some(first) = first else { return now };
            let (finish, job) = running.swap_remove(first);
            now = finish;
            dispatcher.finish(&self.problem, job, true);
        }
    }

    /// The ranks of the shortest schedule that a search finds in which what runs goes on.
    fn searched(&self, ranking: &Ranking<'_>, effort: &Effort<'_>) -> Option<Vec<usize>> {
        let (mut problem, mut durations) = (self.problem.clone(), self.durations.clone());
        let (jobs, slots) = (problem.jobs.len(), problem.capacities.len());
        problem.capacities.push(self.width as u64);
        problem.resources.push("slots".to_owned());
        // A search may put any job off. So all that waits is put behind a job longer than everything
        // together, which takes no slot, and all that runs becomes longer by as much: a schedule in
        // which it does not start at once is longer than any in which it does.
        let before: f64 = durations.iter().sum::<f64>() + 1.0;
        for (at, progress) in self.progress.jobs.iter().enumerate() {
            problem.jobs[at].demands.push((slots, 1));
            match progress {
                JobProgress::Waiting => problem.jobs[at].predecessors.push(jobs),
                JobProgress::Running(_) => durations[at] += before,
                JobProgress::Over => {}
            }
        }
        problem.jobs.push(Job {
            predecessors: Vec::new(),
            successors: Vec::new(),
            excludes: Vec::new(),
            cliques: Vec::new(),
            demands: Vec::new(),
            rank: jobs,
        });
        durations.push(before);
        let edges = problem.jobs.iter().enumerate();
        let edges = edges.flat_map(|(then, job)| job.predecessors.iter().map(move |&p| (p, then)));
        let graph = Graph::new(problem.jobs.len(), edges).ok()?;
        let priorities = [ranking.priorities, &[Priority::default()]].concat();
        let names = [ranking.names, &[""]].concat();
        let all = Ranking {
            graph: &graph,
            durations: &durations,
            priorities: &priorities,
            names: &names,
        };
        let how = RankSearch { width: jobs + 1, effort: *effort, seed: 0 };
        let mut ranks = all.by_search(&problem, &how).ok()?.ranks;
        ranks.pop();
        Some(ranks)
    }
}

#[cfg(test)]
mod tests;
