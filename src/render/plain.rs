//! One plain line for each event worth telling, where there is no terminal.

use std::io::{self, Write};

use super::event_line::{Verbosity, event_lines};
use super::subscriber::Subscriber;
use crate::domain::run::{Envelope, Event, IllegalEvent, RunState};

/// Writes plain lines.
#[derive(Debug)]
pub struct PlainLines<W> {
    writer: W,
    verbosity: Verbosity,
}

impl<W: Write> PlainLines<W> {
    /// Lines to `writer`.
    pub fn new(writer: W, verbosity: Verbosity) -> Self {
        Self { writer, verbosity }
    }

    /// The writer.
    pub fn into_writer(self) -> W {
        self.writer
    }
}

impl<W: Write> Subscriber for PlainLines<W> {
    fn on_event(&mut self, envelope: &Envelope, state: &RunState) -> io::Result<()> {
        for line in event_lines(envelope, state, self.verbosity) {
            // One write for each line, so that lines of several processes do not mix.
            self.writer.write_all((line + "\n").as_bytes())?;
            self.writer.flush()?;
        }
        Ok(())
    }
}

/// A journal that could not be told again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal contradicts itself.
    #[error(transparent)]
    Journal(#[from] IllegalEvent),
    /// The writer failed.
    #[error("the lines could not be written")]
    Write(#[from] io::Error),
}

/// Tells a journal from its beginning to any subscriber: the same events with the same states that
/// one of the live run saw.
///
/// # Errors
/// [`ReplayError`]; lines before the fault have been written.
pub fn replay<'a>(
    envelopes: impl IntoIterator<Item = &'a Envelope>,
    subscriber: &mut impl Subscriber,
) -> Result<RunState, ReplayError> {
    let mut envelopes = envelopes.into_iter();
    let first = envelopes.next().ok_or(IllegalEvent::Empty)?;
    let Event::RunCreated { spec } = &first.event else {
        let event = first.event.name();
        return Err(IllegalEvent::Misplaced { seq: first.seq, event }.into());
    };
    let mut state = RunState::new((**spec).clone(), first.at);
    subscriber.on_event(first, &state)?;
    for envelope in envelopes {
        state.apply(envelope)?;
        subscriber.on_event(envelope, &state)?;
    }
    Ok(state)
}
