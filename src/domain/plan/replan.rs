//! Another order for what has not started yet, from what a run showed so far.

use super::effort::Effort;
use super::graph::Graph;
use super::plan_type::Plan;
use super::ranks::ranks_by;

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
}

/// Tasks whose length says as much of the next ones as the plan did.
const TRUST: f64 = 2.0;

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

/// Ranks of all jobs for the rest of a run. Equal arguments give equal ranks.
pub fn replan(plan: &Plan, progress: &Progress, _effort: &Effort<'_>) -> Option<Vec<usize>> {
    let edges = plan.problem.jobs.iter().enumerate();
    let edges = edges.flat_map(|(then, job)| job.predecessors.iter().map(move |&p| (p, then)));
    let graph = Graph::new(plan.problem.jobs.len(), edges).ok()?;
    let tasks: Vec<_> = plan.tasks.iter().map(|planned| planned.task.clone()).collect();
    Some(ranks_by(&tasks, &graph, &graph.tails(&progress.remaining(plan))))
}

#[cfg(test)]
mod tests;
