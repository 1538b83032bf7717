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
    let mut pieces = OutputPieces::open(log, most)?;
    let text = pieces.next().unwrap_or_default();
    match pieces.left {
        0 => Some(text),
        left => Some(format!("{LEFT_OUT}{left} bytes ----\n{text}")),
    }
}

/// A log from its end to its beginning: pieces of some bytes at most, each from the beginning of a
/// line on. It ends where the log cannot be read.
#[derive(Debug)]
pub struct OutputPieces {
    log: File,
    /// Bytes before the piece that was given last.
    left: u64,
    most: u64,
}

impl OutputPieces {
    /// In pieces of so many bytes; `None` when it cannot be read.
    pub fn open(log: &Path, most: u64) -> Option<Self> {
        let log = File::open(log).ok()?;
        let left = log.metadata().ok()?.len();
        Some(Self { log, left, most: most.max(1) })
    }
}

impl Iterator for OutputPieces {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.left == 0 {
            return None;
        }
        let from = self.left.saturating_sub(self.most);
        // The byte before tells whether a line begins there.
        let first = from.saturating_sub(1);
        self.log.seek(SeekFrom::Start(first)).ok()?;
        let mut bytes = Vec::new();
        (&self.log).take(self.left - first).read_to_end(&mut bytes).ok()?;
        let breaks = bytes.len().saturating_sub(1);
        let begins = match from {
            0 => 0,
            // One line that is longer than everything has no beginning here.
            _ => bytes[..breaks].iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1),
        };
        self.left = first + begins as u64;
        Some(String::from_utf8_lossy(&bytes[begins..]).into_owned())
    }
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
