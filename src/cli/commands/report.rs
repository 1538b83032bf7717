//! `wt-orch report [RUN]`: what happened in a run, from its journal.

use super::stored;
use crate::cli::args::{ReportArgs, ReportFormat};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::{ReportPlaces, from_suites, run_report, suite_summary};
use crate::render::{json_text, report_markdown, report_text};

/// Runs it.
pub(crate) fn run(context: &Context, args: &ReportArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let stored = stored::read_live(&place, args.run.run.as_deref())?;
    let root = place.site.repo.worktree().map(|path| path.display().to_string());
    let report = run_report(&stored.state, &ReportPlaces { root: root.as_deref() });
    let format = if context.streams.json { ReportFormat::Json } else { args.format };
    let text = match format {
        ReportFormat::Text => report_text(&report, context.streams.out),
        ReportFormat::Md => report_markdown(&report),
        ReportFormat::Junit => super::test::junit_text(&place, &stored.state),
        ReportFormat::Json => {
            let mut document =
                serde_json::to_value(stored::document(&place, &stored.state)).unwrap_or_default();
            document["integration"] = super::integrate::document(&stored.run, &stored.state);
            if let Some(summary) = suite_summary(&stored.state, place.site.clock.now()) {
                let modules = from_suites(&stored.state, &summary).modules;
                document["modules"] = serde_json::to_value(modules).unwrap_or_default();
            }
            json_text(&document).unwrap_or_default()
        }
    };
    context.streams.raw(&text);
    Ok(Exit::Done)
}
