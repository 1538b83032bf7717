//! What the patterns of a tasks file do to a plan: inferred order, conditions, fail-fast.

use super::prose::Line;
use crate::domain::plan::{Order, Plan, Planned};

/// A label and lines for each of them; none of those that the plan does not have.
pub(super) fn pattern_lines(plan: &Plan) -> impl Iterator<Item = (&'static str, Vec<Line>)> {
    let lists = [
        ("order", order_lines(plan)),
        ("conditions", plan.tasks.iter().filter_map(condition_line).collect()),
        ("fail-fast", fail_fast_lines(plan)),
    ];
    lists.into_iter()
}

fn condition_line(planned: &Planned) -> Option<Line> {
    let id = Line::new().code(planned.task.id.as_str());
    let expected = match (&planned.task.pattern.when, planned.left_out) {
        (Some(when), out) => {
            let line = id.text(" runs only if ").code(when.to_string());
            line.text(if out { ": not expected, it counts as no time" } else { ": expected" })
        }
        (None, true) => id.text(" depends on what is not expected to run"),
        (None, false) => return None,
    };
    Some(expected)
}

/// Which failures stop what else.
fn fail_fast_lines(plan: &Plan) -> Vec<Line> {
    if plan.fail_fast.run {
        return vec![Line::new().text("the first failure stops the rest of the run")];
    }
    let of_group = |group: &String| {
        let line = Line::new().text("the first failure in group ").code(group.as_str());
        let members = plan.tasks.iter().map(|planned| &planned.task);
        let members = members.filter(|task| task.pattern.group.as_ref() == Some(group));
        line.text(" stops the rest of it: ").codes(members.map(|task| task.id.as_str()))
    };
    plan.fail_fast.groups.iter().map(of_group).collect()
}

/// Who waits for whom although nobody wrote it down.
pub(super) fn order_lines(plan: &Plan) -> Vec<Line> {
    plan.orders.iter().map(|order| order_line(plan, order)).collect()
}

/// A reader and its writer.
pub(super) fn order_line(plan: &Plan, order: &Order) -> Line {
    let id = |task: usize| plan.tasks[task].task.id.as_str();
    Line::new()
        .code(id(order.then))
        .text(" reads ")
        .codes(&order.paths)
        .text(", which ")
        .code(id(order.first))
        .text(" owns: runs after it")
}
