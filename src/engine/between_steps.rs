//! Signals that come while this process itself is at work, and nothing runs that could be held or stopped.

use super::error::EngineError;
use super::journal::Journal;
use crate::adapters::host::signals::{Signal, Signals, stand_still};
use crate::domain::run::Event;

/// Whether a signal has come that asks for the end. One that asks to stand still is heeded here.
pub(super) async fn is_interrupted(
    journal: &mut Journal,
    signals: &mut Signals,
) -> Result<bool, EngineError> {
    while let Some(signal) = signals.pending().await {
        match signal {
            Signal::Suspend => {
                journal.note(Event::Suspended)?;
                stand_still()
                    .map_err(|source| EngineError::System { what: "stop itself", source })?;
                journal.note(Event::Continued)?;
            }
            Signal::Interrupt | Signal::Terminate | Signal::Hangup => return Ok(true),
        }
    }
    Ok(false)
}
