//! Watching a run: live progress on a terminal, one line an event elsewhere.

use std::io::{IsTerminal, Write};

use super::context::Streams;
use super::patient::Patient;
use crate::domain::id::TaskId;
use crate::domain::report::MatrixEntry;
use crate::domain::run::{Envelope, RunState};
use crate::engine;
use crate::render::{PlainLines, Progress, Subscriber as _};

/// A renderer as a subscriber of the engine, which knows no renderer.
pub(super) enum Watcher {
    Live(Box<Progress>),
    Plain(PlainLines<Box<dyn Write>>),
}

/// The subscriber that fits stderr.
pub(super) fn watcher(streams: &Streams) -> Box<dyn engine::Subscriber> {
    Box::new(if streams.live {
        Watcher::Live(Box::new(Progress::new(streams.err, streams.verbosity)))
    } else {
        let lines: Box<dyn Write> = match Patient::new(std::io::stderr()) {
            Ok(patient) => Box::new(patient),
            Err(_) => Box::new(std::io::stderr()),
        };
        Watcher::Plain(PlainLines::new(lines, streams.verbosity))
    })
}

/// Whether a run that is followed is shown live: its lines are what the command prints, so stdout
/// decides.
pub(super) fn is_live(streams: &Streams) -> bool {
    streams.live && std::io::stdout().is_terminal()
}

/// The subscriber for a run that is followed.
pub(super) fn follower_watcher(streams: &Streams) -> Watcher {
    if is_live(streams) {
        Watcher::Live(Box::new(Progress::new(streams.err, streams.verbosity)))
    } else {
        Watcher::Plain(PlainLines::new(Box::new(std::io::stdout()), streams.verbosity))
    }
}

impl Watcher {
    /// Whether what does not stay is shown as well.
    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// Shows how the branches of the run will merge. Lines tell of collisions as events.
    pub(super) fn show_forecast(&mut self, state: &RunState, matrix: &[MatrixEntry]) {
        match self {
            Self::Live(progress) => progress.show_forecast(state, matrix),
            Self::Plain(_) => {}
        }
    }
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
