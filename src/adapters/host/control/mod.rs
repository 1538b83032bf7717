//! The socket through which other commands reach a running one: one line of JSON there, one back.
//!
//! It lies at `<folder>/<run>.sock`, or, where that path is too long for a socket, under a hash in
//! a private folder. Only processes of the same user are served.

mod client;
mod place;
mod server;

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::private::PrivateError;

pub use client::{Follower, follow, is_served, send};
pub use place::Place;
pub use server::{Call, ControlServer, clear_deserted};

/// Longest line either side accepts, in bytes.
const LINE_MAX: u64 = 64 * 1024;

/// What one may ask of a running process. On the wire: `{"request":"abort"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Stop the run in good order; of a run that is being aborted already, end it by force.
    Abort,
    /// Say how many events are stored, and say it again whenever there are more.
    Follow,
    /// Say that you are there.
    Ping,
}

/// What came back. On the wire: `{"reply":"aborting","forced":false}`, `{"reply":"refused","message":"…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The run is being aborted.
    Aborting {
        /// What runs is killed at once.
        forced: bool,
    },
    /// Answer to a follower.
    Stored {
        /// Number of the last event that is stored.
        seq: u64,
    },
    /// Answer to a ping.
    Pong {
        /// The process that serves the run.
        pid: u32,
    },
    /// The request was not understood, or not taken on.
    Refused {
        /// Why, as a fragment.
        message: String,
    },
    /// Nobody serves this run; made by the client, never sent.
    NotRunning,
}

/// Why the socket could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Another process serves this run.
    #[error("another process already listens at {}", path.display())]
    AlreadyServed {
        /// The socket.
        path: PathBuf,
    },
    /// The private folder for sockets cannot be had.
    #[error(transparent)]
    Folder(#[from] PrivateError),
    /// Every place for the socket has a path longer than a socket may have.
    #[error("the path {} is too long for a socket", path.display())]
    TooLong {
        /// The last place tried.
        path: PathBuf,
    },
    /// The other side closed the connection, was silent for too long, or spoke something else.
    #[error("no answer from the process at {}", path.display())]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot use the socket {}", path.display())]
    Io {
        /// The socket or its folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests;
