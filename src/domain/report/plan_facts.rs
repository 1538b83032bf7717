//! What a plan says, by what it is about: times, overhead, reasons, what would turn it.

use std::collections::BTreeMap;

use super::plan_answer::PlanAnswer;
use super::plan_patterns::pattern_lines;
use super::plan_risk::risk_lines;
use super::prediction::{human, range};
use super::prose::{Line, Mark};
use super::section::Fact;
use crate::domain::plan::{
    CarryPlan, ClaimKind, Deadline, Graph, IN_TIME, Interval, Overhead, Plan, PlannedHook, Verdict,
};

/// Shorter times show as none.
const LEAST_SHOWN_S: f64 = 0.05;

/// Critical tasks that are named one by one.
const PATH_NAMED: usize = 5;

/// How a plan gives way where a screen is too short for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Squeeze {
    /// Only the first sentence of what this label is about.
    Shorten(&'static str),
    /// Nothing of it but its label.
    LeaveOut(&'static str),
}

/// What gives way, in this order, until the plan fits.
pub const SQUEEZES: [Squeeze; 11] = [
    Squeeze::LeaveOut("carried"),
    Squeeze::LeaveOut("setup"),
    Squeeze::Shorten("advice"),
    Squeeze::LeaveOut("order"),
    Squeeze::LeaveOut("fail-fast"),
    Squeeze::LeaveOut("conditions"),
    Squeeze::LeaveOut("held apart"),
    Squeeze::LeaveOut("conflicts"),
    Squeeze::Shorten("why"),
    Squeeze::LeaveOut("advice"),
    Squeeze::Shorten("turns"),
];

/// Everything about a plan but its tasks.
pub(super) fn plan_facts(answer: &PlanAnswer) -> Vec<Fact> {
    let plan = &answer.plan;
    let (decision, predicted) = (&plan.decision, &plan.predicted);
    let prose = |lines: &[String]| lines.iter().map(|line| Line::prose(line)).collect();
    let mut facts = times(plan);
    if predicted.parallel_width > 1 {
        let overhead = overhead_line(&predicted.overhead);
        let overhead = match decision.verdict {
            Verdict::Parallel => overhead,
            Verdict::Sequential => overhead.text(" (side by side)"),
        };
        facts.push(fact("overhead", 2, vec![overhead]));
        facts.push(fact("bound by", 2, vec![bound_line(plan)]));
    }
    facts.push(fact("why", 4, prose(&decision.reasons)));
    facts.push(fact("held apart", 1, held_apart(plan)));
    facts.push(fact("conflicts", 1, risk_lines(plan)));
    facts.extend(pattern_lines(plan).map(|(label, lines)| fact(label, 1, lines)));
    facts.push(fact("setup", 1, plan.setup.iter().map(hook_line).collect()));
    facts.push(fact("carried", 1, plan.carry.iter().flat_map(carry_lines).collect()));
    facts.push(fact("deadline", 4, answer.deadline.iter().flat_map(deadline_lines).collect()));
    facts.push(fact("turns", 3, prose(&decision.flips)));
    facts.push(fact("advice", 1, prose(&decision.advice)));
    facts.retain(|fact| !fact.lines.is_empty());
    facts
}

fn fact(label: &'static str, rows: usize, lines: Vec<Line>) -> Fact {
    Fact { label, lines, rows }
}

/// Both arms, the chosen one marked; one of them where nothing can run side by side.
fn times(plan: &Plan) -> Vec<Fact> {
    let predicted = &plan.predicted;
    let chosen = plan.decision.verdict;
    let arm = |verdict: Verdict, interval: &Interval| {
        let time = human(interval.p50);
        let line = Line::new();
        let line = if verdict == chosen { line.mark(Mark::Strong, time) } else { line.text(time) };
        line.text(format!(" (95 %: {})", range(interval)))
    };
    let sequential = arm(Verdict::Sequential, &predicted.sequential);
    if predicted.parallel_width < 2 {
        return vec![fact("sequential", 1, vec![sequential])];
    }
    let share = percent(predicted.probability);
    let on = match predicted.parallel_width {
        width if chosen == Verdict::Sequential => format!(" on {width} slots"),
        _ => String::new(),
    };
    let parallel = arm(Verdict::Parallel, &predicted.parallel)
        .text(format!("{on}, faster in {share} of the draws"));
    vec![fact("sequential", 1, vec![sequential]), fact("parallel", 2, vec![parallel])]
}

/// The sum of what is spent beside the tasks, and its parts.
pub(super) fn overhead_line(overhead: &Overhead) -> Line {
    let Overhead { provision, carry, setup, commit, merge, validate, conflict } = *overhead;
    let parts = [
        ("worktrees", provision),
        ("files brought along", carry),
        ("setup", setup),
        ("commits", commit),
        ("merges", merge),
        ("validation", validate),
        ("expected conflicts", conflict),
    ];
    let total: f64 = parts.iter().filter_map(|(_, seconds)| *seconds).sum();
    let spent = parts.iter().filter_map(|(name, seconds)| {
        let seconds = seconds.filter(|seconds| *seconds >= LEAST_SHOWN_S)?;
        Some(format!("{name} {}", human(seconds)))
    });
    let spent: Vec<String> = spent.collect();
    let unknown: Vec<&str> =
        parts.iter().filter(|(_, seconds)| seconds.is_none()).map(|(name, _)| *name).collect();
    let mut text = human(total);
    if !spent.is_empty() {
        text = format!("{text}: {}", spent.join(", "));
    }
    if !unknown.is_empty() {
        text = format!("{text}; not known: {}", unknown.join(", "));
    }
    Line::new().text(text)
}

fn bound_line(plan: &Plan) -> Line {
    let bound = human(plan.lower_bound_s);
    Line::prose(&plan.decision.bound_by).text(format!("; never below {bound} at the medians"))
}

/// A longest path of dependencies at the medians.
pub(super) fn critical_path(plan: &Plan) -> Vec<usize> {
    let jobs = plan.problem.jobs.iter().enumerate();
    let edges =
        jobs.flat_map(|(then, job)| job.predecessors.iter().map(move |&first| (first, then)));
    let medians: Vec<f64> = plan.tasks.iter().map(|planned| planned.estimate.p50).collect();
    // A plan has no cycle.
    Graph::new(medians.len(), edges)
        .map_or_else(|_| Vec::new(), |graph| graph.critical_path(&medians))
}

/// Pairs that wait for one another, the first by name.
fn held_apart(plan: &Plan) -> Vec<Line> {
    let id = |task: usize| plan.tasks[task].task.id.as_str();
    let claims = plan.claims.iter().map(|claim| {
        let pair = Line::new().code(id(claim.a)).text(" and ").code(id(claim.b));
        pair.text(format!(": {} ", why_apart(claim.kind))).codes(&claim.paths)
    });
    let locks = locks(plan).into_iter().map(|(lock, holders)| {
        Line::new().codes(holders).text(": they share the lock ").code(lock)
    });
    claims.chain(locks).collect()
}

/// Why two tasks exclude one another; the paths follow.
pub(super) fn why_apart(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Owns => "both may write",
        ClaimKind::Serialised => "both own what is changed one after another,",
        ClaimKind::Reads => "one reads what the other may write,",
    }
}

