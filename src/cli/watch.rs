//! Watching a run: live progress on a terminal, one line an event elsewhere.

use std::io::Stderr;

use super::context::Streams;
use crate::domain::id::TaskId;
use crate::domain::run::{Envelope, RunState};
use crate::engine;
use crate::render::{PlainLines, Progress, Subscriber as _};

/// A renderer as a subscriber of the engine, which knows no renderer.
enum Watcher {
    Live(Box<Progress>),
    Plain(PlainLines<Stderr>),
}

/// The subscriber that fits stderr.
pub(super) fn watcher(streams: &Streams) -> Box<dyn engine::Subscriber> {
    Box::new(if streams.live {
        Watcher::Live(Box::new(Progress::new(streams.err, streams.verbosity)))
    } else {
        Watcher::Plain(PlainLines::new(std::io::stderr(), streams.verbosity))
    })
}

impl engine::Subscriber for Watcher {
    fn on_event(&mut self, envelope: &Envelope, state: &RunState) -> Result<(), String> {
        match self {
            Self::Live(progress) => progress.on_event(envelope, state),
            Self::Plain(lines) => lines.on_event(envelope, state),
        }
        .map_err(|error| error.to_string())
    }

    fn on_output(&mut self, task: &TaskId, line: &str) {
        match self {
            Self::Live(progress) => progress.on_output(task, line),
            Self::Plain(lines) => lines.on_output(task, line),
        }
    }
}
