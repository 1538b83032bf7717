//! Dependencies as they are, and what the plan makes of them.

use super::text;
use crate::domain::plan::{Plan, Verdict};
use crate::domain::report::plan_report::{bars, task_table};
use crate::domain::report::prediction::human;
use crate::domain::report::section::{Block, Section};

pub(super) fn section(plan: &Plan) -> Section {
    let blocks = vec![
        Block::Subheading("Current Workflow Structure"),
        Block::Verbatim(structure(plan)),
        Block::Subheading("Optimized Execution Plan"),
        Block::Verbatim(execution(plan)),
        Block::Line(text("Predicted schedule, from the first worktree to the last commit:")),
        Block::Timeline(bars(plan)),
        Block::Table(task_table(plan)),
    ];
    Section { heading: "Dependency Analysis", blocks }
}

fn id(plan: &Plan, task: usize) -> &str {
    plan.tasks[task].task.id.as_str()
}

fn ids(plan: &Plan, tasks: &[usize]) -> Vec<String> {
    tasks.iter().map(|&task| id(plan, task).to_owned()).collect()
}

/// Each task with what waits for it.
fn structure(plan: &Plan) -> Vec<String> {
    let jobs = plan.problem.jobs.iter().enumerate();
    jobs.filter_map(|(task, job)| {
        let name = format!("[{}]", id(plan, task));
        let behind: Vec<String> =
            job.successors.iter().map(|&then| format!("[{}]", id(plan, then))).collect();
        match (behind.is_empty(), job.predecessors.is_empty()) {
            (false, _) => Some(format!("{name} → {}", behind.join(", "))),
            (true, true) => Some(format!("{name} (independent)")),
            (true, false) => None,
        }
    })
    .collect()
}

fn execution(plan: &Plan) -> Vec<String> {
    let total = end(plan);
    let mut lines = match plan.decision.verdict {
        Verdict::Parallel => {
            let mut lines = groups(plan);
            lines.extend(chains(plan).iter().map(|chain| {
                let time: f64 = chain.iter().map(|&task| plan.tasks[task].estimate.p50).sum();
                format!(
                    "Serial chain: {} (estimated: {})",
                    ids(plan, chain).join(" → "),
                    human(time)
                )
            }));
            lines
        }
        Verdict::Sequential => {
            let mut order: Vec<usize> = (0..plan.tasks.len()).collect();
            let start = |task: usize| plan.tasks[task].schedule.start_s;
            order.sort_by(|&a, &b| start(a).total_cmp(&start(b)).then(a.cmp(&b)));
            vec![format!("One lane: {}", ids(plan, &order).join(" → "))]
        }
    };
    lines.push(format!("Total, up to the last commit: {}", human(total)));
    lines
}

pub(super) fn end(plan: &Plan) -> f64 {
    plan.tasks.iter().map(|planned| planned.schedule.finish_s).fold(0.0, f64::max)
}

/// Tasks by how many others stand one behind the other before them: those of one group do not wait
/// for one another.
fn groups(plan: &Plan) -> Vec<String> {
    let levels = levels(plan);
    let deepest = levels.iter().copied().max().unwrap_or(0);
    (0..=deepest)
        .map(|level| {
            let group: Vec<usize> =
                (0..levels.len()).filter(|&task| levels[task] == level).collect();
            let schedule = |&task: &usize| plan.tasks[task].schedule;
            let from =
                group.iter().map(|task| schedule(task).start_s).fold(f64::INFINITY, f64::min);
            let to = group.iter().map(|task| schedule(task).finish_s).fold(0.0, f64::max);
            let names = ids(plan, &group).join(", ");
            format!(
                "Parallel group {}: {names} (estimated: {}, from {} to {})",
                level + 1,
                human((to - from).max(0.0)),
                human(from.min(to)),
                human(to)
            )
        })
        .collect()
}

fn levels(plan: &Plan) -> Vec<usize> {
    let mut levels = vec![0; plan.tasks.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for (task, job) in plan.problem.jobs.iter().enumerate() {
            let level = job.predecessors.iter().map(|&first| levels[first] + 1).max().unwrap_or(0);
            changed |= level > levels[task];
            levels[task] = levels[task].max(level);
        }
    }
    levels
}

/// Tasks that wait for exactly one other that only they wait for.
fn chains(plan: &Plan) -> Vec<Vec<usize>> {
    let jobs = &plan.problem.jobs;
    let only = |task: usize| match jobs[task].successors[..] {
        [then] if jobs[then].predecessors.len() == 1 => Some(then),
        _ => None,
    };
    let continued: Vec<usize> = (0..jobs.len()).filter_map(only).collect();
    (0..jobs.len())
        .filter(|first| !continued.contains(first))
        .map(|first| std::iter::successors(Some(first), |&task| only(task)).collect::<Vec<_>>())
        .filter(|chain| chain.len() > 1)
        .collect()
}
