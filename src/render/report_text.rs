//! Reports as text for a terminal.

use super::blocks::{Layout, block_lines, wrapped};
use super::style::Style;
use super::text::visible;
use crate::domain::id::RunId;
use crate::domain::integrate::Integration;
use crate::domain::report::{
    Block, Detail, HistoryDocument, Mark, PlanAnswer, Report, SQUEEZES, Section, history_report,
    integration_headline, integration_sections, integration_steps, plan_report, status_report,
};
use crate::domain::run::RunState;
use crate::domain::time::Timestamp;

/// Body of a section.
const INDENT: &str = "  ";

/// A report in full, with a line end after every line.
pub fn report_text(report: &Report, style: Style) -> String {
    laid_out(report, Layout { style, brief: false })
}

/// A plan, on one screen or in full.
pub fn plan_text(answer: &PlanAnswer, detail: Detail, style: Style) -> String {
    let brief = detail == Detail::Screen;
    let layout = Layout { style, brief };
    let mut report = plan_report(answer, detail);
    let mut text = laid_out(&report, layout);
    if !brief || !answer.scenarios.is_empty() {
        return text;
    }
    for squeeze in SQUEEZES {
        if text.lines().count() <= ROWS {
            break;
        }
        report.squeeze(squeeze);
        text = laid_out(&report, layout);
    }
    text
}

/// Rows of a plan on a terminal of 24: its hint and the prompt stand below it.
const ROWS: usize = 22;

/// What is known of durations.
pub fn history_text(document: &HistoryDocument, detail: Detail, style: Style) -> String {
    report_text(&history_report(document, detail), style)
}

/// A run as it stands at `now`.
pub fn status_text(state: &RunState, now: Timestamp, style: Style) -> String {
    report_text(&status_report(state, now), style)
}

/// The result of an integration or of its dry run.
pub fn integrate_text(run: &RunId, integration: &Integration, style: Style) -> String {
    let mut sections = integration_sections(run, integration);
    let steps = integration_steps(run, integration);
    if !steps.is_empty() {
        sections.push(Section { heading: "Next", blocks: vec![Block::Commands(steps)] });
    }
    let report = Report { title: integration_headline(integration), sections };
    report_text(&report, style)
}

fn laid_out(report: &Report, layout: Layout) -> String {
    let inner = Layout {
        style: Style { width: layout.style.width.saturating_sub(INDENT.len()), ..layout.style },
        ..layout
    };
    let mut lines = wrapped(&report.title, "", "", layout.style);
    for (at, section) in report.sections.iter().enumerate() {
        if at > 0 || !section.heading.is_empty() {
            lines.push(String::new());
        }
        if !section.heading.is_empty() {
            lines.push(layout.style.paint(Mark::Strong, &visible(section.heading)));
        }
        let mut before: Option<&Block> = None;
        for block in &section.blocks {
            let below_line = matches!(before, Some(Block::Line(_)));
            if before.is_some() && (!below_line || matches!(block, Block::Line(_))) {
                lines.push(String::new());
            }
            // Output and excerpts stand out from the sentence they belong to.
            let quoted = below_line && matches!(block, Block::Verbatim(_));
            let indent = if quoted { INDENT.repeat(2) } else { INDENT.to_owned() };
            let body = block_lines(block, inner);
            lines.extend(body.iter().map(|line| format!("{indent}{line}").trim_end().to_owned()));
            before = Some(block);
        }
    }
    lines.join("\n") + "\n"
}
