//! Events as rows of the journal.

use serde::{Deserialize, Serialize};

use super::event::Event;
use crate::domain::time::Timestamp;

/// Version written with every event. A reader refuses what is newer.
pub const JOURNAL_VERSION: u32 = 1;

/// Position of `run_created`.
pub const FIRST_SEQ: u64 = 1;

/// An event with its place in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Position in the run's journal, from [`FIRST_SEQ`].
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// A stored row that is no event of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Written by a newer wt-orch.
    #[error("event {seq} has version {found}; this wt-orch reads up to {JOURNAL_VERSION}")]
    Newer {
        /// Where.
        seq: u64,
        /// Its version.
        found: u32,
    },
    /// Not an event.
    #[error("event {seq} cannot be read: {reason}")]
    Unreadable {
        /// Where.
        seq: u64,
        /// What is wrong.
        reason: String,
    },
}

impl Envelope {
    /// The event's name and JSON text, for storing.
    pub fn encode(&self) -> Result<(String, String), JournalError> {
        let unreadable = |e: serde_json::Error| JournalError::Unreadable {
            seq: self.seq,
            reason: e.to_string(),
        };
        let value = serde_json::to_value(&self.event).map_err(unreadable)?;
        let kind = value.get("kind").and_then(|k| k.as_str()).unwrap_or("unknown").to_owned();
        Ok((kind, value.to_string()))
    }

    /// The reverse of [`Self::encode`].
    pub fn decode(seq: u64, at: Timestamp, version: u32, body: &str) -> Result<Self, JournalError> {
        if version > JOURNAL_VERSION {
            return Err(JournalError::Newer { seq, found: version });
        }
        let event = serde_json::from_str(body)
            .map_err(|e| JournalError::Unreadable { seq, reason: e.to_string() })?;
        Ok(Self { seq, at, event })
    }
}

#[cfg(test)]
mod tests;
