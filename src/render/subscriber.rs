//! Who watches a run.

use std::io;

use crate::domain::id::TaskId;
use crate::domain::run::{Envelope, RunState};

/// Is told every event after it was stored and folded. One that fails is dropped with one warning
/// and never stops a run.
pub trait Subscriber {
    /// An event, with the state after it.
    ///
    /// # Errors
    /// Whatever the writer says.
    fn on_event(&mut self, envelope: &Envelope, state: &RunState) -> io::Result<()>;

    /// A line of output of a task's command, as it came. Not part of the journal.
    fn on_output(&mut self, task: &TaskId, line: &str) {
        let _ = (task, line);
    }
}
