//! What a test runner writes of its tests (JUnit XML) lies in the worktree, which the next tests get.

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

use crate::adapters::git::{GitError, io};
use crate::adapters::host::report_file::{load_report, what_else};

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum TakenReport {
    /// It was moved.
    Taken,
    /// There is none.
    Absent,
    /// Something else is there, or a link leads to it out of the worktree.
    NoFile {
        /// Such as `a pipe`.
        what: &'static str,
    },
    /// It is larger than allowed, and is still there.
    TooLarge,
}

/// Moves the report at this path of a worktree, unless it has more than `limit` bytes, to `to`, over
/// whatever is there. Anything but a file below the worktree stays. Of a link to such a file the link
/// goes, and the file is copied.
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
        ReportFile::Outside => return Ok(TakenReport::NoFile { what: OUTSIDE }),
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
    drop_report(worktree, report)?;
    Ok(TakenReport::Taken)
}

/// The text of the report at this path of a worktree. `None` where there is none: what is no file is
/// no report. The error says why it is of no use.
pub fn read_report(worktree: &Path, report: &Path) -> Result<Option<String>, String> {
    match report_in(worktree, report) {
        ReportFile::File(file, _) => load_report(&file),
        ReportFile::Absent | ReportFile::Else(_) => Ok(None),
        ReportFile::Outside => Err(format!("it is {OUTSIDE}")),
    }
}

/// Takes away the report that is at this path of a worktree, or a link or pipe in its place.
///
/// # Errors
/// It cannot be removed.
pub fn drop_report(worktree: &Path, report: &Path) -> Result<(), GitError> {
    let Some((_, file)) = place_in(worktree, report) else { return Ok(()) };
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
        ReportFile::File(..) | ReportFile::Absent | ReportFile::Outside | ReportFile::Else(_) => {
            false
        }
    }
}

enum ReportFile {
    /// Where it is, and its bytes.
    File(PathBuf, u64),
    Absent,
    /// What a link out of the worktree leads to is of no interest.
    Outside,
    Else(&'static str),
}

/// What [`ReportFile::Outside`] is.
const OUTSIDE: &str = "outside of its worktree, behind a symbolic link";

fn report_in(worktree: &Path, report: &Path) -> ReportFile {
    let Some((root, place)) = place_in(worktree, report) else {
        return match worktree.join(report).symlink_metadata() {
            Ok(_) => ReportFile::Outside,
            Err(_) => ReportFile::Absent,
        };
    };
    if place.symlink_metadata().is_err() {
        return ReportFile::Absent;
    }
    let end = match place.canonicalize() {
        Ok(end) if end.starts_with(&root) => end,
        Ok(_) => return ReportFile::Outside,
        Err(_) => return ReportFile::Else("a symbolic link that leads nowhere"),
    };
    match end.symlink_metadata() {
        Ok(found) => match what_else(&found) {
            Some(what) => ReportFile::Else(what),
            None => ReportFile::File(end, found.len()),
        },
        Err(_) => ReportFile::Absent,
    }
}

/// The path of a report from the root of its worktree, with the folders that links on the way to it
/// lead to: git knows it by that. As it is where that is outside, or there is no such folder.
pub fn report_place(worktree: &Path, report: &Path) -> PathBuf {
    let inside = place_in(worktree, report)
        .and_then(|(root, place)| place.strip_prefix(root).ok().map(Path::to_owned));
    inside.unwrap_or_else(|| report.to_owned())
}

/// The real path of a worktree, and below it that of a report, which may be a link itself.
fn place_in(worktree: &Path, report: &Path) -> Option<(PathBuf, PathBuf)> {
    let inside = report.components().all(|part| matches!(part, Component::Normal(_)));
    // Neither the worktree nor the folder of all of them is a link that a test left.
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_dir());
    if !inside || !is_folder(worktree) || !worktree.parent().is_some_and(is_folder) {
        return None;
    }
    let root = worktree.canonicalize().ok()?;
    let folder = root.join(report).parent()?.canonicalize().ok()?;
    let place = folder.join(report.file_name()?);
    folder.starts_with(&root).then_some((root, place))
}

#[cfg(test)]
mod tests;
