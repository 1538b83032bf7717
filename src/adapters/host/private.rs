//! Folders of this user's in places that others can write to.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// It belongs to somebody else, is open to others, or is no folder.
    #[error("the folder {} is not private to this user", path.display())]
    NotPrivate {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be made or looked at.
    #[error("cannot make the folder {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Name of the folder of this user's in a shared place.
pub fn own_name() -> String {
    format!("wt-orch-{}", rustix::process::getuid().as_raw())
}

/// Makes a folder closed to others, or finds it so: anybody may have made one of that name in a
/// shared place.
///
/// # Errors
/// [`PrivateError`]
pub fn ensure_private(folder: &Path) -> Result<(), PrivateError> {
    let io = |source| PrivateError::Io { path: folder.to_owned(), source };
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(io(error)),
    }
    if is_private(folder).map_err(io)? {
        Ok(())
    } else {
        Err(PrivateError::NotPrivate { path: folder.to_owned() })
    }
}

/// Whether what is there is a folder of this user's that nobody else may enter.
pub(super) fn is_private(folder: &Path) -> io::Result<bool> {
    let found = fs::symlink_metadata(folder)?;
    let own = found.uid() == rustix::process::getuid().as_raw();
    Ok(found.is_dir() && own && found.mode() & 0o077 == 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_open_to_others_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("sockets");
        ensure_private(&folder).unwrap();
        ensure_private(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(ensure_private(&folder), Err(PrivateError::NotPrivate { .. })));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        assert!(matches!(ensure_private(&link), Err(PrivateError::NotPrivate { .. })));
    }
}
