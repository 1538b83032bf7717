//! Times and resources that are predicted.

use super::utilization::utilization;
use super::{Optimization, fact, text};
use crate::domain::plan::Plan;
use crate::domain::report::headline::chosen_interval;
use crate::domain::report::plan_facts::{critical_path, critical_text};
use crate::domain::report::prediction::{human, range};
use crate::domain::report::prose::Line;
use crate::domain::report::section::{Block, Fact, Section};
use crate::domain::task::human_size;

/// Branches that are listed.
const BRANCHES: usize = 12;

pub(super) fn section(facts: &Optimization<'_>) -> Section {
    let mut blocks = vec![
        Block::Subheading("Execution Time Estimates"),
        Block::Facts(times(&facts.answer.plan)),
        Block::Subheading("Resource Utilization"),
        Block::Facts(use_of(facts)),
    ];
    let flips = &facts.answer.plan.decision.flips;
    if !flips.is_empty() {
        blocks.push(Block::Subheading("What Would Turn the Verdict"));
        blocks.push(Block::List(flips.iter().map(|flip| Line::prose(flip)).collect()));
    }
    Section { heading: "Performance Predictions", blocks }
}

fn times(plan: &Plan) -> Vec<Fact> {
    let medians =
        |tasks: &[usize]| -> f64 { tasks.iter().map(|&task| plan.tasks[task].estimate.p50).sum() };
    let critical = critical_path(plan);
    let path = format!("{} ({})", critical_text(plan), human(medians(&critical)));
    let branches = branches(plan, &critical);
    let mut lines: Vec<Line> = branches
        .iter()
        .take(BRANCHES)
        .map(|branch| {
            let names: Vec<&str> =
                branch.iter().map(|&task| plan.tasks[task].task.id.as_str()).collect();
            text(format!("{} ({})", names.join(" → "), human(medians(branch))))
        })
        .collect();
    if branches.len() > BRANCHES {
        lines.push(text(format!("and {} more", branches.len() - BRANCHES)));
    }
    let chosen = chosen_interval(plan);
    let total = format!("{} (95 %: {})", human(chosen.p50), range(&chosen));
    let bound = format!("{} at the medians", human(plan.lower_bound_s));
    let mut facts = vec![fact("Critical Path", vec![text(path)])];
    if !lines.is_empty() {
        facts.push(fact("Parallel Branches", lines));
    }
    facts.push(fact("Total Predicted Time", vec![text(total)]));
    facts.push(fact("Lower Bound", vec![text(bound)]));
    facts
}

/// Chains beside the critical path: each task on exactly one, the longest chains first.
fn branches(plan: &Plan, critical: &[usize]) -> Vec<Vec<usize>> {
    let jobs = &plan.problem.jobs;
    let mut free: Vec<bool> = (0..jobs.len()).map(|task| !critical.contains(&task)).collect();
    let mut found = Vec::new();
    let mut by_start: Vec<usize> = (0..jobs.len()).collect();
    let start = |task: usize| plan.tasks[task].schedule.start_s;
    by_start.sort_by(|&a, &b| start(a).total_cmp(&start(b)).then(a.cmp(&b)));
    for first in by_start {
        let mut branch = Vec::new();
        let mut next = Some(first).filter(|&task| free[task]);
        while let Some(task) = next {
            free[task] = false;
            branch.push(task);
            let behind = jobs[task].successors.iter().copied().filter(|&then| free[then]);
            next = behind.min_by(|&a, &b| start(a).total_cmp(&start(b)).then(a.cmp(&b)));
        }
        if !branch.is_empty() {
            found.push(branch);
        }
    }
    found
}

fn use_of(facts: &Optimization<'_>) -> Vec<Fact> {
    let plan = &facts.answer.plan;
    let used = utilization(plan);
    let mut memory = human_size(used.peak_memory);
    if facts.host.memory > 0 {
        memory = format!("{memory} of {}", human_size(facts.host.memory));
    }
    let all = plan.tasks.len();
    if used.without_memory == all {
        memory = "not known: no task declares any".to_owned();
    } else if used.without_memory > 0 {
        memory = format!("{memory}; {} of {all} tasks declare none", used.without_memory);
    }
    let cores = facts.host.cores;
    let cpu = format!(
        "{:.0} % of {cores} on average ({:.1} busy)",
        used.mean_cpus / cores.max(1) as f64 * 100.0,
        used.mean_cpus
    );
    let tasks = format!("{} at once at most", used.peak_tasks);
    vec![
        fact("Peak Memory Usage", vec![text(memory)]),
        fact("CPU Utilization", vec![text(cpu)]),
        fact("Tasks", vec![text(tasks)]),
    ]
}