/// Locks that more than one task takes, with those tasks.
pub(super) fn locks(plan: &Plan) -> Vec<(&str, Vec<&str>)> {
    let mut held: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for planned in &plan.tasks {
        for lock in &planned.task.locks {
            held.entry(lock).or_default().push(planned.task.id.as_str());
        }
    }
    held.into_iter().filter(|(_, holders)| holders.len() > 1).collect()
}

/// How likely it is in time, and what helps.
pub(super) fn deadline_lines(deadline: &Deadline) -> Vec<Line> {
    let limit = human(deadline.seconds);
    let likely = percent(deadline.probability);
    let mark = if deadline.probability >= IN_TIME { Mark::Good } else { Mark::Warn };
    let first =
        Line::new().mark(mark, likely).text(format!(" likely to have landed within {limit}"));
    if deadline.probability >= IN_TIME {
        return vec![first];
    }
    let wanted = percent(IN_TIME);
    let mut lines = vec![first];
    lines.push(match deadline.probability_after {
        Some(after) if deadline.is_met_after() => Line::new()
            .text("without ")
            .codes(&deadline.drop)
            .text(format!(" {} likely", percent(after))),
        Some(after) => Line::new()
            .text(format!("dropping tasks does not bring it to {wanted}; without "))
            .codes(&deadline.drop)
            .text(format!(" it is {}", percent(after))),
        None => Line::new().text(format!(
            "no task of low or medium priority brings it to {wanted} by being dropped"
        )),
    });
    if let Some(more) = deadline.slots {
        lines.push(Line::new().text(format!(
            "{} slots would make it {} likely",
            more.slots,
            percent(more.probability)
        )));
    }
    lines
}

/// A share for people.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// `a → b → c`, the middle left out where it is long.
pub(super) fn critical_text(plan: &Plan) -> String {
    let path = critical_path(plan);
    let chain: Vec<&str> = path.iter().map(|&task| plan.tasks[task].task.id.as_str()).collect();
    if chain.len() <= PATH_NAMED {
        return chain.join(" → ");
    }
    let left_out = chain.len() - PATH_NAMED;
    let (first, last) = (&chain[..3], &chain[chain.len() - 2..]);
    format!("{} → … ({left_out} more) → {}", first.join(" → "), last.join(" → "))
}

/// Ignored files that every worktree gets, at what cost, and what stays behind.
fn carry_lines(carry: &CarryPlan) -> Vec<Line> {
    let mut lines = Vec::new();
    if !carry.paths.is_empty() {
        let known = if carry.measured { "measured here" } else { "not measured yet" };
        lines.push(Line::new().text("every worktree gets ").codes(&carry.paths).text(format!(
            " from your checkout: {} in about {} ({known})",
            carry.load,
            human(carry.time_s)
        )));
    }
    lines.extend(carry.notes.iter().map(|note| Line::prose(note)));
    lines
}

fn hook_line(planned: &PlannedHook) -> Line {
    let hook = &planned.hook;
    let line = match &hook.name {
        Some(name) => Line::new().text(format!("{name}: ")),
        None => Line::new(),
    };
    let line = line.code(hook.run.trim()).text(" in each worktree");
    let Some(when) = &hook.when else { return line };
    let line = line.text(" where there is ").codes(when.globs());
    if planned.applies { line } else { line.text("; the base has none") }
}
