//! What became of the modules of a test run.

use std::time::Duration;

use super::suite_section::{ModuleOutcome, ModuleResult, SuiteSummary};
use crate::domain::diagnostic::some_quoted;
use crate::domain::id::TaskId;
use crate::domain::run::{Outcome, Reason, RunPhase, RunState, TaskRecord};
use crate::domain::suite::{FailureCause, Part, SuiteResults, merge_attempts, merge_parts};
use crate::domain::task::Work;
use crate::domain::time::{Timestamp, from_secs};

/// The modules of a test run so far, in the order of the run; `None` of any other run.
pub fn suite_summary(state: &RunState, now: Timestamp) -> Option<SuiteSummary> {
    let suite = state.spec.kind.suite()?;
    let modules: Vec<ModuleResult> =
        modules_of(&suite.parts).iter().map(|parts| module(state, parts, now)).collect();
    let ran = modules.iter().any(|module| !module.duration.is_zero());
    let ended = modules.iter().all(|module| module.outcome.came_to_its_end());
    let alone = suite.parts.len() < 2;
    Some(SuiteSummary {
        wall: state.wall(now),
        sequential: (ran && ended && !alone)
            .then(|| modules.iter().map(|module| module.duration).sum()),
        modules,
    })
}

/// The parts of each module, in the order of the run.
pub fn modules_of(parts: &[Part]) -> Vec<Vec<&Part>> {
    let mut modules: Vec<Vec<&Part>> = Vec::new();
    for part in parts {
        match modules.iter_mut().find(|module| module[0].module == part.module) {
            Some(module) => module.push(part),
            None => modules.push(vec![part]),
        }
    }
    modules
}

fn module(state: &RunState, parts: &[&Part], now: Timestamp) -> ModuleResult {
    let indices: Vec<usize> = parts.iter().filter_map(|part| state.index(&part.task)).collect();
    let records = || indices.iter().map(|&task| &*state.tasks[task]);
    let said: Vec<SuiteResults> = records().filter_map(said).collect();
    let results = merge_parts(&said);
    let predicted = indices.iter().map(|&task| state.spec.plan.tasks[task].estimate.p50).sum();
    let mut commands: Vec<String> =
        indices.iter().map(|&task| command(&state.task(task).work)).collect();
    commands.dedup();
    let outcome = outcome(goes_on(state), records(), results.as_ref());
    let troubles: Vec<String> = match outcome {
        ModuleOutcome::Failed | ModuleOutcome::TimedOut if parts.len() > 1 => {
            parts.iter().filter_map(|part| part_trouble(state, part)).collect()
        }
        ModuleOutcome::Failed | ModuleOutcome::TimedOut => {
            records().filter_map(trouble).take(1).collect()
        }
        ModuleOutcome::Stopped | ModuleOutcome::Skipped => {
            parts.iter().filter_map(|part| left_out_part(state, part)).take(1).collect()
        }
        ModuleOutcome::Passed
        | ModuleOutcome::Flaky
        | ModuleOutcome::Cancelled
        | ModuleOutcome::Running
        | ModuleOutcome::Waiting => Vec::new(),
    };
    ModuleResult {
        name: parts[0].module.clone(),
        kind: parts[0].kind,
        command: commands.join("; "),
        outcome,
        results,
        duration: records().map(|record| took(record, goes_on(state).then_some(now))).sum(),
        predicted: Some(from_secs(predicted)).filter(|time| *time > Duration::ZERO),
        attempts: records().map(|record| record.attempts).max().unwrap_or(0),
        trouble: (!troubles.is_empty()).then(|| troubles.join("; ")),
    }
}

/// What its attempts said. That another module's failure stopped it is no failure of its own.
fn said(record: &TaskRecord) -> Option<SuiteResults> {
    let said = merge_attempts(&record.suites)?;
    Some(match halted_by(record) {
        Some(_) => SuiteResults { cause: None, complete: false, flaked: false, ..said },
        None => said,
    })
}

/// How long its commands took; while the run goes on, up to `now`.
fn took(record: &TaskRecord, now: Option<Timestamp>) -> Duration {
    let since = record.started.filter(|_| record.state.is_active());
    let under_way = now.zip(since).map_or(Duration::ZERO, |(now, started)| now.since(started));
    record.usage.wall.max(under_way)
}

/// Whether what is not over is under way: of an interrupted run it begins anew.
fn goes_on(state: &RunState) -> bool {
    match state.phase {
        RunPhase::Created | RunPhase::Running | RunPhase::Stopping(_) => true,
        RunPhase::Stopped(_) | RunPhase::Finished => false,
    }
}

