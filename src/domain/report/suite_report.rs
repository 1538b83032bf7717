//! The result of a test run, as it is shown when the run ends.

use super::advice::next_steps;
use super::prose::{Line, Mark};
use super::run_report::last_seen;
use super::section::{Block, Report, Section};
use super::suite_facts::suite_summary;
use super::suite_section::{ModuleOutcome, SuiteSummary, suite_sections};
use super::task_section::oddities;
use crate::domain::run::RunState;

/// The result of a test run; `None` of any other run.
pub fn suite_report(state: &RunState) -> Option<Report> {
    let summary = suite_summary(state, last_seen(state))?;
    let mut sections = suite_sections(&summary);
    sections.extend(oddities(state));
    let steps = next_steps(state);
    if !steps.is_empty() {
        sections.push(Section { heading: "Next", blocks: vec![Block::Commands(steps)] });
    }
    Some(Report { title: headline(state, &summary), sections })
}

/// `run `test` finished: 5 of 6 modules passed (212 tests), 1 failed`.
fn headline(state: &RunState, summary: &SuiteSummary) -> Line {
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
