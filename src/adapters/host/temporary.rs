//! A folder for the short-lived files of one task. Its path is short, because tasks make sockets in
//! it, and a socket's path has at most 107 bytes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::remove_folder;
use super::private::{PrivateError, ensure_private, is_private, own_name};
use crate::adapters::host::crash_point::crash_point;

/// Longest path of such a folder, in bytes: leaves half of a socket's path to the task.
const PATH_MAX: usize = 60;

/// Ends the name of a folder that is being removed, with a number behind it.
const OVER: &str = ".over-";

/// Where a folder of this name goes: below the system's folder for temporary files, or `/tmp` where
/// that one's path is too long. Nothing is made.
pub fn temporary_place(name: &str) -> PathBuf {
    let below = |root: PathBuf| root.join(folder_name()).join(name);
    let usual = below(std::env::temp_dir());
    let fits = usual.is_absolute() && usual.as_os_str().len() <= PATH_MAX;
    if fits { usual } else { below(PathBuf::from("/tmp")) }
}

/// Makes the folder, closed to others; one that is there already is used.
///
/// # Errors
/// [`PrivateError`]
pub fn ensure_temporary(path: &Path) -> Result<(), PrivateError> {
    let mut tries = 0;
    loop {
        if let Some(parent) = path.parent() {
            ensure_private(parent)?;
        }
        match ensure_private(path) {
            // Another process has just removed the last folder of its own, and then the empty parent.
            Err(PrivateError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && tries < 5 =>
            {
                tries += 1;
            }
            result => {
                crash_point("temporary folder: made");
                return result;
            }
        }
    }
}

/// Takes the folder out of the way at once, and says what is left for [`delete_temporary`]. A path that is not in a folder of ours is left alone.
///
/// # Errors
/// The folder cannot be moved.
pub fn set_temporary_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    if !is_ours(path) {
        return Ok(None);
    }
    let aside = (0_u32..).map(|number| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("{OVER}{number}"));
        PathBuf::from(name)
    });
    let Some(over) = aside.into_iter().find(|path| path.symlink_metadata().is_err()) else {
        return Ok(None);
    };
    crash_point("temporary folder: before it is set aside");
    match fs::rename(path, &over) {
        Ok(()) => {
            crash_point("temporary folder: set aside");
            Ok(Some(over))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes what [`set_temporary_aside`] has moved.
///
/// # Errors
/// Something cannot be deleted.
pub fn delete_temporary(aside: &Path) -> io::Result<()> {
    remove_folder(aside)?;
    crash_point("temporary folder: deleted");
    remove_if_empty(aside.parent());
    Ok(())
}

/// Removes the folder, and what earlier removals left of it.
///
/// # Errors
/// Something cannot be deleted.
pub fn remove_temporary(path: &Path) -> io::Result<()> {
    let _moved = set_temporary_aside(path)?;
    let (true, Some(parent), Some(name)) = (is_ours(path), path.parent(), path.file_name()) else {
        return Ok(());
    };
    let start = [name.as_encoded_bytes(), OVER.as_bytes()].concat();
    for entry in parent.read_dir()? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(&start) {
            remove_folder(&entry.path())?;
        }
    }
    remove_if_empty(Some(parent));
    Ok(())
}

fn remove_if_empty(folder: Option<&Path>) {
    // Not empty, or gone already: nothing is wrong with either.
    let _removed = folder.is_some_and(|folder| fs::remove_dir(folder).is_ok());
}

/// Name of the folder that holds those of all tasks.
fn folder_name() -> String {
    format!("{}-tmp", own_name())
}

/// The paths come from a database: nothing but a folder in our own is ever deleted.
fn is_ours(path: &Path) -> bool {
    let Some((parent, name)) = path.parent().zip(path.file_name()) else { return false };
    let plain = path.components().all(|part| !matches!(part, std::path::Component::ParentDir));
    plain
        && !name.is_empty()
        && parent.file_name().is_some_and(|name| *name == *folder_name())
        && is_private(parent).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_place_leaves_room_for_a_socket() {
        let place = temporary_place("a-task-with-12345678");
        assert!(place.is_absolute() && place.as_os_str().len() <= PATH_MAX + 10, "{place:?}");
    }

    #[test]
    fn a_folder_goes_with_all_that_is_in_it_and_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join(folder_name()).join("task");
        ensure_temporary(&place).unwrap();
        ensure_temporary(&place).unwrap();
        // A removal that was interrupted.
        assert!(set_temporary_aside(&place).unwrap().unwrap().is_dir());
        ensure_temporary(&place).unwrap();
        fs::create_dir(place.join("locked")).unwrap();
        fs::write(place.join("locked/file"), "x").unwrap();
        fs::set_permissions(place.join("locked"), fs::Permissions::from_mode(0o500)).unwrap();
        remove_temporary(&place).unwrap();
        remove_temporary(&place).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

        let foreign = dir.path().join("foreign/task");
        fs::create_dir_all(&foreign).unwrap();
        remove_temporary(&foreign).unwrap();
        remove_temporary(&place.join("../../foreign/task")).unwrap();
        assert!(foreign.exists());
    }
}
