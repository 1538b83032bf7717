//! Files that a command leaves to say what came of it.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::domain::integrate::LEFT_OUT;
use crate::domain::task::human_size;

/// Bytes that are read at most.
const LARGEST: u64 = 64 << 20;

/// The text of a report; `None` when there is none. No link is followed at its place. The error says
/// why it is of no use.
pub fn load_report(path: &Path) -> Result<Option<String>, String> {
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if let Some(what) = what_else(&found) {
        return Err(format!("it is {what}"));
    }
    // What is there may be another thing by now: a pipe would never end.
    let options = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = File::options().read(true).custom_flags(options).open(path);
    let file = file.map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    match read.map_err(|error| error.to_string())? as u64 {
        0..=LARGEST => {
            String::from_utf8(bytes).map(Some).map_err(|_| "it is no text in UTF-8".to_owned())
        }
        _ => Err(format!("it is larger than {}", human_size(LARGEST))),
    }
}

/// What is at a place instead of a file; `None` where it is one.
pub fn what_else(found: &Metadata) -> Option<&'static str> {
    let kind = found.file_type();
    match () {
        () if kind.is_file() => None,
        () if kind.is_symlink() => Some("a symbolic link"),
        () if kind.is_dir() => Some("a folder"),
        () if kind.is_fifo() => Some("a pipe"),
        () => Some("no file"),
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

#[cfg(test)]
mod tests;
