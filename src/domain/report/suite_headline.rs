//! A test run in one line.

use super::prose::{Line, Mark};
use super::suite_section::{ModuleOutcome, SuiteSummary};
use crate::domain::run::RunState;

/// `run `test` finished: 5 of 6 modules passed (212 tests), 1 failed`.
pub(super) fn suite_headline(state: &RunState, summary: &SuiteSummary) -> Line {
    let passed = summary
        .modules
        .iter()
        .all(|module| matches!(module.outcome, ModuleOutcome::Passed | ModuleOutcome::Flaky));
    let said = summary.modules.iter().filter_map(|module| module.results.as_ref());
    let tests: u64 = said.map(|results| results.tally.tests()).sum();
    let mut text = format!(": {}", module_counts(summary));
    if tests > 0 {
        text = format!("{text}; {tests} {}", if tests == 1 { "test" } else { "tests" });
    }
    let failed = summary.modules.iter().any(|module| module.outcome.is_failure());
    let mark = match (passed, failed || state.phase.is_over()) {
        (true, _) => Mark::Good,
        (false, true) => Mark::Bad,
        (false, false) => Mark::Strong,
    };
    Line::new()
        .text("run ")
        .code(state.spec.run.as_str())
        .text(" ")
        .mark(mark, state.phase.word())
        .text(text)
}

/// `3 of 6 modules passed, 1 failed, 2 running`.
pub(super) fn module_counts(summary: &SuiteSummary) -> String {
    let count = |wanted: &[ModuleOutcome]| {
        summary.modules.iter().filter(|module| wanted.contains(&module.outcome)).count()
    };
    let total = summary.modules.len();
    let passed = count(&[ModuleOutcome::Passed, ModuleOutcome::Flaky]);
    let modules = if total == 1 { "module" } else { "modules" };
    let mut text = format!("{passed} of {total} {modules} passed");
    for outcome in [
        ModuleOutcome::Failed,
        ModuleOutcome::TimedOut,
        ModuleOutcome::Cancelled,
        ModuleOutcome::Stopped,
        ModuleOutcome::Skipped,
        ModuleOutcome::Running,
        ModuleOutcome::Waiting,
        ModuleOutcome::Flaky,
    ] {
        let of_it = count(&[outcome]);
        if of_it > 0 {
            text = format!("{text}, {of_it} {}", outcome.word());
        }
    }
    text
}
