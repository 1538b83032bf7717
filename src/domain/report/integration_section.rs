//! What an integration merged, validated and moved.

use super::advice::undo_step;
use super::conflict_section::conflicts;
use super::integrate_document::{candidate_runs, command_of};
use super::prose::{Line, Mark};
use super::section::{Block, Section, Step, Table};
use crate::domain::id::RunId;
use crate::domain::integrate::{
    EjectionReason, ForecastKind, Integration, IntegrationOutcome, Refusal, ValidationVerdict,
};
use crate::domain::time::human_duration;

/// The result in one line.
pub fn integration_headline(integration: &Integration) -> Line {
    let spec = &integration.spec;
    let tasks = match integration.train.len() {
        1 => "1 task".to_owned(),
        n => format!("{n} tasks"),
    };
    match &integration.outcome {
        Some(IntegrationOutcome::Landed { old, new, .. }) => Line::new()
            .mark(Mark::Good, "landed")
            .text(format!(" {tasks}: "))
            .code(spec.target.as_str())
            .text(" moved from ")
            .code(old.short())
            .text(" to ")
            .code(new.short()),
        Some(IntegrationOutcome::DryRun) => Line::new()
            .mark(Mark::Strong, "dry run")
            .text(format!(": {tasks} would be merged into "))
            .code(spec.target.as_str())
            .text("; validation did not run and nothing was moved"),
        Some(IntegrationOutcome::NothingToLand) => Line::new()
            .mark(Mark::Warn, "nothing landed")
            .text(" on ")
            .code(spec.target.as_str())
            .text(if spec.members.is_empty() {
                ": no task is ready"
            } else if integration.train.is_empty() {
                ": everything that was ready is left out"
            } else {
                ": what was merged is there already, in other commits"
            }),
        Some(IntegrationOutcome::Refused(refusal)) => Line::new()
            .mark(Mark::Bad, "nothing landed")
            .text(" on ")
            .code(spec.target.as_str())
            .text(": ")
            .join(Line::prose(&refusal.to_string())),
        None => Line::new().text("integration into ").code(spec.target.as_str()).text(" under way"),
    }
}

/// What goes with the headline: order, validation, what was left out and how to resolve it.
pub fn integration_sections(run: &RunId, integration: &Integration) -> Vec<Section> {
    let mut blocks = vec![Block::List(facts(integration))];
    if let Some(table) = validation_table(integration) {
        blocks.push(Block::Table(table));
    }
    let left_out: Vec<Line> = left_out(integration).chain(forecasts(integration)).collect();
    if !left_out.is_empty() {
        blocks.push(Block::List(left_out));
    }
    let mut sections = vec![Section { heading: "Integration", blocks }];
    sections.extend(conflicts(run, integration));
    sections
}

fn facts(integration: &Integration) -> Vec<Line> {
    let spec = &integration.spec;
    let mut facts = Vec::new();
    if !integration.train.is_empty() {
        let merged = integration.train.iter().map(|(task, _)| task);
        facts.push(Line::new().text("merge order: ").codes(merged));
        facts.push(Line::new().text("why: ").join(Line::prose(&spec.order_reason)));
    }
    facts.push(Line::new().text(format!("trees made by {}", spec.engine)));
    if integration.moved > 0 {
        let times = if integration.moved == 1 { "once" } else { "several times" };
        facts.push(Line::new().text(format!(
            "the target moved {times} meanwhile, so everything was merged and validated again"
        )));
    }
    if let Some(IntegrationOutcome::Landed { checkout: Some(path), .. }) = &integration.outcome {
        facts.push(Line::new().text("files were updated in ").code(path.as_str()));
    }
    facts
}

fn validation_table(integration: &Integration) -> Option<Table> {
    let runs = candidate_runs(integration);
    let mut table = Table::new(&["Validation", "Command", "Result", ">Time", "Ending"]);
    for (run, verdict) in runs {
        let ending = if run.tainted.is_empty() {
            Line::new().text(run.ending.as_str())
        } else {
            Line::new().text("changed tracked files: ").codes(&run.tainted)
        };
        table.rows.push(vec![
            Line::new().text(run.name.as_str()),
            Line::new().code(command_of(integration, &run.name)),
            verdict_word(verdict),
            Line::new().text(human_duration(run.duration)),
            ending,
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

fn verdict_word(verdict: ValidationVerdict) -> Line {
    match verdict {
        ValidationVerdict::Passed => Line::new().mark(Mark::Good, "passed"),
        ValidationVerdict::Failed => Line::new().mark(Mark::Bad, "failed"),
        ValidationVerdict::Flaky => Line::new().mark(Mark::Warn, "flaky"),
        ValidationVerdict::Baseline => Line::new().mark(Mark::Warn, "fails on the target too"),
    }
}

/// Tasks that are left out, by reason.
fn left_out(integration: &Integration) -> impl Iterator<Item = Line> + '_ {
    let reasons = [
        (EjectionReason::Conflict, "conflict"),
        (EjectionReason::Validation, "a validation fails with it"),
        (EjectionReason::Tainted, "tracked files were changed while it was validated"),
        (EjectionReason::NeedsGit, "only the git program can merge it"),
        (EjectionReason::Dependency, "needs what is left out"),
        (EjectionReason::Unfinished, "did not succeed"),
    ];
    reasons.into_iter().filter_map(move |(reason, words)| {
        let of_reason = integration.ejected.iter().filter(move |e| e.reason == reason);
        let mut tasks = of_reason.map(|ejection| &ejection.task).peekable();
        tasks.peek()?;
        let line = Line::new().mark(Mark::Bad, "left out");
        Some(line.text(format!(" ({words}): ")).codes(tasks))
    })
}

/// Pairs that merge, but that somebody should look at.
fn forecasts(integration: &Integration) -> impl Iterator<Item = Line> + '_ {
    let merged = |id: &str| integration.train.iter().any(|(task, _)| task.as_str() == id);
    integration.spec.matrix.iter().filter_map(move |cell| {
        let words = match cell.forecast {
            ForecastKind::OrderSensitive => "merge, but the result depends on the order",
            ForecastKind::Unknown => "could not be compared",
            ForecastKind::Clean | ForecastKind::SamePath | ForecastKind::Conflict => return None,
        };
        if !(merged(&cell.a) && merged(&cell.b)) {
            return None;
        }
        let pair = Line::new().code(cell.a.as_str()).text(" and ").code(cell.b.as_str());
        let line = pair.text(" ").mark(Mark::Warn, words);
        Some(if cell.paths.is_empty() { line } else { line.text(": ").codes(&cell.paths) })
    })
}

/// What to type next: at the end of a landing, the command that takes it back.
pub fn integration_steps(run: &RunId, integration: &Integration) -> Vec<Step> {
    match &integration.outcome {
        Some(IntegrationOutcome::Landed { operation, .. }) => vec![undo_step(*operation)],
        Some(IntegrationOutcome::Refused(Refusal::Checkout { resolve, .. })) => {
            vec![Step::new(resolve.as_str(), "clears the way for landing")]
        }
        Some(IntegrationOutcome::DryRun) => {
            vec![Step::new(format!("wt-orch integrate {run}"), "merge, validate and land")]
        }
        Some(IntegrationOutcome::Refused(_) | IntegrationOutcome::NothingToLand) | None => {
            Vec::new()
        }
    }
}
