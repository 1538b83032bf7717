//! The dependency graph: order, earliest and latest starts, critical path.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A directed graph without cycles over tasks 0..n.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// What each task waits for.
    pub predecessors: Vec<Vec<usize>>,
    /// What waits for each task.
    pub successors: Vec<Vec<usize>>,
    /// Every task after what it waits for; ties by index.
    pub order: Vec<usize>,
}

impl Graph {
    /// A graph of `n` tasks from edges (first, then). Repeated edges count once.
    ///
    /// # Errors
    /// The tasks that stand on or behind a cycle.
    pub fn new(
        n: usize,
        edges: impl IntoIterator<Item = (usize, usize)>,
    ) -> Result<Self, Vec<usize>> {
        let mut predecessors = vec![Vec::new(); n];
        for (first, then) in edges {
            predecessors[then].push(first);
        }
        let mut successors = vec![Vec::new(); n];
        for (then, firsts) in predecessors.iter_mut().enumerate() {
            firsts.sort_unstable();
            firsts.dedup();
            for &first in firsts.iter() {
                successors[first].push(then);
            }
        }
        let mut missing: Vec<usize> = predecessors.iter().map(Vec::len).collect();
        let mut free: BinaryHeap<Reverse<usize>> =
            (0..n).filter(|&task| missing[task] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(n);
        while let Some(Reverse(task)) = free.pop() {
            order.push(task);
            for &next in &successors[task] {
                missing[next] -= 1;
                if missing[next] == 0 {
                    free.push(Reverse(next));
                }
            }
        }
        if order.len() == n {
            Ok(Self { predecessors, successors, order })
        } else {
            Err((0..n).filter(|&task| missing[task] > 0).collect())
        }
    }

    /// For each task, the longest time from its start to the end of the graph, itself included.
    pub fn tails(&self, durations: &[f64]) -> Vec<f64> {
        let mut tails = vec![0.0; durations.len()];
        for &task in self.order.iter().rev() {
            let after = self.successors[task].iter().map(|&next| tails[next]).fold(0.0, f64::max);
            tails[task] = durations[task] + after;
        }
        tails
    }

    /// For each task, the earliest time it can start.
    pub fn heads(&self, durations: &[f64]) -> Vec<f64> {
        let mut heads = vec![0.0; durations.len()];
        for &task in &self.order {
            heads[task] = self.predecessors[task]
                .iter()
                .map(|&first| heads[first] + durations[first])
                .fold(0.0, f64::max);
        }
        heads
    }

    /// One longest path, in order, without what takes no time at its end.
    pub fn critical_path(&self, durations: &[f64]) -> Vec<usize> {
        let tails = self.tails(durations);
        let longest = |tasks: &[usize]| {
            tasks.iter().copied().max_by(|&a, &b| tails[a].total_cmp(&tails[b]).then(b.cmp(&a)))
        };
        let roots: Vec<usize> =
            (0..durations.len()).filter(|&t| self.predecessors[t].is_empty()).collect();
        let mut path = Vec::new();
        let mut next = longest(&roots);
        while let Some(task) = next.filter(|&task| tails[task] > 0.0 || path.is_empty()) {
            path.push(task);
            next = longest(&self.successors[task]);
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_critical_path_of_a_diamond_is_its_longer_side() {
        let graph = Graph::new(4, [(0, 1), (0, 2), (1, 3), (2, 3)]).unwrap();
        let durations = [1.0, 5.0, 2.0, 1.0];
        assert_eq!(graph.critical_path(&durations), [0, 1, 3]);
        assert_eq!(graph.tails(&durations), [7.0, 6.0, 3.0, 1.0]);
        assert_eq!(graph.heads(&durations), [0.0, 1.0, 1.0, 6.0]);
    }

    #[test]
    fn a_cycle_names_its_tasks() {
        assert_eq!(Graph::new(3, [(1, 2), (2, 1)]), Err(vec![1, 2]));
    }
}
