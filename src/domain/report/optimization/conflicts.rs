//! What tasks share, how that is resolved, and what it costs.

use super::{Optimization, fact, text};
use crate::domain::plan::{Plan, Shared, Verdict};
use crate::domain::report::plan_facts::{locks, why_apart};
use crate::domain::report::plan_patterns::order_line;
use crate::domain::report::plan_risk::risk_lines;
use crate::domain::report::prediction::human;
use crate::domain::report::prose::Line;
use crate::domain::report::section::{Block, Fact, Section, Table};
use crate::domain::task::{Task, human_size};

pub(super) fn section(facts: &Optimization<'_>) -> Section {
    let rows = rows(facts);
    let mut blocks = vec![Block::Subheading("Identified Conflicts")];
    if rows.is_empty() {
        blocks.push(Block::Line(text("None: no two tasks share files, locks or resources.")));
    } else {
        let mut table = Table::new(&["Conflict", "Resolution", "Impact"]);
        table.rows = rows;
        blocks.push(Block::Table(table));
    }
    blocks.push(Block::Subheading("Resource Optimization"));
    blocks.push(Block::Facts(resources(facts)));
    Section { heading: "Resource Conflict Analysis", blocks }
}

fn rows(facts: &Optimization<'_>) -> Vec<Vec<Line>> {
    let plan = &facts.answer.plan;
    let mut rows = Vec::new();
    let id = |task: usize| plan.tasks[task].task.id.as_str();
    let claims = impact(facts, &Shared::Claims);
    for claim in &plan.claims {
        let pair = Line::new().code(id(claim.a)).text(" and ").code(id(claim.b));
        let cost = match plan.claims.len() {
            1 => text(claims.clone()),
            all => text(format!("{claims} (all {all} pairs together)")),
        };
        let what = pair.text(format!(": {} ", why_apart(claim.kind))).codes(&claim.paths);
        rows.push(vec![what, text("they never run at the same time"), cost]);
    }
    for (lock, holders) in locks(plan) {
        let what = Line::new().codes(holders).text(" share the lock ").code(lock);
        let cost = impact(facts, &Shared::Lock(lock.to_owned()));
        rows.push(vec![what, text("one holds it at a time"), text(cost)]);
    }
    for cost in facts.costs {
        let (what, how) = match &cost.shared {
            Shared::Claims | Shared::Lock(_) => continue,
            Shared::Cores => {
                let asked: f64 = plan.tasks.iter().map(|p| p.task.demand.cpus).sum();
                let cores = facts.host.cores;
                let what = format!("all tasks together ask for {asked:.1} cores of {cores}");
                (text(what), "a task starts when its cores are free")
            }
            Shared::Memory => {
                let asked: u64 = plan.tasks.iter().map(|p| p.task.demand.memory).sum();
                let what = format!("all tasks together ask for {} of memory", human_size(asked));
                (text(what), "a task starts when its memory is free")
            }
            Shared::Capacity(name) => {
                let users = plan.tasks.iter().filter(|p| p.task.demand.uses.contains_key(name));
                let users: Vec<&str> = users.map(|p| p.task.id.as_str()).collect();
                let what = Line::new().codes(users).text(" use ").code(name);
                (what, "a task starts when its units are free")
            }
        };
        rows.push(vec![what, text(how), text(priced(plan, cost.cost_s))]);
    }
    rows.extend(plan.orders.iter().map(|order| {
        let how = text("it starts from that work, or without it when that failed");
        vec![order_line(plan, order), how, text("part of the schedule")]
    }));
    rows.extend(foreseen(plan));
    rows.extend(open(plan));
    rows
}

/// Most conflicts that are foreseen and listed; the document has all.
const FORESEEN: usize = 30;

/// Branches that change the same files already, and pairs of tasks that may not merge.
fn foreseen(plan: &Plan) -> impl Iterator<Item = Vec<Line>> {
    let branches = plan.risk.branches.len();
    let lines = risk_lines(plan);
    let left_out = lines.len().saturating_sub(FORESEEN);
    let row = move |(at, line): (usize, Line)| {
        let (how, cost) = if at < branches {
            ("it is no part of the run: merge it before, or after the landing", "not counted")
        } else {
            (
                "merged in memory; one that conflicts is left out and named",
                "work done again is counted",
            )
        };
        vec![line, text(how), text(cost)]
    };
    let more = (left_out > 0)
        .then(|| vec![text(format!("and {left_out} more")), Line::new(), Line::new()]);
    lines.into_iter().take(FORESEEN).enumerate().map(row).chain(more)
}

fn impact(facts: &Optimization<'_>, shared: &Shared) -> String {
    let cost = facts.costs.iter().find(|cost| cost.shared == *shared);
    cost.map_or_else(|| "not computed".to_owned(), |cost| priced(&facts.answer.plan, cost.cost_s))
}

fn priced(plan: &Plan, seconds: f64) -> String {
    match plan.decision.verdict {
        Verdict::Sequential => "none: one task runs at a time".to_owned(),
        Verdict::Parallel if seconds < 0.05 => "none in this schedule".to_owned(),
        Verdict::Parallel => format!("+{} until landed", human(seconds)),
    }
}

/// Tasks of which nobody knows what they write.
fn open(plan: &Plan) -> Option<Vec<Line>> {
    let is_open = |task: &Task| task.owns.is_none() && !task.read_only;
    let open: Vec<&str> = plan
        .tasks
        .iter()
        .filter(|planned| is_open(&planned.task))
        .map(|planned| planned.task.id.as_str())
        .collect();
    if open.is_empty() || plan.tasks.len() < 2 {
        return None;
    }
    let how = "branches are merged in memory first; one that conflicts is left out and named";
    let cost = match plan.predicted.overhead.conflict {
        Some(seconds) => format!("{} expected", human(seconds)),
        None => "not known".to_owned(),
    };
    Some(vec![Line::new().codes(open).text(" declare no ").code("owns"), text(how), text(cost)])
}

fn resources(facts: &Optimization<'_>) -> Vec<Fact> {
    let plan = &facts.answer.plan;
    let width = plan.decision.width;
    let mut found = vec![
        fact("Slots", vec![text(format!("{width} of at most {}", facts.slots))]),
        fact("Cores", vec![text(facts.host.cores.to_string())]),
    ];
    if facts.host.memory > 0 {
        let memory = human_size(facts.host.memory);
        found.push(fact(
            "Memory",
            vec![text(format!("{memory}, of which tasks may plan with 80 %"))],
        ));
    }
    if let Some(carry) = plan.carry.as_ref().filter(|carry| !carry.paths.is_empty()) {
        let line = Line::new().codes(&carry.paths).text(format!(
            ": {} into every worktree, about {}",
            carry.load,
            human(carry.time_s)
        ));
        found.push(fact("Files brought along", vec![line]));
    }
    let hooks: Vec<&str> = plan
        .setup
        .iter()
        .filter(|planned| planned.applies)
        .map(|planned| planned.hook.run.trim())
        .collect();
    if !hooks.is_empty() {
        let line = Line::new().codes(hooks).text(" in each worktree");
        found.push(fact("Setup", vec![line]));
    }
    found
}
