//! What a test runner writes of its tests (JUnit XML) lies in the worktree, which the next tests get.

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

use crate::adapters::git::{GitError, io};

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum TakenReport {
    /// It was moved.
    Taken,
    /// There is none.
    Absent,
    /// It is larger than allowed, and is still there.
    TooLarge,
}

/// Moves the report at this path of a worktree, unless it has more than `limit` bytes, to `to`, over
/// whatever is there. Anything but a file below the worktree, without a link on the way, is none.
///
/// # Errors
/// It cannot be copied or removed.
pub fn take_report(
    worktree: &Path,
    report: &Path,
    (to, limit): (&Path, u64),
) -> Result<TakenReport, GitError> {
    let Some((file, bytes)) = report_in(worktree, report) else { return Ok(TakenReport::Absent) };
    if bytes > limit {
        return Ok(TakenReport::TooLarge);
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(io("create", folder))?;
    }
    let mut source = File::open(&file).map_err(io("open", &file))?;
    let mut target = File::create(to).map_err(io("create", to))?;
    std::io::copy(&mut source, &mut target).map_err(io("write", to))?;
    fs::remove_file(&file).map_err(io("delete", &file))?;
    Ok(TakenReport::Taken)
}

/// Takes away the report that is at this path of a worktree.
///
/// # Errors
/// It cannot be removed.
pub fn drop_report(worktree: &Path, report: &Path) -> Result<(), GitError> {
    match report_in(worktree, report) {
        Some((file, _)) => fs::remove_file(&file).map_err(io("delete", &file)),
        None => Ok(()),
    }
}

/// Where it is, and its bytes.
fn report_in(worktree: &Path, report: &Path) -> Option<(PathBuf, u64)> {
    let inside = report.components().all(|part| matches!(part, Component::Normal(_)));
    // Neither the worktree nor the folder of all of them is a link that a test left.
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_dir());
    if !is_folder(worktree) || !worktree.parent().is_some_and(is_folder) {
        return None;
    }
    let worktree = worktree.canonicalize().ok()?;
    let file = worktree.join(report);
    let found = file.symlink_metadata().ok().filter(fs::Metadata::is_file)?;
    let real = file.canonicalize().ok()?;
    (inside && real == file).then_some((file, found.len()))
}

#[cfg(test)]
mod tests;
