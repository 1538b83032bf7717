//! Taking a database that cannot be read out of the way, with the files beside it, whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Flock, FlockType, fcntl_getlk};

use super::{FILE_NAME, StoreError, is_absent};

/// Files that belong to a database, by what is added to its name; the database itself comes last, so
/// that a new one never finds the log of the old one.
const PARTS: [&str; 3] = ["-wal", "-shm", ""];
/// Bytes that SQLite locks, with the part that they are in (its file format, "File Locking Notes"
/// and "WAL-Index File Format"): while a connection reads or writes, and as long as it is open.
const LOCKED: [(&str, u64, u64); 2] = [("", 0x4000_0000, 512), ("-shm", 120, 9)];

/// Whether another process uses the database of a folder. This process must not have it open: its
/// own locks would be lost.
///
/// # Errors
/// A file that is there and cannot be opened or asked.
pub fn has_other_users(dir: &Path) -> Result<bool, StoreError> {
    for (part, start, length) in LOCKED {
        let path = part_of(&dir.join(FILE_NAME), part);
        let asked = match File::open(&path) {
            Ok(file) => is_locked(&file, start, length),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        };
        if asked.map_err(|source| StoreError::Folder { path, source })? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_locked(file: &File, start: u64, length: u64) -> io::Result<bool> {
    let wanted = Flock { start, length, ..Flock::from(FlockType::WriteLock) };
    Ok(fcntl_getlk(file, &wanted)?.is_some())
}

/// Renames the database of a folder to the first free `state.db.corrupt-<n>`, and answers its path.
///
/// # Errors
/// The folder cannot be changed.
pub fn move_aside(dir: &Path) -> Result<PathBuf, StoreError> {
    let database = dir.join(FILE_NAME);
    let is_free = |aside: &PathBuf| {
        PARTS.iter().all(|part| fs::symlink_metadata(part_of(aside, part)).is_err())
    };
    let aside = (1_u64..).map(|nth| dir.join(format!("{FILE_NAME}.corrupt-{nth}"))).find(is_free);
    let aside = aside.unwrap_or_else(|| dir.join(format!("{FILE_NAME}.corrupt")));
    for part in PARTS {
        let from = part_of(&database, part);
        match fs::rename(&from, part_of(&aside, part)) {
            Err(error) if !part.is_empty() && is_absent(&error) => {}
            Err(source) => return Err(StoreError::Folder { path: from, source }),
            Ok(()) => {}
        }
    }
    Ok(aside)
}

fn part_of(database: &Path, part: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(part);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;

    #[test]
    fn a_database_is_moved_with_the_files_beside_it_and_over_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for round in ["first", "second"] {
            for part in PARTS {
                fs::write(path(&format!("state.db{part}")), format!("{round}{part}")).unwrap();
            }
            move_aside(dir.path()).unwrap();
        }
        fs::write(path("state.db"), "third").unwrap();
        assert_eq!(move_aside(dir.path()).unwrap(), path("state.db.corrupt-3"));
        let mut found: Vec<(String, String)> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name(), fs::read_to_string(entry.path()).unwrap()))
            .map(|(name, text)| (name.display().to_string(), text))
            .collect();
        found.sort();
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&a[..], &b[..])).collect();
        assert_eq!(
            found,
            [
                ("state.db.corrupt-1", "first"),
                ("state.db.corrupt-1-shm", "first-shm"),
                ("state.db.corrupt-1-wal", "first-wal"),
                ("state.db.corrupt-2", "second"),
                ("state.db.corrupt-2-shm", "second-shm"),
                ("state.db.corrupt-2-wal", "second-wal"),
                ("state.db.corrupt-3", "third"),
            ]
        );
        assert!(matches!(move_aside(dir.path()), Err(StoreError::Folder { .. })));
    }

    #[test]
    fn a_database_that_nobody_has_open_has_no_users() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!has_other_users(dir.path()).unwrap());
        drop(Store::open(dir.path()).unwrap());
        assert!(!has_other_users(dir.path()).unwrap());
    }
}
