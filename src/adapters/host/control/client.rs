//! The asking side. It blocks, for no longer than its patience: the commands that use it do nothing
//! else meanwhile.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::{ControlError, LINE_MAX, Place, Reply, Request};

/// How long the other side may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the process that serves the run; [`Reply::NotRunning`] when there is none.
pub fn send(place: Place<'_>, request: &Request) -> Result<Reply, ControlError> {
    for path in place.candidates() {
        match UnixStream::connect(&path) {
            Ok(stream) => {
                return ask(&stream, request)
                    .map_err(|source| ControlError::NoAnswer { path, source });
            }
            Err(error) if is_deserted(&error, &path) => {}
            Err(source) => return Err(ControlError::Io { path, source }),
        }
    }
    Ok(Reply::NotRunning)
}

/// Whether the error of a connection says that nobody listens there.
pub(super) fn is_deserted(error: &io::Error, path: &Path) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotADirectory, NotFound};
    [ConnectionRefused, NotADirectory, NotFound].contains(&error.kind()) || !path.exists()
}

fn ask(mut stream: &UnixStream, request: &Request) -> io::Result<Reply> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream.take(LINE_MAX)).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
