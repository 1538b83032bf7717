//! Space on disk: what is free, and giving it back.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Bytes an ordinary user may still write on the file system of `path`. A path that does not exist
/// yet counts as its nearest existing ancestor.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let found = on_existing(path, |place| rustix::fs::statvfs(place))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// A number for the file system of `path`, or of its nearest existing ancestor.
pub fn file_system(path: &Path) -> io::Result<u64> {
    #[expect(clippy::unnecessary_cast, reason = "the type differs between systems")]
    on_existing(path, |place| rustix::fs::stat(place)).map(|found| found.st_dev as u64)
}

fn on_existing<T>(
    path: &Path,
    ask: impl Fn(&Path) -> Result<T, rustix::io::Errno>,
) -> io::Result<T> {
    let mut place = path;
    loop {
        match ask(place) {
            Err(rustix::io::Errno::NOENT) => {}
            answer => return Ok(answer?),
        }
        place = match place.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(io::ErrorKind::NotFound.into()),
        };
    }
}

/// Removes a folder with all that is in it, also below folders without permissions; one that is not
/// there is no error.
pub fn remove_folder(path: &Path) -> io::Result<()> {
    let attempt = || match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    match attempt() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_folders(path.to_owned());
            attempt()
        }
        result => result,
    }
}

fn open_folders(top: PathBuf) {
    let mut folders = vec![top];
    while let Some(folder) = folders.pop() {
        // What cannot be opened is named by the attempt that follows.
        let _opened = fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).is_ok();
        let Ok(entries) = folder.read_dir() else { continue };
        let below =
            entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(below.map(|entry| entry.path()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_to_be_made_has_the_space_of_the_folder_it_will_stand_in() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_bytes(dir.path()).unwrap() > 0);
        assert!(free_bytes(&dir.path().join("not/yet/there")).unwrap() > 0);
        assert!(free_bytes(Path::new("not-there")).unwrap() > 0);
    }
}
