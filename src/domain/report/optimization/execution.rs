//! How the plan is carried out, what happens when something fails, and the way back.

use std::time::Duration;

use super::{Optimization, fact, text};
use crate::domain::plan::{Plan, Verdict};
use crate::domain::report::headline::chosen_interval;
use crate::domain::report::prediction::{human, range};
use crate::domain::report::prose::Line;
use crate::domain::report::section::{Block, Section, Step};
use crate::domain::task::shell_word;
use crate::domain::time::human_duration;

pub(super) fn sections(facts: &Optimization<'_>) -> Vec<Section> {
    let plan = &facts.answer.plan;
    let mut roadmap = vec![text("at once: the commands above, as the tasks file stands")];
    let advice = plan.decision.advice.iter();
    roadmap.extend(advice.map(|advice| text("next: ").join(Line::prose(advice))));
    if !plan.predicted.calibrated {
        let line = "later: runs that are over are what predictions are held against";
        roadmap.push(text(line));
    }
    vec![
        Section { heading: "Execution Commands", blocks: vec![Block::Commands(commands(facts))] },
        Section { heading: "Implementation Roadmap", blocks: vec![Block::List(roadmap)] },
        Section { heading: "Fallback Strategies", blocks: vec![Block::List(fallback(plan))] },
        Section { heading: "Validation Strategy", blocks: vec![Block::Facts(validation(facts))] },
    ]
}

fn commands(facts: &Optimization<'_>) -> Vec<Step> {
    let file = shell_word(facts.file);
    let split = match (facts.answer.plan.decision.overruled, facts.answer.plan.decision.verdict) {
        (None, _) => format!("wt-orch split {file}"),
        (Some(_), Verdict::Parallel) => {
            format!("wt-orch split {file} --parallel={}", facts.answer.plan.decision.width)
        }
        (Some(_), Verdict::Sequential) => format!("wt-orch split {file} --sequential"),
    };
    let onto = facts.target.map_or("the target", |target| target);
    vec![
        Step::new(split, "makes worktrees, runs the tasks, commits their work"),
        Step::new("wt-orch status", "shows where the run stands"),
        Step::new("wt-orch integrate", format!("merges, validates and moves {onto}")),
        Step::new("wt-orch report", "holds the prediction against what happened"),
        Step::new(
            format!("wt-orch plan {file} --format sh"),
            "prints the same steps as a shell script for git alone",
        ),
    ]
}

fn fallback(plan: &Plan) -> Vec<Line> {
    let mut lines = vec![text(if plan.fail_fast.run {
        "Partial failure: the first failure stops the rest of the run; what is finished stays"
    } else if plan.fail_fast.groups.is_empty() {
        "Partial failure: a task that fails stops only what depends on it; the others go on"
    } else {
        "Partial failure: a task that fails stops what depends on it and the rest of its fail-fast \
         group; the others go on"
    })];
    lines.extend(most_behind(plan).map(|(task, behind)| {
        Line::new().text("Most depends on ").code(task).text(format!(
            ": if it fails, {behind} {} skipped",
            if behind == 1 { "task is" } else { "tasks are" }
        ))
    }));
    lines.push(limits(plan));
    let retried: Vec<&str> = plan
        .tasks
        .iter()
        .filter(|planned| planned.task.retries > 0)
        .map(|planned| planned.task.id.as_str())
        .collect();
    if !retried.is_empty() {
        let line = text("Retries: ").codes(retried).text(" start again after a failure");
        lines.push(line.text(", from the commit they started from"));
    }
    lines.push(
        text("Interruption: ")
            .code("wt-orch resume")
            .text(" goes on after a crash or Ctrl-C; what is finished is not run again"),
    );
    lines.push(
        text("Failed tasks: ")
            .code("wt-orch retry")
            .text(" runs them again with what depends on them"),
    );
    if plan.decision.verdict == Verdict::Parallel {
        let time = human(plan.predicted.sequential.p50);
        lines.push(
            text("Resource exhaustion: ")
                .code("--sequential")
                .text(format!(" runs everything in one worktree, in about {time}")),
        );
    }
    lines.push(text(
        "Conflicts: a branch that does not merge is left out with the other one and the paths \
         named; the rest lands",
    ));
    lines
}

/// The task that most others wait for, directly or not.
fn most_behind(plan: &Plan) -> Option<(&str, usize)> {
    let jobs = &plan.problem.jobs;
    // Who only reads what another one writes, or has a condition, runs all the same.
    let needs = |first: usize, then: usize| {
        let task = &plan.tasks[then].task;
        !plan.orders.iter().any(|order| (order.first, order.then) == (first, then))
            && task.pattern.when.is_none()
    };
    let behind = |first: usize| {
        let mut seen = vec![false; jobs.len()];
        let mut next = vec![first];
        while let Some(task) = next.pop() {
            for &then in &jobs[task].successors {
                if needs(task, then) && !std::mem::replace(&mut seen[then], true) {
                    next.push(then);
                }
            }
        }
        seen.into_iter().filter(|seen| *seen).count()
    };
    let counts = (0..jobs.len()).map(|task| (task, behind(task)));
    let most = counts.max_by(|(a, most), (b, than)| most.cmp(than).then(b.cmp(a)))?;
    (most.1 > 0).then(|| (plan.tasks[most.0].task.id.as_str(), most.1))
}

fn limits(plan: &Plan) -> Line {
    let limits = || plan.tasks.iter().map(|planned| planned.task.timeout);
    let (Some(least), Some(most)) = (limits().min(), limits().max()) else { return Line::new() };
    let shown = |limit: Duration| human_duration(limit);
    let limit =
        if least == most { shown(least) } else { format!("{} to {}", shown(least), shown(most)) };
    text(format!("Timeout: an attempt that takes longer than its limit ({limit}) is stopped"))
}

fn validation(facts: &Optimization<'_>) -> Vec<crate::domain::report::section::Fact> {
    let plan = &facts.answer.plan;
    let checked = plan.tasks.iter().filter(|planned| planned.task.check.is_some());
    let checks: Vec<Line> = checked
        .map(|planned| {
            let check = planned.task.check.as_deref().unwrap_or_default();
            Line::new().code(planned.task.id.as_str()).text(": ").code(check)
        })
        .collect();
    let gates: Vec<Line> = plan
        .tasks
        .iter()
        .filter(|planned| planned.task.work.is_gate())
        .map(|planned| Line::new().code(planned.task.id.as_str()))
        .collect();
    let merged: Vec<Line> = plan
        .validations
        .iter()
        .map(|v| Line::new().text(format!("{}: ", v.name)).code(v.run.trim()))
        .collect();
    let mut found = Vec::new();
    for (label, lines) in [("Task checks", checks), ("Gates", gates)] {
        if !lines.is_empty() {
            found.push(fact(label, lines));
        }
    }
    let none = vec![Line::prose("no `[[validate]]` in the tasks file: what merges lands")];
    found.push(fact("On the merged state", if merged.is_empty() { none } else { merged }));
    let chosen = chosen_interval(plan);
    let criteria = format!(
        "every task succeeds, the merged state passes, and it has landed within {}",
        range(&chosen)
    );
    found.push(fact("Success Criteria", vec![text(criteria)]));
    let target = facts.target.map_or_else(|| text("the target"), |t| Line::new().code(t));
    let back = Line::new()
        .code("wt-orch undo")
        .text(" puts ")
        .join(target)
        .text(" back to where it was before the landing");
    found.push(fact("Rollback Plan", vec![back]));
    found
}
