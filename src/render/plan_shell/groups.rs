//! Groups of tasks that may run at the same time.

use crate::domain::plan::{Plan, Verdict};

/// Every task is in one group, after everything it waits for. Within a group none excludes another,
/// together they fit the capacities, and there are no more than slots.
pub(super) fn groups(plan: &Plan) -> Vec<Vec<usize>> {
    let width = match plan.decision.verdict {
        Verdict::Parallel => plan.decision.width.max(1),
        Verdict::Sequential => 1,
    };
    let jobs = &plan.problem.jobs;
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    let start = |task: usize| plan.tasks[task].schedule.start_s;
    order.sort_by(|&a, &b| start(a).total_cmp(&start(b)).then(jobs[a].rank.cmp(&jobs[b].rank)));
    let mut is_over = vec![false; jobs.len()];
    let mut groups = Vec::new();
    while !order.is_empty() {
        let mut group: Vec<usize> = Vec::new();
        for &task in &order {
            let ready = jobs[task].predecessors.iter().all(|&first| is_over[first]);
            if ready && group.len() < width && fits(plan, &group, task) {
                group.push(task);
            }
        }
        if group.is_empty() {
            // No plan has a cycle; if one had, its tasks would be left out rather than loop here.
            break;
        }
        for &task in &group {
            is_over[task] = true;
        }
        order.retain(|task| !is_over[*task]);
        groups.push(group);
    }
    groups
}

fn fits(plan: &Plan, group: &[usize], task: usize) -> bool {
    let problem = &plan.problem;
    let excluded = group.iter().any(|&other| problem.keeps_apart(task, other));
    let room = |resource: usize| {
        let taken: u64 = group.iter().map(|&other| problem.demand(other, resource)).sum();
        taken.saturating_add(problem.demand(task, resource)) <= problem.capacities[resource]
    };
    !excluded && (group.is_empty() || (0..problem.capacities.len()).all(room))
}
