//! In what order tasks that are ready start.

use super::graph::Graph;
use crate::domain::task::{Priority, Task};

/// Place of each task in the order of urgency: the priority it has or that something behind it
/// has, then its urgency, then its name, so that the order of the file does not matter.
pub(super) fn ranks_by(tasks: &[Task], graph: &Graph, urgency: &[f64]) -> Vec<usize> {
    let mut priority: Vec<Priority> = tasks.iter().map(|task| task.priority).collect();
    for &task in graph.order.iter().rev() {
        let behind = graph.successors[task].iter().filter(|&&next| !tasks[next].work.is_gate());
        if let Some(most) = behind.map(|&next| priority[next]).max() {
            priority[task] = priority[task].max(most);
        }
    }
    let mut urgent: Vec<usize> = (0..tasks.len()).collect();
    urgent.sort_by(|&a, &b| {
        priority[b]
            .cmp(&priority[a])
            .then(urgency[b].total_cmp(&urgency[a]))
            .then(tasks[a].id.cmp(&tasks[b].id))
    });
    let mut ranks = vec![0; tasks.len()];
    for (rank, task) in urgent.into_iter().enumerate() {
        ranks[task] = rank;
    }
    ranks
}

/// What hangs behind each task, or what must run one after another with it, whichever takes longer:
/// tasks that exclude one another form a queue that should not start late.
pub(super) fn contested_tails(graph: &Graph, medians: &[f64], excludes: &[Vec<usize>]) -> Vec<f64> {
    let mut tails = vec![0.0; medians.len()];
    for &task in graph.order.iter().rev() {
        let behind = graph.successors[task].iter().map(|&next| tails[next]).fold(0.0, f64::max);
        let queue = excludes[task].iter().map(|&other| medians[other]).sum::<f64>();
        tails[task] = medians[task] + behind.max(queue);
    }
    tails
}
