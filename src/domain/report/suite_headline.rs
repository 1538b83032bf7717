//! A test run in one line.

use super::prose::{Line, Mark};
use super::suite_section::{ModuleOutcome, SuiteSummary};
use crate::domain::run::RunState;

/// `run `test` finished: 5 of 6 modules passed (212 tests), 1 failed`.
pub(super) fn suite_headline(state: &RunState, summary: &SuiteSummary) -> Line {
    let count = |wanted: &[ModuleOutcome]| {
        summary.modules.iter().filter(|module| wanted.contains(&module.outcome)).count()
    };
    let total = summary.modules.len();
    let passed = count(&[ModuleOutcome::Passed, ModuleOutcome::Flaky]);
    let said = summary.modules.iter().filter_map(|module| module.results.as_ref());
    let tests: u64 = said.map(|results| results.tally.tests()).sum();
    let modules = if total == 1 { "module" } else { "modules" };
    let mut text = format!(": {passed} of {total} {modules} passed");
    for outcome in [
        ModuleOutcome::Failed,
        ModuleOutcome::TimedOut,
        ModuleOutcome::Cancelled,
        ModuleOutcome::Skipped,
        ModuleOutcome::Flaky,
    ] {
        let of_it = count(&[outcome]);
        if of_it > 0 {
            text = format!("{text}, {of_it} {}", outcome.word());
        }
    }
    if tests > 0 {
        text = format!("{text}; {tests} {}", if tests == 1 { "test" } else { "tests" });
    }
    let mark = if passed == total { Mark::Good } else { Mark::Bad };
    Line::new()
        .text("run ")
        .code(state.spec.run.as_str())
        .text(" ")
        .mark(mark, state.phase.word())
        .text(text)
}
