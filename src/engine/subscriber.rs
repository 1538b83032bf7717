//! Who watches a run.

use crate::domain::id::TaskId;
use crate::domain::run::{Envelope, RunState};

/// A watcher of events. One that fails is dropped with one warning and never stops a run.
pub trait Subscriber {
    /// An event was stored and folded into `state`.
    ///
    /// # Errors
    /// Any text; the watcher is not called again.
    fn on_event(&mut self, envelope: &Envelope, state: &RunState) -> Result<(), String>;

    /// A task's last line of output, not stored.
    fn on_output(&mut self, task: &TaskId, line: &str);
}
