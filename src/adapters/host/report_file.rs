//! Files that a command leaves to say what came of it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use crate::domain::integrate::LEFT_OUT;
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

/// What a log holds, whatever bytes were written; `None` when it cannot be read. Of a very large one
/// the end, as of [`load_output_end`].
pub fn load_output(log: &Path) -> Option<String> {
    load_output_end(log, LARGEST)
}

/// The last `most` bytes of a log, from the beginning of a line on. A line before them stands for the
/// rest, by which readers know that something is missing. `None` when it cannot be read.
pub fn load_output_end(log: &Path, most: u64) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let left_out = file.metadata().ok()?.len().saturating_sub(most);
    // The byte before tells whether a line begins there.
    file.seek(SeekFrom::Start(left_out.saturating_sub(1))).ok()?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    if left_out == 0 {
        bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    // One line that is longer than everything has no beginning here.
    let begins = bytes.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let note = format!("{LEFT_OUT}{} bytes ----\n", left_out.saturating_sub(1) + begins as u64);
    Some(note + &String::from_utf8_lossy(&bytes[begins..]))
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

#[cfg(test)]
mod tests;
