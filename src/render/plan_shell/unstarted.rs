//! Tasks that the script leaves to whoever can tell what became of others.

use crate::domain::plan::Plan;
use crate::domain::report::shell_word;

/// Tasks with a condition, and whatever depends on one: a script that started them anyway would do
/// what nobody asked for. Gates go on without them.
pub(super) fn unstarted(plan: &Plan) -> Vec<bool> {
    let tasks = &plan.tasks;
    let mut out: Vec<bool> =
        tasks.iter().map(|planned| planned.task.pattern.when.is_some()).collect();
    loop {
        let behind = |at: usize| {
            let task = &tasks[at].task;
            let on = |other: usize| task.depends_on.contains(&tasks[other].task.id);
            !task.work.is_gate() && (0..tasks.len()).any(|other| out[other] && on(other))
        };
        let next: Vec<bool> = (0..tasks.len()).map(|at| out[at] || behind(at)).collect();
        if next == out {
            return out;
        }
        out = next;
    }
}

/// Says that and why a task is not started; one that the plan counts on is missing in the end.
pub(super) fn told(plan: &Plan, number: usize) -> String {
    let planned = &plan.tasks[number];
    let id = &planned.task.id;
    let why = match &planned.task.pattern.when {
        Some(when) => format!("it runs only if {when}, which this script does not decide"),
        None => "it depends on a task with a condition".to_owned(),
    };
    let line = shell_word(&format!("{id}: not started: {why}; `wt-orch split` does"));
    let missing = if planned.left_out { "" } else { "failed=1\n" };
    format!("tell {line}\n{missing}")
}
