//! Plans are made in the order of names, so that the order of the file changes nothing; here is the
//! way back. Only where the work of no two tasks meets, the order of the file is that of the plan: there
//! it says what is to come first.

use super::claims::Claim;
use super::inferred::Order;
use super::problem::{Job, Problem};
use crate::domain::task::Task;

/// Where tasks in the order of their names stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ByName {
    /// Index in the file, by index in the order of names.
    in_file: Vec<usize>,
    /// The inverse.
    by_name: Vec<usize>,
}

impl ByName {
    /// Sorts the tasks.
    pub(super) fn sort(in_file: Vec<Task>) -> (Self, Vec<Task>) {
        let mut tasks: Vec<(usize, Task)> = in_file.into_iter().enumerate().collect();
        tasks.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
        Self::of(tasks)
    }

    /// Keeps the order of the file, where it says what the user puts first.
    pub(super) fn keep(in_file: Vec<Task>) -> (Self, Vec<Task>) {
        Self::of(in_file.into_iter().enumerate().collect())
    }

    fn of(tasks: Vec<(usize, Task)>) -> (Self, Vec<Task>) {
        let (in_file, tasks): (Vec<usize>, Vec<Task>) = tasks.into_iter().unzip();
        let mut by_name = vec![0; in_file.len()];
        for (at, &index) in in_file.iter().enumerate() {
            by_name[index] = at;
        }
        (Self { in_file, by_name }, tasks)
    }

    /// Index in the order of names of a task of the file; `None` when there is no such task.
    pub(super) fn place(&self, in_file: usize) -> Option<usize> {
        self.by_name.get(in_file).copied()
    }

    /// By index in the file.
    pub(super) fn unsort<T: Clone>(&self, by_name: &[T]) -> Vec<T> {
        self.by_name.iter().map(|&at| by_name[at].clone()).collect()
    }

    /// The problem with the indices of the file.
    pub(super) fn unsort_problem(&self, problem: Problem) -> Problem {
        let jobs = problem.jobs.iter().map(|job| Job {
            predecessors: self.indices(&job.predecessors),
            successors: self.indices(&job.successors),
            excludes: self.indices(&job.excludes),
            cliques: job.cliques.clone(),
            demands: job.demands.clone(),
            rank: job.rank,
        });
        let jobs: Vec<Job> = jobs.collect();
        Problem { jobs: self.unsort(&jobs), ..problem }
    }

    /// The claims with the indices of the file, in its order.
    pub(super) fn unsort_claims(&self, claims: Vec<Claim>) -> Vec<Claim> {
        let mut claims: Vec<Claim> = claims
            .into_iter()
            .map(|claim| {
                let (a, b) = (self.in_file[claim.a], self.in_file[claim.b]);
                Claim { a: a.min(b), b: a.max(b), ..claim }
            })
            .collect();
        claims.sort_by_key(|claim| (claim.a, claim.b));
        claims
    }

    /// The inferred order with the indices of the file, in its order.
    pub(super) fn unsort_orders(&self, orders: Vec<Order>) -> Vec<Order> {
        let in_file = |order: Order| {
            let (first, then) = (self.in_file[order.first], self.in_file[order.then]);
            Order { first, then, ..order }
        };
        let mut orders: Vec<Order> = orders.into_iter().map(in_file).collect();
        orders.sort_by_key(|order| (order.then, order.first));
        orders
    }

    fn indices(&self, by_name: &[usize]) -> Vec<usize> {
        let mut in_file: Vec<usize> = by_name.iter().map(|&at| self.in_file[at]).collect();
        in_file.sort_unstable();
        in_file
    }
}
