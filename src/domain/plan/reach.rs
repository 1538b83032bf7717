//! Which tasks wait for which, directly or by others between them.

use std::collections::BTreeMap;

use super::graph::Graph;
use crate::domain::task::Task;

const BITS: usize = u64::BITS as usize;

/// One row of bits for each task: those that it waits for.
pub(super) struct Reach(Vec<Vec<u64>>);

impl Reach {
    pub(super) fn of(tasks: &[Task]) -> Self {
        let index: BTreeMap<&str, usize> =
            tasks.iter().enumerate().map(|(at, task)| (task.id.as_str(), at)).collect();
        let edges = tasks.iter().enumerate().flat_map(|(then, task)| {
            let known = |id| index.get(id).copied();
            let firsts = task.depends_on.iter().filter_map(move |id| known(id.as_str()));
            firsts.map(move |first| (first, then)).collect::<Vec<_>>()
        });
        // A cycle is refused by whoever plans.
        Graph::new(tasks.len(), edges)
            .map_or_else(|_| Self::nowhere(tasks.len()), |g| Self::in_graph(&g))
    }

    fn nowhere(tasks: usize) -> Self {
        Self(vec![vec![0; tasks.div_ceil(BITS)]; tasks])
    }

    /// By everything that a graph orders.
    pub(super) fn in_graph(graph: &Graph) -> Self {
        let Self(mut rows) = Self::nowhere(graph.order.len());
        for &task in &graph.order {
            let mut row = std::mem::take(&mut rows[task]);
            for &first in &graph.predecessors[task] {
                for (own, theirs) in row.iter_mut().zip(&rows[first]) {
                    *own |= theirs;
                }
                row[first / BITS] |= 1 << (first % BITS);
            }
            rows[task] = row;
        }
        Self(rows)
    }

    /// Whether one of them waits for the other.
    pub(super) fn orders(&self, a: usize, b: usize) -> bool {
        let behind = |then: usize, first: usize| self.0[then][first / BITS] >> (first % BITS) & 1;
        behind(a, b) | behind(b, a) == 1
    }
}
