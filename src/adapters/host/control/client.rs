//! The asking side. It blocks, for no longer than its patience: the commands that use it do nothing
//! else meanwhile.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{ControlError, LINE_MAX, Place, Reply, Request};

/// How long the other side may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the process that serves the run; [`Reply::NotRunning`] when there is none.
pub fn send(place: Place<'_>, request: &Request) -> Result<Reply, ControlError> {
    let Some((path, stream)) = connect(place)? else { return Ok(Reply::NotRunning) };
    ask(&stream, request).map_err(|source| ControlError::NoAnswer { path, source })
}

/// Whether a process serves the run, be it one that is stopped and cannot answer.
pub fn is_served(place: Place<'_>) -> Result<bool, ControlError> {
    Ok(connect(place)?.is_some())
}

/// Follows the run in the process that serves it; `None` when there is none.
pub fn follow(place: Place<'_>) -> Result<Option<Follower>, ControlError> {
    let Some((path, stream)) = connect(place)? else { return Ok(None) };
    match write_line(&stream, &Request::Follow) {
        Ok(()) => Ok(Some(Follower { lines: BufReader::new(stream) })),
        Err(source) => Err(ControlError::NoAnswer { path, source }),
    }
}

/// Hears how far the journal of a run has come.
#[derive(Debug)]
pub struct Follower {
    lines: BufReader<UnixStream>,
}

impl Follower {
    /// Waits until there are more events than were told of, and gives the number of the last one;
    /// `None` once nobody serves the run any more.
    pub fn wait(&mut self) -> Option<u64> {
        let mut line = String::new();
        (&mut self.lines).take(LINE_MAX).read_line(&mut line).ok()?;
        match serde_json::from_str(&line).ok()? {
            Reply::Stored { seq } => Some(seq),
            Reply::Aborting { .. }
            | Reply::Pong { .. }
            | Reply::Refused { .. }
            | Reply::NotRunning => None,
        }
    }
}

fn connect(place: Place<'_>) -> Result<Option<(PathBuf, UnixStream)>, ControlError> {
    for path in place.candidates() {
        match UnixStream::connect(&path) {
            Ok(stream) => return Ok(Some((path, stream))),
            Err(error) if is_deserted(&error, &path) => {}
            Err(source) => return Err(ControlError::Io { path, source }),
        }
    }
    Ok(None)
}

/// Whether the error of a connection says that nobody listens there.
pub(super) fn is_deserted(error: &io::Error, path: &Path) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotADirectory, NotFound};
    [ConnectionRefused, NotADirectory, NotFound].contains(&error.kind()) || !path.exists()
}

fn ask(stream: &UnixStream, request: &Request) -> io::Result<Reply> {
    stream.set_read_timeout(Some(PATIENCE))?;
    write_line(stream, request)?;
    let mut answer = String::new();
    BufReader::new(stream.take(LINE_MAX)).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

fn write_line(mut stream: &UnixStream, request: &Request) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)
}
