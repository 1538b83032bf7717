//! A scenario in one plain sentence.

use super::apply::Applied;
use super::compare::landed;
use super::{Change, WhatIf};
use crate::domain::id::TaskId;
use crate::domain::plan::build::PlanRequest;
use crate::domain::plan::plan_type::{Plan, Verdict};
use crate::domain::task::human_size;
use crate::domain::time::{from_secs, human_duration};

/// Differences below this share of the time, or below half a second, are none.
const NOTHING: f64 = 0.02;

/// What is different, what that makes of the time, on what, and what limits it.
pub(super) fn sentence(
    what_if: &WhatIf,
    applied: &Applied,
    base: &PlanRequest<'_>,
    (before, after): (&Plan, &Plan),
) -> String {
    let changes: Vec<String> =
        what_if.changes.iter().map(|change| changed(change, applied, base)).collect();
    let mut text = format!("with {} it {}", changes.join(", "), effect(before, after));
    text += &slots(before, after);
    if after.decision.verdict == Verdict::Parallel {
        text = format!("{text}; bound by {}", after.decision.binding.phrase());
    }
    let lost: Vec<String> =
        what_if.changes.iter().filter_map(|change| lost(change, applied, base, before)).collect();
    if lost.is_empty() { text } else { format!("{text}; lost capacity: {}", lost.join(", ")) }
}

fn changed(change: &Change, applied: &Applied, base: &PlanRequest<'_>) -> String {
    match change {
        Change::Width(width) => format!("at most {}", counted(*width, "slot")),
        Change::Add(more) => format!(
            "{} at work (at most {})",
            counted(*more, "more agent"),
            counted(applied.slots, "slot")
        ),
        Change::Cpus(cores) => {
            format!("{} instead of {}", counted(*cores, "core"), base.host.cores)
        }
        Change::Memory(bytes) if base.host.memory == 0 => {
            format!("{} of memory", human_size(*bytes))
        }
        Change::Memory(bytes) => {
            format!("{} of memory instead of {}", human_size(*bytes), human_size(base.host.memory))
        }
        Change::Capacity { name, units } => {
            let known = base.capacity.get(name).copied().unwrap_or(0);
            format!("{units} instead of {known} of `{name}`")
        }
        Change::Takes { task, seconds } => {
            format!("`{task}` taking {}", human_duration(from_secs(*seconds)))
        }
        Change::Scale(factor) => format!("all tasks taking {factor} times as long"),
        Change::Drop(task) => {
            let others = applied.gone.iter().filter(|gone| *gone != task);
            let others: Vec<String> = others.map(|gone| format!("`{gone}`")).collect();
            if others.is_empty() {
                format!("`{task}` dropped")
            } else {
                format!("`{task}` dropped, and with it {}", others.join(", "))
            }
        }
        Change::Tasks(count) => like(*count, applied.median.as_ref(), "the median one, "),
        Change::Clone { task, count } => like(*count, Some(task), ""),
        Change::After { task, on } => format!("`{task}` after `{on}`"),
    }
}

fn like(count: usize, task: Option<&TaskId>, which: &str) -> String {
    let model = task.map_or_else(String::new, |task| format!(" like {which}`{task}`"));
    format!("{}{model}", counted(count, "more task"))
}

fn effect(before: &Plan, after: &Plan) -> String {
    let (was, is) = (landed(before).p50, landed(after).p50);
    let difference = is - was;
    if difference.abs() < (NOTHING * was).max(0.5) {
        return "takes as long".to_owned();
    }
    let word = if difference > 0.0 { "slower" } else { "faster" };
    let percent = difference / was.max(1e-9) * 100.0;
    let time = human_duration(from_secs(difference.abs()));
    format!("is {time} {word} ({percent:+.0} %)")
}

fn slots(before: &Plan, after: &Plan) -> String {
    let (was, is) = (before.decision.width, after.decision.width);
    match (before.decision.verdict, after.decision.verdict) {
        (Verdict::Parallel, Verdict::Sequential) => {
            ", and the verdict turns to sequential".to_owned()
        }
        (Verdict::Sequential, Verdict::Parallel) => {
            format!(", and the verdict turns to parallel on {}", counted(is, "slot"))
        }
        (Verdict::Sequential, Verdict::Sequential) => ", still one after another".to_owned(),
        (Verdict::Parallel, Verdict::Parallel) if was == is => {
            format!(" on the same {}", counted(is, "slot"))
        }
        (Verdict::Parallel, Verdict::Parallel) => {
            format!(" on {} instead of {was}", counted(is, "slot"))
        }
    }
}

/// What there is less of than before.
fn lost(
    change: &Change,
    applied: &Applied,
    base: &PlanRequest<'_>,
    before: &Plan,
) -> Option<String> {
    match change {
        Change::Width(_) if applied.slots < before.decision.width => {
            let was = before.decision.width;
            Some(format!("{} of {was} slots", was - applied.slots))
        }
        Change::Cpus(cores) if *cores < base.host.cores => {
            Some(format!("{} of {} cores", base.host.cores - cores, base.host.cores))
        }
        Change::Memory(bytes) if *bytes < base.host.memory => {
            let less = human_size(base.host.memory - bytes);
            Some(format!("{less} of {} of memory", human_size(base.host.memory)))
        }
        Change::Capacity { name, units } => {
            let was = base.capacity.get(name).copied().unwrap_or(0);
            (*units < was).then(|| format!("{} of {was} of `{name}`", was - units))
        }
        Change::Width(_)
        | Change::Cpus(_)
        | Change::Memory(_)
        | Change::Add(_)
        | Change::Takes { .. }
        | Change::Scale(_)
        | Change::Drop(_)
        | Change::Tasks(_)
        | Change::Clone { .. }
        | Change::After { .. } => None,
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
