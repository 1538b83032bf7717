//! The serving side.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::client::is_deserted;
use super::{ControlError, LINE_MAX, Place, Reply, Request};
use crate::adapters::host::crash_point::crash_point;

/// How long a client may take to send its line, and the run to answer it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause after the system refused a connection, for lack of file handles mostly.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens for requests until it is dropped, which removes the socket.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    inode: (u64, u64),
    calls: mpsc::Receiver<Call>,
    /// Number of the last event that is stored, for those who follow.
    stored: watch::Sender<u64>,
    listening: JoinHandle<()>,
}

/// A request that waits for its answer. Dropping it refuses the request.
#[derive(Debug)]
pub struct Call {
    /// What is asked; pings and followers are answered by the server itself.
    pub request: Request,
    answer: oneshot::Sender<Reply>,
    /// Ends when the answer is written, or cannot be.
    written: oneshot::Receiver<()>,
}

impl Call {
    /// Answers it, and waits until the answer is written: the run may end with it.
    pub async fn answer(self, reply: Reply) {
        // A client that has gone away needs no answer.
        if self.answer.send(reply).is_ok() {
            self.written.await.ok();
        }
    }
}

impl ControlServer {
    /// Makes the socket, in place of one whose owner has died. Needs a tokio runtime.
    pub fn bind(place: Place<'_>) -> Result<Self, ControlError> {
        let path = place.ensure()?;
        remove_deserted(&path)?;
        crash_point("socket: before it is made");
        let (listener, inode) = match listen(&path) {
            Ok(bound) => bound,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(ControlError::AlreadyServed { path });
            }
            Err(source) => return Err(ControlError::Io { path, source }),
        };
        crash_point("socket: made");
        let (sender, calls) = mpsc::channel(16);
        let stored = watch::Sender::new(0);
        let listening = tokio::spawn(accept(listener, sender, stored.subscribe()));
        Ok(Self { path, inode, calls, stored, listening })
    }

    /// Tells those who follow that events up to this one are stored.
    pub fn tell_stored(&self, seq: u64) {
        self.stored.send_if_modified(|known| std::mem::replace(known, seq) != seq);
    }

    /// Where the socket lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next request. May be dropped and called again without losing any.
    pub async fn recv(&mut self) -> Call {
        match self.calls.recv().await {
            Some(call) => call,
            None => std::future::pending().await,
        }
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.listening.abort();
        if inode(&self.path).is_ok_and(|found| found == self.inode) {
            crash_point("socket: before it goes");
            fs::remove_file(&self.path).ok();
        }
    }
}

fn listen(path: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok((listener, inode(path)?))
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Takes away the socket of an owner that has died.
pub fn clear_deserted(place: Place<'_>) -> Result<(), ControlError> {
    place.candidates().iter().try_for_each(|path| remove_deserted(path))
}

/// Only a socket that refuses connections is removed.
fn remove_deserted(path: &Path) -> Result<(), ControlError> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        return Ok(());
    }
    match BlockingStream::connect(path) {
        Ok(_) => Err(ControlError::AlreadyServed { path: path.to_owned() }),
        Err(error) if is_deserted(&error, path) => match fs::remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(ControlError::Io { path: path.to_owned(), source })
            }
            Ok(()) | Err(_) => Ok(()),
        },
        Err(source) => Err(ControlError::Io { path: path.to_owned(), source }),
    }
}

async fn accept(listener: UnixListener, calls: mpsc::Sender<Call>, stored: watch::Receiver<u64>) {
    let own = rustix::process::getuid().as_raw();
    loop {
        match listener.accept().await {
            Ok((stream, _))
                if stream.peer_cred().is_ok_and(|peer| [0, own].contains(&peer.uid())) =>
            {
                tokio::spawn(serve(stream, calls.clone(), stored.clone()));
            }
            Ok(_) => {}
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn serve(mut stream: UnixStream, calls: mpsc::Sender<Call>, stored: watch::Receiver<u64>) {
    let (reading, mut writing) = stream.split();
    let mut line = String::new();
    let mut reading = BufReader::new(reading.take(LINE_MAX));
    match timeout(PATIENCE, reading.read_line(&mut line)).await {
        Ok(Ok(length)) if length > 0 => {}
        Ok(Ok(_) | Err(_)) | Err(_) => return,
    }
    let (written, reader) = oneshot::channel();
    let reply = match serde_json::from_str(&line) {
        Ok(Request::Ping) => Reply::Pong { pid: std::process::id() },
        Ok(Request::Follow) => return tell_follower(stream, stored).await,
        Ok(request) => pass_on(request, reader, &calls).await,
        Err(error) => Reply::Refused { message: format!("unknown request: {error}") },
    };
    // A client that has gone away needs no answer.
    timeout(PATIENCE, writing.write_all(&line_of(&reply))).await.ok();
    // Who answered may have gone away as well.
    written.send(()).ok();
}

/// Until nobody serves the run any more, or the follower is gone. One that is slow hears of fewer
/// steps, and of the last one.
async fn tell_follower(mut stream: UnixStream, mut stored: watch::Receiver<u64>) {
    let (mut reading, mut writing) = stream.split();
    loop {
        let seq = *stored.borrow_and_update();
        if writing.write_all(&line_of(&Reply::Stored { seq })).await.is_err() {
            return;
        }
        tokio::select! {
            changed = stored.changed() => if changed.is_err() {
                return;
            },
            // It has nothing more to say, so this is its end.
            _ = reading.read_u8() => return,
        }
    }
}

fn line_of(reply: &Reply) -> Vec<u8> {
    let mut line = serde_json::to_vec(reply).unwrap_or_default();
    line.push(b'\n');
    line
}

async fn pass_on(
    request: Request,
    written: oneshot::Receiver<()>,
    calls: &mpsc::Sender<Call>,
) -> Reply {
    let (answer, answered) = oneshot::channel();
    let asked = async {
        calls.send(Call { request, answer, written }).await.ok()?;
        answered.await.ok()
    };
    let refused = |message: &str| Reply::Refused { message: message.to_owned() };
    match timeout(PATIENCE, asked).await {
        Ok(Some(reply)) => reply,
        Ok(None) => refused("the run is ending"),
        Err(_) => refused("the run did not answer in time"),
    }
}
