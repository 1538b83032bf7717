//! Files of git's that are replaced in one step.

use std::path::Path;

use tempfile::NamedTempFile;

use crate::adapters::git::{GitError, io};
use crate::adapters::host::whole_file;

pub(super) use whole_file::delete_deserted;

/// Puts a file in the place of another one, whole or not at all.
///
/// # Errors
/// It cannot be written; then what was there stays.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> Result<(), GitError> {
    whole_file::write_whole(path, content).map_err(io("write", path))
}

/// An empty file in a folder, deleted when it is dropped.
///
/// # Errors
/// It cannot be made.
pub(super) fn temporary_file(folder: &Path) -> Result<NamedTempFile, GitError> {
    whole_file::temporary_file(folder).map_err(io("create a file in", folder))
}
