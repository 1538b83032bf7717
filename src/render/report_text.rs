//! Reports as text for a terminal.

use super::blocks::{Layout, block_lines, wrapped};
use super::style::Style;
use super::text::visible;
use crate::domain::integrate::Integration;
use crate::domain::report::{
    Block, Detail, HistoryDocument, Mark, MatrixEntry, PlanAnswer, Report, SQUEEZES, Section,
    against_section, history_report, integration_headline, integration_sections, integration_steps,
    live_forecast, live_status_report, plan_report, status_report,
};
use crate::domain::run::{RunSpec, RunState};
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

/// A run as it stands at `now`, with the predicted conflicts of its branches.
pub fn live_status_text(
    state: &RunState,
    matrix: Option<&[MatrixEntry]>,
    now: Timestamp,
    style: Style,
) -> String {
    report_text(&live_status_report(state, matrix.unwrap_or_default(), now), style)
}

/// How the branches of a run will merge, line by line; none where nothing is to be said.
pub(super) fn forecast_lines(
    state: &RunState,
    matrix: &[MatrixEntry],
    style: Style,
) -> Vec<String> {
    let Some(section) = live_forecast(state, matrix) else { return Vec::new() };
    section_lines(&section, Layout { style, brief: false })
}

/// The result of an integration of `run`.
pub fn integrate_text(run: &RunSpec, integration: &Integration, style: Style) -> String {
    integration_text(run, integration, None, style)
}

/// The result of an integration with the forecast of its branches, also with others.
pub fn forecast_integrate_text(
    run: &RunSpec,
    integration: &Integration,
    against: &[MatrixEntry],
    style: Style,
) -> String {
    integration_text(run, integration, against_section(integration, against), style)
}

fn integration_text(
    run: &RunSpec,
    integration: &Integration,
    forecast: Option<Section>,
    style: Style,
) -> String {
    let mut sections = integration_sections(run, integration);
    sections.extend(forecast);
    let steps = integration_steps(run, integration);
    if !steps.is_empty() {
        sections.push(Section { heading: "Next", blocks: vec![Block::Commands(steps)] });
    }
    let report = Report { title: integration_headline(run, integration), sections };
    report_text(&report, style)
}

fn laid_out(report: &Report, layout: Layout) -> String {
    let mut lines = wrapped(&report.title, "", "", layout.style);
    for (at, section) in report.sections.iter().enumerate() {
        if at > 0 || !section.heading.is_empty() {
            lines.push(String::new());
        }
        lines.extend(section_lines(section, layout));
    }
    lines.join("\n") + "\n"
}

fn section_lines(section: &Section, layout: Layout) -> Vec<String> {
    let inner = Layout {
        style: Style { width: layout.style.width.saturating_sub(INDENT.len()), ..layout.style },
        ..layout
    };
    let mut lines = Vec::new();
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
    lines
}
