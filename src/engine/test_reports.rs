//! What a test runner writes of its tests (JUnit XML) lies in the worktree, which the next tests get:
//! it is moved beside the log, and none that is older is taken for it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::site::Site;
use crate::domain::run::RunSpec;

/// Takes away what earlier tests left at the place of a task's report, also in a cache that came
/// along. What cannot be removed is found again, and told, when it is looked for.
pub(super) fn clear(spec: &RunSpec, task: usize) {
    if let Some(file) = place(spec, task) {
        let _told_later = fs::remove_file(file).is_ok();
    }
}

/// Keeps the report of an attempt that is over as [`Site::test_report`]. Returns what there is to say.
pub(super) fn keep(site: &Site, spec: &RunSpec, (task, attempt): (usize, u32)) -> Option<String> {
    let file = place(spec, task)?;
    let id = &spec.plan.tasks[task].task.id;
    let kept = site.test_report(&spec.run, id, attempt);
    match moved(&file, &kept, spec.limits.log_limit) {
        Ok(true) => None,
        Ok(false) => {
            let limit = spec.limits.log_limit;
            Some(format!("its report is larger than `run.log_limit` ({limit} bytes), and not kept"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(format!("its report `{}` could not be kept: {error}", file.display())),
    }
}

/// Where a task leaves its report, if that is a file in its worktree and not behind a link.
fn place(spec: &RunSpec, task: usize) -> Option<PathBuf> {
    let id = &spec.plan.tasks[task].task.id;
    let part = spec.kind.suite()?.parts.iter().find(|part| part.task == *id)?;
    let report = Path::new(part.report.as_deref()?);
    let inside = report.components().all(|part| matches!(part, Component::Normal(_)));
    let worktree = Path::new(&spec.places[task].worktree).canonicalize().ok()?;
    let file = worktree.join(report);
    let real = file.parent()?.canonicalize().ok()?;
    let is_file = file.symlink_metadata().is_ok_and(|found| found.is_file());
    (inside && is_file && real.starts_with(&worktree)).then_some(file)
}

/// False when it is larger than `limit`, in bytes; nothing is kept of it then.
fn moved(from: &Path, to: &Path, limit: u64) -> io::Result<bool> {
    if from.metadata()?.len() > limit {
        return Ok(false);
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut source = File::open(from)?.take(limit);
    let mut target = File::create(to)?;
    io::copy(&mut source, &mut target)?;
    fs::remove_file(from)?;
    Ok(true)
}
