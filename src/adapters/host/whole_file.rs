//! Files of ours that are replaced in one step, so that no reader and no crash ever sees half of one,
//! and the temporary files that this takes: they carry the number of their process in their name, so
//! that those of a dead one are known.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use tempfile::NamedTempFile;

use super::crash_point::crash_point;

/// Begins the names of temporary files; the number of the process follows, then a dash.
const PREFIX: &str = "wt-orch-tmp-";

/// Puts a file in the place of another one, whole or not at all.
///
/// # Errors
/// It cannot be written; then what was there stays.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = temporary_file(folder.unwrap_or(Path::new(".")))?;
    file.write_all(content)?;
    crash_point("file: written aside");
    file.persist(path).map_err(|error| error.error)?;
    crash_point("file: in its place");
    Ok(())
}

/// An empty file in a folder, deleted when it is dropped.
///
/// # Errors
/// It cannot be made.
pub fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    // As open to others as the caller's umask lets git's own files be.
    let mode = std::fs::Permissions::from_mode(0o666);
    let prefix = format!("{PREFIX}{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).permissions(mode).tempfile_in(folder)
}

/// Deletes the temporary files of processes that were killed.
pub fn delete_deserted(folder: &Path) {
    let Ok(entries) = folder.read_dir() else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_str().and_then(owner).is_some_and(is_gone) {
            // It is in nobody's way; the next one tries again.
            let _deleted = std::fs::remove_file(entry.path()).is_ok();
        }
    }
}

fn owner(name: &str) -> Option<Pid> {
    Pid::from_raw(name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok()?)
}

fn is_gone(process: Pid) -> bool {
    test_kill_process(process) == Err(Errno::SRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_what_cannot_be_replaced_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("note");
        write_whole(&file, b"one").unwrap();
        let reader = std::fs::File::open(&file).unwrap();
        write_whole(&file, b"two").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        assert_eq!(std::io::read_to_string(reader).unwrap(), "one");
        std::fs::create_dir_all(folder.path().join("folder/full")).unwrap();
        assert!(write_whole(&folder.path().join("folder"), b"x").is_err());
        assert_eq!(folder.path().read_dir().unwrap().count(), 2);
    }

    #[test]
    fn only_what_a_dead_process_left_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mut dead = std::process::Command::new("true").spawn().unwrap();
        dead.wait().unwrap();
        let left = folder.path().join(format!("{PREFIX}{}-x", dead.id()));
        std::fs::write(&left, "").unwrap();
        std::fs::write(folder.path().join("wt-orch-carried"), "").unwrap();
        let own = temporary_file(folder.path()).unwrap();
        delete_deserted(folder.path());
        assert!(own.path().exists() && !left.exists());
        assert_eq!(folder.path().read_dir().unwrap().count(), 2);
    }
}
