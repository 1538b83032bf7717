//! Writing to a stream whose reader may be slow, or may not read at all: a run must not wait for it.

use std::io::{self, Write};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

/// Takes everything at once and writes it from a thread of its own. Dropping it waits until all is
/// written, or until that fails.
#[derive(Debug)]
pub(super) struct Patient {
    queue: Option<Sender<Vec<u8>>>,
    writing: Option<JoinHandle<()>>,
    failed: Arc<OnceLock<io::ErrorKind>>,
}

impl Patient {
    /// Writes to `stream`.
    ///
    /// # Errors
    /// The system has no room for another thread.
    pub(super) fn new(mut stream: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, pieces) = mpsc::channel::<Vec<u8>>();
        let failed = Arc::new(OnceLock::new());
        let failure = failed.clone();
        let write = move || {
            for piece in pieces {
                if let Err(error) = stream.write_all(&piece).and_then(|()| stream.flush()) {
                    let _the_first_counts = failure.set(error.kind());
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("wt-orch-lines".into()).spawn(write)?;
        Ok(Self { queue: Some(queue), writing: Some(thread), failed })
    }
}

impl Write for Patient {
    /// Fails with what an earlier piece failed with.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kind) = self.failed.get() {
            return Err((*kind).into());
        }
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send(bytes.to_vec()).is_ok());
        // Between the failure and its note the thread takes nothing any more.
        if sent { Ok(bytes.len()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writing) = self.writing.take() {
            // A thread that panicked has said so.
            writing.join().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_reader_that_does_not_read_blocks_nobody_and_gets_everything_in_the_end() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut patient = Patient::new(writer).unwrap();
        let line = [b'x'; 1000];
        // Far more than a pipe holds.
        for _ in 0..1000 {
            patient.write_all(&line).unwrap();
        }
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all.len()
        });
        drop(patient);
        assert_eq!(reading.join().unwrap(), 1_000_000);
    }

    #[test]
    fn a_closed_pipe_is_told_of() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut patient = Patient::new(writer).unwrap();
        let failure = (0..).find_map(|_| patient.write_all(b"line\n").err()).unwrap();
        assert_eq!(failure.kind(), io::ErrorKind::BrokenPipe);
    }
}
