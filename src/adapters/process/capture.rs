//! A command's output on its way from the pipes to the files.

use std::io;
use std::os::fd::OwnedFd;

use tokio::net::unix::pipe::Receiver;

use super::lines::Lines;
use super::log::BoundedLog;
use super::{CommandSpec, SpawnError};
use crate::domain::run::AgentOutput;
use crate::domain::task::AgentFormat;

/// Bytes taken at once: what a pipe holds.
const CHUNK: usize = 64 * 1024;

/// Where output goes, opened before the command starts.
#[derive(Debug)]
pub(super) struct Files {
    log: BoundedLog,
    stdout_copy: Option<BoundedLog>,
}

impl Files {
    pub(super) fn open(spec: &CommandSpec) -> Result<Self, SpawnError> {
        let open = |path: &std::path::Path, overwrite| {
            BoundedLog::open(path, spec.log_limit, overwrite)
                .map_err(|source| SpawnError::Log { path: path.to_owned(), source })
        };
        let stdout_copy = spec.stdout_copy.as_ref().map(|path| open(path, true)).transpose()?;
        Ok(Self { log: open(&spec.log, false)?, stdout_copy })
    }

    fn failure(&self) -> Option<&io::Error> {
        let copy = self.stdout_copy.as_ref().and_then(BoundedLog::failure);
        self.log.failure().or(copy)
    }
}

/// Reads the pipes: the first is stdout (or stdout and stderr in one), the second stderr.
#[derive(Debug)]
pub(super) struct Capture {
    pipes: [Option<Receiver>; 2],
    files: Files,
    pub(super) lines: Lines,
    agent: Option<AgentOutput>,
    bytes: u64,
    buffer: Box<[u8]>,
}

/// What is left to say when the last byte is in.
pub(super) struct Captured {
    pub(super) bytes: u64,
    pub(super) last_lines: Vec<String>,
    pub(super) error: Option<String>,
    pub(super) agent: Option<AgentOutput>,
}

impl Capture {
    /// Needs a tokio runtime.
    pub(super) fn new(
        pipes: [Option<OwnedFd>; 2],
        files: Files,
        agent: Option<AgentFormat>,
    ) -> io::Result<Self> {
        let [first, second] = pipes;
        let pipes = [
            first.map(Receiver::from_owned_fd).transpose()?,
            second.map(Receiver::from_owned_fd).transpose()?,
        ];
        let buffer = vec![0; CHUNK].into();
        let agent = agent.map(AgentOutput::new);
        Ok(Self { pipes, files, lines: Lines::default(), agent, bytes: 0, buffer })
    }

    /// Whether more may come.
    pub(super) fn is_open(&self) -> bool {
        self.pipes.iter().any(Option::is_some)
    }

    /// Waits for some output, or for the end of a pipe, and takes it. May be dropped at any time
    /// without losing any.
    pub(super) async fn take(&mut self) {
        let [first, second] = &self.pipes;
        let ready = tokio::select! {
            () = readable(first.as_ref()) => 0,
            () = readable(second.as_ref()) => 1,
        };
        self.take_from(ready);
    }

    /// Takes what lies in the pipes, at least as much as they held on entry, and their ends. Asks the
    /// system and not the runtime, which may not have heard of it yet. Tells whether there was any.
    pub(super) fn take_ready(&mut self) -> bool {
        let before = self.bytes;
        for stream in 0..self.pipes.len() {
            let start = self.bytes;
            while self.bytes - start <= self.buffer.len() as u64 {
                let Some(pipe) = &self.pipes[stream] else { break };
                let read = rustix::io::read(pipe, &mut *self.buffer);
                if !self.took(stream, read.map_err(io::Error::from)) {
                    break;
                }
            }
        }
        self.bytes > before
    }

    pub(super) fn finish(self) -> Captured {
        let error = self.files.failure().map(ToString::to_string);
        let last_lines = self.lines.finish();
        Captured { bytes: self.bytes, last_lines, error, agent: self.agent }
    }

    fn take_from(&mut self, stream: usize) {
        let Some(pipe) = &self.pipes[stream] else { return };
        let read = pipe.try_read(&mut self.buffer);
        self.took(stream, read);
    }

    /// Deals with what a read of the pipe answered; false where there was nothing to take.
    fn took(&mut self, stream: usize, read: io::Result<usize>) -> bool {
        let bytes = match read {
            Ok(0) => {
                self.pipes[stream] = None;
                return false;
            }
            Ok(length) => &self.buffer[..length],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return true,
            Err(_) => {
                self.pipes[stream] = None;
                return false;
            }
        };
        self.bytes += bytes.len() as u64;
        self.files.log.write(bytes);
        if let (0, Some(copy)) = (stream, &mut self.files.stdout_copy) {
            copy.write(bytes);
        }
        self.lines.take(stream, bytes);
        if let Some(agent) = &mut self.agent {
            agent.take(stream, bytes);
        }
        true
    }
}

/// An error shows again when the pipe is read.
async fn readable(pipe: Option<&Receiver>) {
    match pipe {
        Some(pipe) => drop(pipe.readable().await),
        None => std::future::pending().await,
    }
}
