//! Reports of test runners: each is moved out of the worktree beside its log, and none that is older
//! is taken for it.

use std::path::Path;

use super::attempt::chain;
use super::site::Site;
use crate::adapters::worktree::{TakenReport, drop_report, take_report};
use crate::domain::run::RunSpec;

/// Takes away what earlier tests left at the place of a task's report, also in a cache that came
/// along.
pub(super) fn clear(spec: &RunSpec, task: usize) -> Result<(), String> {
    let Some(report) = report_of(spec, task) else { return Ok(()) };
    drop_report(Path::new(&spec.places[task].worktree), report).map_err(|error| chain(&error))
}

/// Keeps the report of an attempt that is over as [`Site::test_report`]. Returns what there is to say.
pub(super) fn keep(site: &Site, spec: &RunSpec, (task, attempt): (usize, u32)) -> Option<String> {
    let report = report_of(spec, task)?;
    let id = &spec.plan.tasks[task].task.id;
    let kept = site.test_report(&spec.run, id, attempt);
    let worktree = Path::new(&spec.places[task].worktree);
    let limit = spec.limits.log_limit;
    match take_report(worktree, report, (&kept, limit)) {
        Ok(TakenReport::Taken | TakenReport::Absent) => None,
        Ok(TakenReport::TooLarge) => Some(format!(
            "its report `{}` is larger than `run.log_limit` ({limit} bytes), and was not kept",
            report.display()
        )),
        Err(error) => {
            Some(format!("its report `{}` could not be kept: {}", report.display(), chain(&error)))
        }
    }
}

/// Where the task leaves it, relative to its worktree.
fn report_of(spec: &RunSpec, task: usize) -> Option<&Path> {
    let id = &spec.plan.tasks[task].task.id;
    let part = spec.kind.suite()?.parts.iter().find(|part| part.task == *id)?;
    part.report.as_deref().map(Path::new)
}
