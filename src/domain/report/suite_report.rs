//! The result of a test run, as it is shown when the run ends.

use super::advice::next_steps;
use super::run_report::last_seen;
use super::section::{Block, Report, Section};
use super::suite_facts::suite_summary;
use super::suite_headline::suite_headline;
use super::suite_section::suite_sections;
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
    Some(Report { title: suite_headline(state, &summary), sections })
}
