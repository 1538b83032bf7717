//! What became of the modules of a test run.

use std::time::Duration;

use super::suite_section::{ModuleOutcome, ModuleResult, SuiteSummary};
use crate::domain::run::{Outcome, RunState, TaskRecord};
use crate::domain::suite::{Part, SuiteResults, merge_attempts, merge_parts};
use crate::domain::task::Work;
use crate::domain::time::{Timestamp, from_secs};

/// The modules of a test run so far, in the order of the run; `None` of any other run.
pub fn suite_summary(state: &RunState, now: Timestamp) -> Option<SuiteSummary> {
    let suite = state.spec.kind.suite()?;
    let modules: Vec<ModuleResult> =
        modules_of(&suite.parts).iter().map(|parts| module(state, parts)).collect();
    let ran = modules.iter().any(|module| !module.duration.is_zero());
    Some(SuiteSummary {
        wall: state.wall(now),
        sequential: ran.then(|| modules.iter().map(|module| module.duration).sum()),
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

fn module(state: &RunState, parts: &[&Part]) -> ModuleResult {
    let indices: Vec<usize> = parts.iter().filter_map(|part| state.index(&part.task)).collect();
    let records = || indices.iter().map(|&task| &*state.tasks[task]);
    let said: Vec<SuiteResults> =
        records().filter_map(|record| merge_attempts(&record.suites)).collect();
    let results = merge_parts(&said);
    let predicted = indices.iter().map(|&task| state.spec.plan.tasks[task].estimate.p50).sum();
    let mut commands: Vec<String> =
        indices.iter().map(|&task| command(&state.task(task).work)).collect();
    commands.dedup();
    ModuleResult {
        name: parts[0].module.clone(),
        kind: parts[0].kind,
        command: commands.join("; "),
        outcome: outcome(records(), results.as_ref()),
        results,
        duration: records().map(|record| record.usage.wall).sum(),
        predicted: Some(from_secs(predicted)).filter(|time| *time > Duration::ZERO),
        attempts: records().map(|record| record.attempts).max().unwrap_or(0),
        trouble: records().find_map(trouble),
    }
}

/// The worst of its parts.
fn outcome<'r>(
    records: impl Iterator<Item = &'r TaskRecord> + Clone,
    results: Option<&SuiteResults>,
) -> ModuleOutcome {
    let any = |wanted| records.clone().any(|record| record.outcome() == Some(wanted));
    if any(Outcome::Failed) {
        ModuleOutcome::Failed
    } else if any(Outcome::TimedOut) {
        ModuleOutcome::TimedOut
    } else if records
        .clone()
        .any(|record| record.outcome() == Some(Outcome::Cancelled) && record.attempts > 0)
    {
        ModuleOutcome::Cancelled
    } else if records.clone().any(|record| !record.state.succeeded()) {
        // An interrupted one begins anew.
        ModuleOutcome::Skipped
    } else if results.is_some_and(|results| results.flaked || !results.flaky.is_empty()) {
        ModuleOutcome::Flaky
    } else {
        ModuleOutcome::Passed
    }
}

/// Why one failed of which nothing was said.
fn trouble(record: &TaskRecord) -> Option<String> {
    let failed = matches!(record.outcome(), Some(Outcome::Failed | Outcome::TimedOut));
    let said = record.suites.last().is_some_and(|last| !last.passed());
    record.reason().filter(|_| failed && !said).map(ToString::to_string)
}

fn command(work: &Work) -> String {
    match work {
        Work::Command { command, .. } | Work::Gate { command } => command.display(),
        Work::Agent { preset, .. } => preset.clone(),
        Work::Given => String::new(),
    }
}
