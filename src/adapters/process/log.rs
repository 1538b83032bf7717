//! A file of bounded size that keeps the beginning and the end of what is written to it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::log_file::open_log;
use crate::adapters::host::crash_point::crash_point;
use crate::domain::integrate::LEFT_OUT;

/// Smallest limit, in bytes: the ruler must be small beside what is kept.
const LIMIT_MIN: u64 = 4096;
/// Bytes of the line between beginning and end.
const RULER_LEN: u64 = 66;

/// What the file holds already is never touched. While there is room it gets the bytes as they are.
/// Then its first half stays, and whenever the rest is full, the older part of that is dropped: on
/// disk there are never more than `limit` bytes and the ruler, and the ruler is always right.
#[derive(Debug)]
pub(super) struct BoundedLog {
    file: File,
    /// Length of the file when it was opened.
    start: u64,
    limit: u64,
    /// Bytes written behind `start` that are still there.
    len: u64,
    left_out: u64,
    failure: Option<io::Error>,
}

impl BoundedLog {
    /// Opens the file to write behind its end, or in place of what it holds; makes its folders.
    pub(super) fn open(path: &Path, limit: u64, overwrite: bool) -> io::Result<Self> {
        let file = open_log(path, overwrite)?;
        crash_point("log: opened");
        let start = file.metadata()?.len();
        let limit = limit.max(LIMIT_MIN);
        Ok(Self { file, start, limit, len: 0, left_out: 0, failure: None })
    }

    /// Writes all of it. After the first failure nothing more is written.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.failure.is_none() {
            self.failure = self.write_all(bytes).err();
        }
    }

    /// The first failure.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.room() == 0 {
                self.drop_middle()?;
            }
            let room = usize::try_from(self.room()).unwrap_or(usize::MAX);
            let (piece, rest) = bytes.split_at(bytes.len().min(room));
            self.file.write_all_at(piece, self.start + self.len)?;
            self.len += piece.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    fn room(&self) -> u64 {
        let ruler = if self.left_out > 0 { RULER_LEN } else { 0 };
        (self.limit + ruler).saturating_sub(self.len)
    }

    fn drop_middle(&mut self) -> io::Result<()> {
        let head = self.limit / 2;
        let kept = self.limit / 4;
        let tail_from = if self.left_out > 0 { head + RULER_LEN } else { head };
        self.left_out += self.len - tail_from - kept;
        self.move_down(self.len - kept, head + RULER_LEN, kept)?;
        self.file.write_all_at(ruler(self.left_out).as_bytes(), self.start + head)?;
        self.len = head + RULER_LEN + kept;
        self.file.set_len(self.start + self.len)
    }

    /// Copies forwards, so the places may overlap.
    fn move_down(&self, from: u64, to: u64, len: u64) -> io::Result<()> {
        let mut buffer = vec![0; 256 * 1024];
        let mut done = 0;
        while done < len {
            let size = usize::try_from(len - done).map_or(buffer.len(), |n| n.min(buffer.len()));
            self.file.read_exact_at(&mut buffer[..size], self.start + from + done)?;
            self.file.write_all_at(&buffer[..size], self.start + to + done)?;
            done += size as u64;
        }
        Ok(())
    }
}

/// Always [`RULER_LEN`] bytes, so that it can be written again in its place.
fn ruler(left_out: u64) -> String {
    let text = format!("{LEFT_OUT}{left_out} bytes here ");
    format!("\n{text:-<64}\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn written(limit: u64, chunks: &[&[u8]], before: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/log");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, before).unwrap();
        let mut log = BoundedLog::open(&path, limit, false).unwrap();
        for chunk in chunks {
            log.write(chunk);
        }
        assert!(log.failure().is_none());
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn what_fits_is_written_as_it_is_behind_what_was_there() {
        let full = "x".repeat(4096);
        assert_eq!(written(4096, &[full.as_bytes()], "before\n"), format!("before\n{full}"));
    }

    #[test]
    fn beginning_and_end_are_kept_and_the_ruler_counts_what_is_not() {
        let all: String = (0..20_000).map(|n| format!("{n:07}\n")).collect();
        for size in [1, 7, 1000, 5000, all.len()] {
            let chunks: Vec<&[u8]> = all.as_bytes().chunks(size).collect();
            let text = written(8192, &chunks, "before\n");
            let text = text.strip_prefix("before\n").unwrap();
            assert!(text.len() as u64 <= 8192 + RULER_LEN);
            let (head, rest) = text.split_once("\n---- wt-orch left out ").unwrap();
            let (count, rest) = rest.split_once(' ').unwrap();
            let (_, tail) = rest.split_once("-\n").unwrap();
            assert!(head.len() >= 4096 && tail.len() >= 2048);
            assert!(all.starts_with(head) && all.ends_with(tail));
            assert_eq!(count.parse::<usize>().unwrap(), all.len() - head.len() - tail.len());
        }
    }

    #[test]
    fn the_ruler_has_one_length() {
        for left_out in [0, 1, u64::MAX] {
            assert_eq!(ruler(left_out).len() as u64, RULER_LEN);
        }
    }

    #[test]
    fn a_full_disk_is_remembered_and_stops_the_writing() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let mut log = BoundedLog::open(full, 4096, false).unwrap();
        log.write(b"a");
        log.write(b"b");
        assert_eq!(log.failure().unwrap().kind(), io::ErrorKind::StorageFull);
        assert_eq!(log.len, 0);
    }
}