/// The worst of its parts.
fn outcome<'r>(
    goes_on: bool,
    records: impl Iterator<Item = &'r TaskRecord> + Clone,
    results: Option<&SuiteResults>,
) -> ModuleOutcome {
    let any = |wanted: fn(&TaskRecord) -> bool| records.clone().any(wanted);
    if any(|record| record.outcome() == Some(Outcome::Failed)) {
        ModuleOutcome::Failed
    } else if any(|record| record.outcome() == Some(Outcome::TimedOut)) {
        ModuleOutcome::TimedOut
    } else if any(|record| was_cut_short(record) && halted_by(record).is_none()) {
        ModuleOutcome::Cancelled
    } else if any(was_cut_short) {
        ModuleOutcome::Stopped
    } else if goes_on && any(|record| !record.state.is_finished()) {
        match any(|record| record.attempts > 0) {
            true => ModuleOutcome::Running,
            false => ModuleOutcome::Waiting,
        }
    } else if any(|record| !record.state.succeeded()) {
        ModuleOutcome::Skipped
    } else if results.is_some_and(|results| results.flaked || !results.flaky.is_empty()) {
        ModuleOutcome::Flaky
    } else {
        ModuleOutcome::Passed
    }
}

/// It was stopped after it had begun.
fn was_cut_short(record: &TaskRecord) -> bool {
    record.outcome() == Some(Outcome::Cancelled) && record.attempts > 0
}

/// The task whose failure stopped it.
fn halted_by(record: &TaskRecord) -> Option<&TaskId> {
    match record.reason() {
        Some(Reason::FailFast { task }) => Some(task),
        Some(_) | None => None,
    }
}

fn left_out_part(state: &RunState, part: &Part) -> Option<String> {
    left_out(state, &state.tasks[state.index(&part.task)?])
}

/// Why one has not run to its end that did not fail; `None` where it did, or fails because of that.
pub(super) fn left_out(state: &RunState, record: &TaskRecord) -> Option<String> {
    if let Some(by) = halted_by(record) {
        let parts = state.spec.kind.suite().map_or(&[][..], |suite| &suite.parts);
        let module = parts.iter().find(|part| part.task == *by);
        let module = module.map_or(by.as_str(), |part| &part.module);
        let what = if record.attempts > 0 { "stopped" } else { "not run" };
        return Some(format!("{what}: module `{module}` failed"));
    }
    let run = &state.spec.run;
    match (record.outcome(), state.phase) {
        (Some(Outcome::Skipped), _) => record.reason().map(|reason| format!("not run: {reason}")),
        (Some(_), _) => None,
        (None, RunPhase::Stopped(_) | RunPhase::Finished) => {
            Some(format!("not run: the run was interrupted; `wt-orch resume {run}` goes on"))
        }
        (None, RunPhase::Created | RunPhase::Running | RunPhase::Stopping(_)) => {
            let has_begun = record.attempts > 0;
            let text = match has_begun {
                true => "running: it was not over when this was written",
                false => "waiting: it had not begun when this was written",
            };
            Some(text.to_owned())
        }
    }
}

/// Why one failed of which nothing was said.
fn trouble(record: &TaskRecord) -> Option<String> {
    let failed = matches!(record.outcome(), Some(Outcome::Failed | Outcome::TimedOut));
    let said = record.suites.last().is_some_and(|last| !last.passed());
    record.reason().filter(|_| failed && !said).map(ToString::to_string)
}

/// Why a part of a module failed where that was no test, with its name.
pub(super) fn part_trouble(state: &RunState, part: &Part) -> Option<String> {
    const NAMED: usize = 3;
    let record = &state.tasks[state.index(&part.task)?];
    if !matches!(record.outcome(), Some(Outcome::Failed | Outcome::TimedOut)) {
        return None;
    }
    let why = match record.suites.last().and_then(|last| last.cause.as_ref()) {
        Some(FailureCause::Tests { .. }) => return None,
        Some(
            cause @ (FailureCause::Trouble { .. }
            | FailureCause::Unexplained { .. }
            | FailureCause::Ended { .. }),
        ) => cause.to_string(),
        None => record.reason()?.to_string(),
    };
    let units = match part.units.is_empty() {
        true => String::new(),
        false => format!(" ({})", some_quoted(&part.units, NAMED)),
    };
    Some(format!("part `{}`{units}: {why}", part.task))
}

fn command(work: &Work) -> String {
    match work {
        Work::Command { command, .. } | Work::Gate { command } => command.display(),
        Work::Agent { preset, .. } => preset.clone(),
        Work::Given => String::new(),
    }
}

#[cfg(test)]
mod tests;
