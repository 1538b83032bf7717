//! What the patterns of a tasks file do to a plan: inferred order, conditions, fail-fast.

use std::time::Duration;

use super::prose::Line;
use crate::domain::plan::{Order, Plan, Planned};
use crate::domain::time::{from_secs, human_duration};

/// A label and lines for each of them; none of those that the plan does not have.
pub(super) fn pattern_lines(plan: &Plan) -> impl Iterator<Item = (&'static str, Vec<Line>)> {
    let lists = [
        ("order", order_lines(plan)),
        ("conditions", plan.tasks.iter().filter_map(condition_line).collect()),
        ("fail-fast", fail_fast_lines(plan)),
        ("time limits", time_limits(plan).iter().map(time_limit_line).collect()),
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

/// A time limit beside what is expected.
pub(super) struct PlannedLimit<'a> {
    /// The group; `None` means the run.
    pub(super) group: Option<&'a str>,
    pub(super) limit: Duration,
    /// From the first start of one of its tasks to the end of the last one.
    pub(super) expected: Duration,
}

/// All time limits of a plan, that of the run first.
pub(super) fn time_limits(plan: &Plan) -> Vec<PlannedLimit<'_>> {
    let of = |group: Option<&'_ str>| {
        let meant =
            |planned: &&Planned| group.is_none() || planned.task.pattern.group.as_deref() == group;
        let members = || plan.tasks.iter().filter(meant).map(|planned| planned.schedule);
        let first = members().map(|times| times.start_s).fold(f64::INFINITY, f64::min);
        let last = members().map(|times| times.finish_s).fold(0.0, f64::max);
        from_secs(last - first)
    };
    let run = plan.time_limits.run.map(|limit| (None, limit));
    let groups = plan.time_limits.groups.iter();
    run.into_iter()
        .chain(groups.map(|(group, limit)| (Some(group.as_str()), *limit)))
        .map(|(group, limit)| PlannedLimit { group, limit, expected: of(group) })
        .collect()
}

fn time_limit_line(planned: &PlannedLimit<'_>) -> Line {
    let line = match planned.group {
        Some(group) => Line::new().text("group ").code(group),
        None => Line::new().text("the run"),
    };
    let (limit, expected) = (human_duration(planned.limit), human_duration(planned.expected));
    let verdict =
        if planned.expected > planned.limit { ": what is left then is stopped" } else { "" };
    line.text(format!(" may take {limit} and is expected to take {expected}{verdict}"))
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
