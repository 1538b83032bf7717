//! What an integration merged, validated and moved.

use super::advice::{again, undo_step};
use super::conflict_section::conflicts;
use super::forecast_section::forecast_section;
use super::integrate_document::{MatrixEntry, command_of};
use super::prose::{Line, Mark};
use super::section::{Block, Section, Step, Table};
use crate::domain::diagnostic::some_quoted;
use crate::domain::integrate::{
    EjectionReason, FailingSet, ForecastKind, Integration, IntegrationOutcome, Refusal,
    ValidationVerdict,
};
use crate::domain::race::RaceSpec;
use crate::domain::run::RunSpec;
use crate::domain::time::human_duration;

/// Failing tests named in one line.
const TESTS_NAMED: usize = 3;

/// The result in one line.
pub fn integration_headline(run: &RunSpec, integration: &Integration) -> Line {
    let spec = &integration.spec;
    let train = integration.train();
    let tasks = match train.len() {
        1 => "1 task".to_owned(),
        n => format!("{n} tasks"),
    };
    match &integration.outcome {
        Some(IntegrationOutcome::Landed { old, new, .. }) => {
            let landed = Line::new().mark(Mark::Good, "landed").text(format!(" {tasks}: "));
            let landed = landed.code(spec.destination());
            match spec.branch {
                None => landed.text(" moved from ").code(old.short()).text(" to "),
                Some(_) => landed.text(" made at "),
            }
            .code(new.short())
        }
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
            } else if train.is_empty() {
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
        None => Line::new()
            .text("integration into ")
            .code(spec.target.as_str())
            .mark(Mark::Warn, " was not finished")
            .text(": ")
            .code(again(run, integration))
            .text(" starts it again; where it left a conflict to you, ")
            .code(format!("wt-orch integrate {} --continue", run.run))
            .text(" goes on"),
    }
}

/// What goes with the headline: order, validation, what was left out and how to resolve it.
pub fn integration_sections(run: &RunSpec, integration: &Integration) -> Vec<Section> {
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
    let train = integration.train();
    if !train.is_empty() {
        let merged = train.iter().map(|(task, _)| *task);
        facts.push(Line::new().text("merge order: ").codes(merged));
        facts.push(Line::new().text("why: ").join(Line::prose(&spec.order_reason)));
    }
    facts.push(Line::new().text(format!("trees made by {}", makers(integration))));
    for (task, remarks) in integration.remarks() {
        let sentences = remarks.sentences();
        facts.extend(sentences.map(|said| Line::prose(&format!("`{task}`: {said}"))));
    }
    facts.extend(integration.failing_sets.iter().map(culprits));
    let runs = integration.validations_run();
    if runs > spec.validations.len() {
        facts.push(Line::new().text(format!("{runs} validations were run to find that out")));
    }
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

/// `git 2.47.3`, or each with how many where there are several.
fn makers(integration: &Integration) -> String {
    let engines: Vec<String> =
        integration.engines().into_iter().map(|(e, count)| format!("{e} ({count})")).collect();
    match (&engines[..], integration.engines().keys().next()) {
        ([_], Some(only)) => (*only).to_owned(),
        ([], _) => integration.spec.engine.clone(),
        (several, _) => several.join(", "),
    }
}

/// Who breaks what, and which tests fail.
fn culprits(set: &FailingSet) -> Line {
    let tests = set.failing_names();
    if tests == [set.validation.clone()] {
        return Line::prose(&set.sentence());
    }
    Line::prose(&format!("{} ({})", set.sentence(), some_quoted(&tests, TESTS_NAMED)))
}

fn validation_table(integration: &Integration) -> Option<Table> {
    let mut table = Table::new(&["Validation", "Command", "Result", ">Time", "Ending"]);
    for run in integration.summaries() {
        let ending = if run.tainted.is_empty() {
            Line::new().text(run.ending)
        } else {
            Line::new().text("changed tracked files: ").codes(run.tainted)
        };
        table.rows.push(vec![
            Line::new().text(run.name),
            Line::new().code(command_of(integration, run.name)),
            verdict_word(run.verdict),
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
    let ejected = integration.ejected();
    reasons.into_iter().filter_map(move |(reason, words)| {
        let of_reason = ejected.iter().filter(move |e| e.reason == reason);
        let mut tasks = of_reason.map(|ejection| &ejection.task).peekable();
        tasks.peek()?;
        let line = Line::new().mark(Mark::Bad, "left out");
        Some(line.text(format!(" ({words}): ")).codes(tasks))
    })
}

/// Pairs that merge, but that somebody should look at.
fn forecasts(integration: &Integration) -> impl Iterator<Item = Line> + '_ {
    let train = integration.train();
    let merged = move |id: &str| train.iter().any(|(task, _)| task.as_str() == id);
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

/// The forecast of an integration's branches with one another and with others.
pub fn against_section(integration: &Integration, against: &[MatrixEntry]) -> Option<Section> {
    let spec = &integration.spec;
    let mut names: Vec<&str> = spec.members.iter().map(|member| member.task.as_str()).collect();
    for entry in against {
        if !names.contains(&entry.b.as_str()) {
            names.push(&entry.b);
        }
    }
    let own = spec.matrix.iter().map(MatrixEntry::from);
    let matrix: Vec<MatrixEntry> = own.chain(against.iter().cloned()).collect();
    forecast_section(&names, &matrix)
}

/// What to type next: at the end of a landing, the command that takes it back.
pub fn integration_steps(run: &RunSpec, integration: &Integration) -> Vec<Step> {
    match &integration.outcome {
        Some(IntegrationOutcome::Landed { operation, .. }) => {
            vec![undo_step(integration, *operation)]
        }
        Some(IntegrationOutcome::Refused(Refusal::Checkout { resolve, .. })) => {
            vec![Step::new(resolve.as_str(), "clears the way for landing")]
        }
        Some(IntegrationOutcome::Refused(Refusal::CheckFails { target, env, .. })) => {
            let others = "see which other arms are proved; `integrate --arm ID` lands one";
            // Without what it had there an arm would be proved there only.
            let again = run.kind.race().filter(|_| env.is_empty()).map(RaceSpec::again);
            let again = again
                .map(|command| Step::new(command, format!("race again from `{target}` as it is")));
            let report = Step::new(format!("wt-orch report {}", run.run), others);
            [report].into_iter().chain(again).collect()
        }
        Some(IntegrationOutcome::DryRun) => {
            vec![Step::new(again(run, integration), "merge, validate and land")]
        }
        Some(IntegrationOutcome::Refused(_) | IntegrationOutcome::NothingToLand) | None => {
            Vec::new()
        }
    }
}
