//! Files of ours that are replaced in one step, so that no reader and no crash ever sees half of one.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::adapters::git::{GitError, io};

/// Puts a file in the place of another one, whole or not at all.
///
/// # Errors
/// It cannot be written; then what was there stays.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> Result<(), GitError> {
    let folder = path.parent().unwrap_or(path);
    // As open to others as the caller's umask lets git's own files be.
    let mode = std::fs::Permissions::from_mode(0o666);
    let made = tempfile::Builder::new().prefix("wt-orch-").permissions(mode).tempfile_in(folder);
    let mut file = made.map_err(io("create a file in", folder))?;
    file.write_all(content).map_err(io("write", path))?;
    file.persist(path).map_err(|error| io("replace", path)(error.error))?;
    Ok(())
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
}
