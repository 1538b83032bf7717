//! The optimisation report of a plan (`plan --format md`): structure, conflicts, prediction,
//! execution, ways back. Every sentence is taken from the plan or from what the program does.

mod conflicts;
mod execution;
mod performance;
mod structure;
#[cfg(test)]
mod tests;
mod utilization;

use super::headline::chosen_interval;
use super::plan_answer::PlanAnswer;
use super::plan_facts::{deadline_lines, overhead_line};
use super::prediction::{human, range};
use super::prose::Line;
use super::scenario_section::scenarios;
use super::section::{Block, Fact, Report, Section};
use crate::domain::id::Oid;
use crate::domain::plan::{ConflictCost, Host, Plan, Verdict};
use crate::domain::time::Timestamp;

/// What the report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Optimization<'a> {
    /// The plan with what was asked beside it.
    pub answer: &'a PlanAnswer,
    /// What sharing costs.
    pub costs: &'a [ConflictCost],
    /// Name of the task set.
    pub workflow: &'a str,
    /// When the plan was made.
    pub at: Timestamp,
    /// The tasks file as it was named.
    pub file: &'a str,
    /// Commit that every task starts from.
    pub base: Oid,
    /// What it was called.
    pub base_name: &'a str,
    /// Branch that a landing goes to.
    pub target: Option<&'a str>,
    /// The machine.
    pub host: Host,
    /// Most slots.
    pub slots: usize,
}

/// The report.
pub fn optimization_report(facts: &Optimization<'_>) -> Report {
    let plan = &facts.answer.plan;
    let mut sections = vec![
        Section { heading: "", blocks: vec![Block::Facts(heading(facts))] },
        Section { heading: "Executive Summary", blocks: summary(plan) },
        structure::section(plan),
        conflicts::section(facts),
        performance::section(facts),
    ];
    sections.extend(scenarios(&facts.answer.scenarios));
    sections.extend(execution::sections(facts));
    Report { title: Line::new().text("Parallel Orchestration Optimization Report"), sections }
}

fn fact(label: &'static str, lines: Vec<Line>) -> Fact {
    Fact { label, lines, rows: usize::MAX }
}

fn text(text: impl Into<String>) -> Line {
    Line::new().text(text)
}

fn heading(facts: &Optimization<'_>) -> Vec<Fact> {
    let mut target = vec![text("the shortest time until everything has landed")];
    target.extend(facts.answer.deadline.iter().flat_map(deadline_lines));
    let base = Line::new().code(facts.base_name).text(" at ").code(facts.base.short());
    vec![
        fact("Workflow", vec![Line::new().code(facts.workflow).text(" in ").code(facts.file)]),
        fact("Analysis Date", vec![text(facts.at.to_rfc3339())]),
        fact("Base", vec![base]),
        fact("Optimization Target", target),
    ]
}

fn summary(plan: &Plan) -> Vec<Block> {
    let predicted = &plan.predicted;
    let chosen = chosen_interval(plan);
    let current = format!("{} one after another (baseline)", human(predicted.sequential.p50));
    let optimized = match plan.decision.verdict {
        Verdict::Parallel => {
            format!("{} side by side on {} slots", human(chosen.p50), plan.decision.width)
        }
        Verdict::Sequential if predicted.parallel_width > 1 => format!(
            "{} one after another; {} slots would take {}",
            human(chosen.p50),
            predicted.parallel_width,
            human(predicted.parallel.p50)
        ),
        Verdict::Sequential => {
            format!("{} one after another: nothing can run side by side", human(chosen.p50))
        }
    };
    let saved = predicted.sequential.p50 - chosen.p50;
    let gain = format!(
        "{:.0} % ({} {})",
        saved / predicted.sequential.p50.max(1e-9) * 100.0,
        human(saved.abs()),
        if saved < 0.0 { "more" } else { "less" }
    );
    let half = (chosen.high - chosen.low) / 2.0 / chosen.p50.max(1e-9) * 100.0;
    let held = if predicted.calibrated {
        "calibrated on past runs"
    } else {
        "provisional, not held against past runs"
    };
    let confidence = format!("95 %: {} (±{half:.0} %), {held}", range(&chosen));
    let mut facts = vec![
        fact("Current Performance", vec![text(current)]),
        fact("Optimized Performance", vec![text(optimized)]),
        fact("Performance Gain", vec![text(gain)]),
        fact("Confidence Level", vec![text(confidence)]),
        fact("Risk Assessment", vec![risk(plan)]),
    ];
    if predicted.parallel_width > 1 {
        facts.push(fact("Overhead side by side", vec![overhead_line(&predicted.overhead)]));
        facts.push(fact("Bound by", vec![Line::prose(&plan.decision.bound_by)]));
    }
    let reasons = plan.decision.reasons.iter().map(|reason| Line::prose(reason)).collect();
    vec![Block::Facts(facts), Block::List(reasons)]
}

/// Share of the predicted time from which on expected conflicts are a high risk.
const HIGH_RISK: f64 = 0.1;

/// How likely it is that merging spoils the gain, and why.
fn risk(plan: &Plan) -> Line {
    let open = plan.tasks.iter().filter(|p| p.task.owns.is_none() && !p.task.read_only).count();
    let writers = plan.tasks.iter().filter(|p| !p.task.read_only).count();
    let conflict = plan.predicted.overhead.conflict;
    let landed = chosen_interval(plan).p50;
    match (plan.decision.verdict, conflict) {
        (Verdict::Sequential, _) => {
            text("Low: each task starts from the work of the one before it")
        }
        (Verdict::Parallel, Some(seconds)) if seconds > HIGH_RISK * landed => {
            text(format!("High: conflicts are expected to cost {} on average", human(seconds)))
        }
        (Verdict::Parallel, _) if open > 0 && writers > 1 => text(format!(
            "Medium: {open} of {} tasks do not say which files they own",
            plan.tasks.len()
        )),
        (Verdict::Parallel, Some(seconds)) if seconds >= 1.0 => {
            text(format!("Medium: conflicts are expected to cost {} on average", human(seconds)))
        }
        (Verdict::Parallel, _) => {
            text("Low: tasks that may write the same files wait for one another")
        }
    }
}
