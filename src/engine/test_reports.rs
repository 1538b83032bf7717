//! Reports of test runners: each is moved out of the worktree beside its log, and none that is older
//! is taken for it.

use std::path::Path;

use super::attempt::chain;
use super::site::Site;
use crate::adapters::worktree::{TakenReport, drop_report, report_is, report_place, take_report};
use crate::domain::run::RunSpec;
use crate::domain::suite::ReportTrouble;

/// A larger report is not compared with what git has of it, in bytes.
const COMPARED: usize = 64 << 20;

/// Takes away what earlier tests left at the place of a task's report, also in a cache that came
/// along. What git tracks there stays.
pub(super) fn clear(site: &Site, spec: &RunSpec, task: usize) -> Result<(), String> {
    let Some(report) = report_of(spec, task) else { return Ok(()) };
    let worktree = Path::new(&spec.places[task].worktree);
    match committed(site, spec, &report_place(worktree, Path::new(report)))? {
        Committed::No => drop_report(worktree, Path::new(report)).map_err(|error| chain(&error)),
        Committed::As(_) | Committed::Incomparable => Ok(()),
    }
}

/// Keeps the report of an attempt that is over as [`Site::test_report`]. Returns what is wrong with
/// it; that there is none is not for here to say, as a second time finds it moved.
pub(super) fn keep(
    site: &Site,
    spec: &RunSpec,
    (task, attempt): (usize, u32),
) -> Option<ReportTrouble> {
    let report = report_of(spec, task)?;
    let id = &spec.plan.tasks[task].task.id;
    let kept = site.test_report(&spec.run, id, attempt);
    let worktree = Path::new(&spec.places[task].worktree);
    let limit = spec.limits.log_limit;
    let unusable = |why| Some(ReportTrouble::Unusable { why });
    let is_old = match committed(site, spec, &report_place(worktree, Path::new(report))) {
        Ok(Committed::No) => false,
        Ok(Committed::As(text)) => report_is(worktree, Path::new(report), &text),
        Ok(Committed::Incomparable) => true,
        Err(why) => return unusable(format!("it could not be compared with what git has: {why}")),
    };
    if is_old {
        return Some(ReportTrouble::AsCommitted);
    }
    match take_report(worktree, Path::new(report), (&kept, limit)) {
        Ok(TakenReport::Taken | TakenReport::Absent) => None,
        Ok(TakenReport::NoFile { what }) => Some(ReportTrouble::NoFile { what }),
        Ok(TakenReport::TooLarge) => Some(ReportTrouble::OverTheLimit { limit }),
        Err(error) => unusable(format!("it could not be kept: {}", chain(&error))),
    }
}

/// What the commit under test has at the place of a report.
enum Committed {
    No,
    /// This text.
    As(String),
    /// Something that no report is.
    Incomparable,
}

fn committed(site: &Site, spec: &RunSpec, report: &Path) -> Result<Committed, String> {
    let report = report.to_string_lossy();
    let found = site.repo.text_in(spec.base, &report, COMPARED).map_err(|error| chain(&error))?;
    Ok(match found.texts.into_values().next() {
        Some(text) => Committed::As(text),
        None if found.too_large.is_empty() && found.not_text.is_empty() => Committed::No,
        None => Committed::Incomparable,
    })
}

/// Where the task leaves it, relative to its worktree.
fn report_of(spec: &RunSpec, task: usize) -> Option<&str> {
    let id = &spec.plan.tasks[task].task.id;
    let part = spec.kind.suite()?.parts.iter().find(|part| part.task == *id)?;
    part.report.as_deref()
}
