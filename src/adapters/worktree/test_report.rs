//! What a test runner writes of its tests (JUnit XML) lies in the worktree, which the next tests get.

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

use crate::adapters::git::{GitError, io};
use crate::adapters::host::report_file::what_else;

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum TakenReport {
    /// It was moved.
    Taken,
    /// There is none.
    Absent,
    /// Something else is there, or the way to it leads through a link.
    NoFile {
        /// Such as `a symbolic link`.
        what: &'static str,
    },
    /// It is larger than allowed, and is still there.
    TooLarge,
}

/// Moves the report at this path of a worktree, unless it has more than `limit` bytes, to `to`, over
/// whatever is there. Anything but a file below the worktree, without a link on the way, stays.
///
/// # Errors
/// It cannot be copied or removed.
pub fn take_report(
    worktree: &Path,
    report: &Path,
    (to, limit): (&Path, u64),
) -> Result<TakenReport, GitError> {
    let (file, bytes) = match report_in(worktree, report) {
        ReportFile::File(file, bytes) => (file, bytes),
        ReportFile::Absent => return Ok(TakenReport::Absent),
        ReportFile::Else(what) => return Ok(TakenReport::NoFile { what }),
    };
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

/// Takes away the report that is at this path of a worktree, or a link or pipe in its place.
///
/// # Errors
/// It cannot be removed.
pub fn drop_report(worktree: &Path, report: &Path) -> Result<(), GitError> {
    let Some(file) = place_in(worktree, report) else { return Ok(()) };
    match file.symlink_metadata() {
        Ok(found) if !found.is_dir() => fs::remove_file(&file).map_err(io("delete", &file)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether what lies at this path of a worktree is a file that says the same as `text`.
pub fn report_is(worktree: &Path, report: &Path, text: &str) -> bool {
    match report_in(worktree, report) {
        ReportFile::File(file, bytes) if bytes == text.len() as u64 => {
            fs::read(&file).is_ok_and(|found| found == text.as_bytes())
        }
        ReportFile::File(..) | ReportFile::Absent | ReportFile::Else(_) => false,
    }
}

enum ReportFile {
    /// Where it is, and its bytes.
    File(PathBuf, u64),
    Absent,
    Else(&'static str),
}

fn report_in(worktree: &Path, report: &Path) -> ReportFile {
    let Some(file) = place_in(worktree, report) else {
        // What a link on the way leads to is of no interest.
        return match worktree.join(report).symlink_metadata() {
            Ok(_) => ReportFile::Else("behind a symbolic link"),
            Err(_) => ReportFile::Absent,
        };
    };
    match file.symlink_metadata() {
        Ok(found) => match what_else(&found) {
            Some(what) => ReportFile::Else(what),
            None => ReportFile::File(file, found.len()),
        },
        Err(_) => ReportFile::Absent,
    }
}

/// The path of a worktree's file, as long as no link leads to its folder.
fn place_in(worktree: &Path, report: &Path) -> Option<PathBuf> {
    let inside = report.components().all(|part| matches!(part, Component::Normal(_)));
    // Neither the worktree nor the folder of all of them is a link that a test left.
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_dir());
    if !inside || !is_folder(worktree) || !worktree.parent().is_some_and(is_folder) {
        return None;
    }
    let file = worktree.canonicalize().ok()?.join(report);
    let folder = file.parent()?;
    (folder.canonicalize().ok()? == folder).then_some(file)
}

#[cfg(test)]
mod tests;
