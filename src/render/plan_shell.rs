//! A plan as a POSIX shell script that does the same with git alone: for machines without this
//! program, and to see that there is no magic in it.
//!
//! Tasks start in groups and a group ends before the next one starts, which is simpler and a little
//! slower than what `split` does.

mod groups;
mod steps;
#[cfg(test)]
mod tests;
mod unstarted;

use groups::groups;
use steps::{function, integration, setup, start, validations};

use unstarted::unstarted;

use super::text::visible;
use crate::domain::id::Oid;
use crate::domain::plan::{Plan, Verdict};
use crate::domain::report::shell_word;
use crate::domain::time::{from_secs, human_duration};

/// What the script needs to know beside the plan.
#[derive(Debug, Clone, Copy)]
pub struct ShellPlan<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Name of the task set.
    pub workflow: &'a str,
    /// Commit that every task starts from.
    pub base: Oid,
    /// Branch that a landing goes to.
    pub target: Option<&'a str>,
    /// Text of each role by name.
    pub personas: &'a [(String, String)],
}

const PREAMBLE: &str = include_str!("plan_shell/preamble.sh");

/// The script.
pub fn plan_shell(facts: &ShellPlan<'_>) -> String {
    let plan = facts.plan;
    let mut parts = vec!["#!/bin/sh\n".to_owned()];
    parts.extend(
        heading(facts)
            .iter()
            .map(|line| format!("# {}", visible(line)).trim_end().to_owned() + "\n"),
    );
    // Commands in quotes are expanded by their own shell; functions are called by their number.
    parts.push("# shellcheck disable=SC2016,SC2317,SC2329\nset -eu\n\n".to_owned());
    parts.push(format!("workflow={}\nbase={}\n", shell_word(facts.workflow), facts.base));
    parts.push(PREAMBLE.to_owned());
    parts.push(setup(plan));
    parts.extend((0..plan.tasks.len()).map(|task| function(facts, task)));
    let groups = groups(plan);
    let unstarted = unstarted(plan);
    let of = groups.len();
    for (number, group) in groups.iter().enumerate() {
        let names: Vec<&str> =
            group.iter().map(|&task| plan.tasks[task].task.id.as_str()).collect();
        parts.push(format!("\n# Group {} of {of}: {}\n", number + 1, names.join(", ")));
        parts.extend(group.iter().map(|&task| start(plan, &unstarted, task)));
        parts.push("wait\n".to_owned());
        if plan.decision.verdict == Verdict::Sequential {
            parts.extend(names.iter().map(|name| format!("follow {name}\n")));
        }
    }
    parts.extend([integration(plan, &unstarted), validations(plan), landing(facts)]);
    parts.concat()
}

fn heading(facts: &ShellPlan<'_>) -> Vec<String> {
    let plan = facts.plan;
    let how = match plan.decision.verdict {
        Verdict::Parallel => format!("at most {} at once", plan.decision.width),
        Verdict::Sequential => "one after another".to_owned(),
    };
    let predicted = match plan.decision.verdict {
        Verdict::Parallel => plan.predicted.parallel.p50,
        Verdict::Sequential => plan.predicted.sequential.p50,
    };
    let mut lines = vec![
        format!(
            "Plan of {}: {} tasks, {how}, about {}.",
            facts.workflow,
            plan.tasks.len(),
            human_duration(from_secs(predicted))
        ),
        "Made by `wt-orch plan --format sh`. Needs git and a POSIX shell.".to_owned(),
        String::new(),
        "Start it within the repository. Every task gets a worktree and a branch; your checkout,".to_owned(),
        "its branch and its index stay as they are. Not done here, but by `wt-orch split`: limits on".to_owned(),
        "what tasks write (`owns`), withheld credentials, files brought along, ports, resuming.".to_owned(),
    ];
    let left: Vec<&str> = (unstarted(plan).into_iter().zip(&plan.tasks))
        .filter_map(|(left, planned)| left.then_some(planned.task.id.as_str()))
        .collect();
    if !left.is_empty() {
        lines.push(
            "Tasks with a condition, and what depends on them, are left to `wt-orch split`:"
                .to_owned(),
        );
        lines.push(format!("{}.", left.join(", ")));
    }
    if plan.fail_fast.run || !plan.fail_fast.groups.is_empty() {
        lines.push("A failure does not stop what else runs: fail-fast is not obeyed.".to_owned());
    }
    if plan.time_limits.run.is_some() || !plan.time_limits.groups.is_empty() {
        lines.push("The time of the run and of groups is not limited.".to_owned());
    }
    if plan.setup.iter().any(|planned| planned.applies) {
        lines.push(
            "What setup hooks leave is committed with the task, unless git ignores it.".to_owned(),
        );
    }
    lines
}

fn landing(facts: &ShellPlan<'_>) -> String {
    let onto = match facts.target {
        Some(target) => format!("land \"$branches/_integration\" {}\n", shell_word(target)),
        None => "land \"$branches/_integration\" ''\n".to_owned(),
    };
    format!("\n{onto}exit \"$failed\"\n")
}
