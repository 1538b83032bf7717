//! Files that a command leaves to say what came of it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::domain::task::human_size;

/// Bytes that are read at most.
const LARGEST: u64 = 64 << 20;

/// The text of a report; `None` when there is none. The error says why it is of no use.
pub fn load_report(path: &Path) -> Result<Option<String>, String> {
    // A pipe would never end.
    if !path.metadata().is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    match read.map_err(|error| error.to_string())? as u64 {
        0..=LARGEST => Ok(Some(text)),
        _ => Err(format!("it is larger than {}", human_size(LARGEST))),
    }
}

/// What a log holds, whatever bytes were written; `None` when it cannot be read.
pub fn load_output(log: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&fs::read(log).ok()?).into_owned())
}

/// Removes a report, also one that is a link.
pub fn remove_report(path: &Path) -> Result<(), String> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("{}: {error}", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
