//! The tasks of a run as cases, as reports of tests have them.

use super::failure_section::last_lines;
use crate::domain::run::{Outcome, Reason, RunState, TaskRecord};
use crate::domain::suite::{CaseOutcome, CaseResult, FailedTry};

/// One case for each task, in the order of the plan. A task that did not pass its check, or a gate
/// that failed, is a test that failed; what else went wrong is an error.
pub fn task_cases(state: &RunState) -> Vec<CaseResult> {
    let case = |index: usize| {
        let record = &state.tasks[index];
        let task = state.task(index);
        let is_gate = task.work.is_gate();
        let outcome = outcome(record, is_gate);
        let failed = matches!(outcome, CaseOutcome::Failed | CaseOutcome::Broken);
        let tries = failed.then(|| FailedTry {
            message: record.reason().map(ToString::to_string).unwrap_or_default(),
            output: last_lines(record).join("\n"),
        });
        let ended = record.started.zip(record.finished);
        CaseResult {
            class: if is_gate { "gates" } else { "tasks" }.to_owned(),
            name: task.id.to_string(),
            outcome,
            duration: ended.map(|(from, to)| to.since(from)),
            tries: tries.into_iter().collect(),
            why_skipped: why_skipped(record).filter(|_| outcome == CaseOutcome::Skipped),
        }
    };
    (0..state.tasks.len()).map(case).collect()
}

fn why_skipped(record: &TaskRecord) -> Option<String> {
    let standing = || format!("{} when this was written", record.state.word());
    match record.outcome() {
        Some(_) => record.reason().map(ToString::to_string),
        None => Some(standing()),
    }
}

fn outcome(record: &TaskRecord, is_gate: bool) -> CaseOutcome {
    match record.outcome() {
        Some(Outcome::Succeeded) => CaseOutcome::Passed,
        Some(Outcome::Skipped) | None => CaseOutcome::Skipped,
        // Another task ended that one.
        Some(Outcome::Cancelled)
            if matches!(
                record.reason(),
                Some(Reason::FailFast { .. } | Reason::RaceDecided { .. })
            ) =>
        {
            CaseOutcome::Skipped
        }
        Some(Outcome::TimedOut | Outcome::Cancelled) => CaseOutcome::Broken,
        Some(Outcome::Failed) => {
            let checked = matches!(record.reason(), Some(Reason::CheckFailed { .. }));
            if is_gate || checked { CaseOutcome::Failed } else { CaseOutcome::Broken }
        }
    }
}

#[cfg(test)]
mod tests;
