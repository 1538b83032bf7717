//! A plan as Mermaid diagrams: the graph and the schedule, as Markdown with two fenced blocks.

use std::collections::BTreeMap;

use super::text::{columns, cut};
use crate::domain::plan::Plan;
use crate::domain::time::{from_secs, human_duration};

/// Columns of a title in a box.
const TITLE: usize = 60;
/// Mermaid refuses diagrams of more than 500 edges by itself.
const CLAIMS: usize = 200;

/// Both diagrams.
pub fn plan_mermaid(plan: &Plan) -> String {
    format!("```mermaid\n{}```\n\n```mermaid\n{}```\n", flowchart(plan), gantt(plan))
}

fn flowchart(plan: &Plan) -> String {
    let mut lines = vec!["flowchart LR".to_owned()];
    for (task, planned) in plan.tasks.iter().enumerate() {
        let id = planned.task.id.as_str();
        let time = human_duration(from_secs(planned.estimate.p50));
        let title = planned.task.title.as_deref().filter(|title| !title.trim().is_empty());
        let title = title.map_or_else(String::new, |title| format!("{}<br/>", label(title)));
        let text = format!("{}<br/>{title}{time}", label(id));
        lines.push(if planned.task.work.is_gate() {
            format!("    t{task}{{{{\"{text}\"}}}}")
        } else {
            format!("    t{task}[\"{text}\"]")
        });
    }
    let jobs = plan.problem.jobs.iter().enumerate();
    for (then, job) in jobs {
        lines.extend(job.predecessors.iter().map(|first| format!("    t{first} --> t{then}")));
    }
    for claim in plan.claims.iter().take(CLAIMS) {
        let paths = label(&claim.paths.join(" "));
        lines.push(format!("    t{} -.-|\"{paths}\"| t{}", claim.a, claim.b));
    }
    let left_out = plan.claims.len().saturating_sub(CLAIMS);
    if left_out > 0 {
        lines.push(format!(
            "    %% and {left_out} more pairs of tasks that may write the same files"
        ));
    }
    lines.extend(locks(plan));
    lines.push("    classDef critical stroke:#d33,stroke-width:3px".to_owned());
    let critical = plan.tasks.iter().enumerate().filter(|(_, planned)| planned.schedule.critical);
    let critical: Vec<String> = critical.map(|(task, _)| format!("t{task}")).collect();
    if !critical.is_empty() {
        lines.push(format!("    class {} critical", critical.join(",")));
    }
    lines.join("\n") + "\n"
}

/// Each lock that several tasks share as a box of its own: pairs would be many.
fn locks(plan: &Plan) -> Vec<String> {
    let mut held: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (task, planned) in plan.tasks.iter().enumerate() {
        for lock in &planned.task.locks {
            held.entry(lock).or_default().push(task);
        }
    }
    let shared = held.into_iter().filter(|(_, holders)| holders.len() > 1).enumerate();
    shared
        .flat_map(|(number, (lock, holders))| {
            let node = format!("    l{number}([\"lock {}\"])", label(lock));
            let edges = holders.into_iter().map(move |task| format!("    t{task} -.- l{number}"));
            std::iter::once(node).chain(edges)
        })
        .collect()
}

fn gantt(plan: &Plan) -> String {
    // Milliseconds since 1970, shown as seconds since then: seconds from the start of the run.
    let mut lines =
        ["gantt", "    title Schedule in seconds", "    dateFormat x", "    axisFormat %s"]
            .map(str::to_owned)
            .to_vec();
    let millis = |seconds: f64| from_secs(seconds).as_millis();
    for (task, planned) in plan.tasks.iter().enumerate() {
        let schedule = &planned.schedule;
        let tags = match (schedule.critical, planned.task.work.is_gate()) {
            (true, _) => "crit, ",
            (false, true) => "active, ",
            (false, false) => "",
        };
        let (from, to) = (millis(schedule.start_s), millis(schedule.finish_s));
        // A dot before the name: one such as `section` would be read as a keyword.
        let id = planned.task.id.as_str();
        lines.push(format!("    · {id} :{tags}t{task}, {from}, {}", to.max(from + 1)));
    }
    lines.join("\n") + "\n"
}

/// Free text in quotes of a diagram: what means something there is written as its number.
fn label(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let text = if columns(text) > TITLE { cut(text, TITLE) } else { text.to_owned() };
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || " ._-/,→…".contains(c) => safe.push(c),
            c if c.is_control() || c.is_whitespace() => safe.push(' '),
            c => safe.extend(["#", &u32::from(c).to_string(), ";"]),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
