//! Whether a git runs somewhere, whoever started it.

use std::path::PathBuf;

/// Whether a git runs in one of these folders, given without links, or one whose folder cannot be read.
/// `None` where the system has no table of processes in files.
#[cfg(target_os = "linux")]
pub(in crate::adapters) fn is_git_at_work(folders: &[PathBuf]) -> Option<bool> {
    use super::process_table::load_entries;

    let is_git = |pid: u32| {
        std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "git\n")
    };
    let is_there = |pid: u32| match std::fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(folder) => folders.iter().any(|known| folder.starts_with(known)),
        // One that has just ended is nowhere, one of another user may be anywhere.
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    };
    let entries = load_entries().ok()?;
    Some(entries.iter().any(|entry| entry.alive && is_git(entry.pid) && is_there(entry.pid)))
}

/// See the other one.
#[cfg(not(target_os = "linux"))]
pub(in crate::adapters) fn is_git_at_work(_folders: &[PathBuf]) -> Option<bool> {
    None
}
