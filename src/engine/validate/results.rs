//! Results by test of a validation that failed: from the report that it left, else from its output.

use std::path::Path;

use crate::adapters::git::Repo;
use crate::adapters::host::report_file::load_output;
use crate::adapters::worktree::{drop_report, read_report, report_place};
use crate::domain::id::Oid;
use crate::domain::integrate::{TestResults, is_cut_short, parse_junit, parse_output};
use crate::domain::run::{AttemptEnd, Ending};
use crate::domain::task::Validation;
use crate::engine::attempt::chain;

/// Where the results of a run are to be looked for.
pub(super) struct Sources<'a> {
    pub(super) worktree: &'a Path,
    pub(super) report: Option<&'a str>,
    pub(super) log: &'a Path,
}

/// Takes away the report of an earlier run, which says nothing of this one. One that is tracked
/// stays, and is no report: the note says so.
pub(super) fn ensure_no_report(
    repo: &Repo,
    worktree: &Path,
    validation: &Validation,
    commit: Oid,
) -> Result<Option<String>, String> {
    let Some(report) = &validation.report else { return Ok(None) };
    if worktree.join(report).symlink_metadata().is_err() {
        return Ok(None);
    }
    let place = report_place(worktree, Path::new(report));
    if repo.has_path(commit, &place.to_string_lossy()).map_err(|error| error.to_string())? {
        let name = &validation.name;
        return Ok(Some(format!(
            "`{name}`: its report `{report}` is a tracked file, and says nothing of a run"
        )));
    }
    drop_report(worktree, Path::new(report)).map_err(|error| chain(&error))?;
    Ok(None)
}

/// The results, and what stood in the way of a report.
pub(super) fn load_results(
    sources: &Sources<'_>,
    end: &AttemptEnd,
) -> (Option<TestResults>, Option<String>) {
    let mut note = None;
    let reported = sources.report.and_then(|report| {
        let read = read_report(sources.worktree, Path::new(report)).transpose()?;
        let results = read.and_then(|text| parse_junit(&text));
        results
            .map_err(|why| note = Some(format!("its report `{report}` is of no use: {why}")))
            .ok()
    });
    let output = load_output(sources.log);
    // A report does not show that tests were left out, or that something else failed.
    let cut_short = output.as_deref().is_some_and(is_cut_short);
    let reported =
        reported.map(|results| TestResults { complete: results.complete && !cut_short, ..results });
    let results = reported.or_else(|| {
        let mut results = parse_output(&output?)?;
        results.complete &= end.trouble.is_empty();
        Some(results)
    });
    let ended_itself = matches!(end.ending, Ending::Code { .. });
    let results = results
        .map(|results| TestResults { complete: results.complete && ended_itself, ..results });
    (results, note)
}

#[cfg(test)]
mod tests;
