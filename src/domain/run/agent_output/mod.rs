//! What an agent says of its own work, read from its output while it comes in.
//!
//! Only what an agent says in its own name counts: its events, its final result, its own sentences.
//! What it shows of files, commands and tests is not looked into, so that a task about rate limits
//! is not taken for one that met a limit. An error counts when nothing after it takes it back.
//! Unknown events and fields, noise and what is cut off are passed over. Memory is bounded.

mod aider;
mod claude;
mod codex;
mod event;
mod findings;
mod gemini;
mod limit;
mod opencode;
mod pieces;
mod wording;

use std::collections::VecDeque;

use super::agent_report::AgentReport;
use crate::domain::task::AgentFormat;
use crate::domain::time::Timestamp;
use event::Event;
use findings::{Fault, Findings};
use pieces::{Piece, Pieces};

/// Lines of text that are kept, for the case that an agent says nothing else.
const LINES_KEPT: usize = 10;

/// A reader of one attempt's output.
#[derive(Debug)]
pub struct AgentOutput {
    format: AgentFormat,
    streams: [Pieces; 2],
    heard: Heard,
}

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentExit {
    /// With exit code 0, by itself.
    pub succeeded: bool,
    /// When; limits may be told as a point in time.
    pub at: Timestamp,
}

impl AgentOutput {
    /// Nothing read so far.
    pub fn new(format: AgentFormat) -> Self {
        let stream = || match format {
            AgentFormat::Aider => Pieces::lines(),
            AgentFormat::Claude
            | AgentFormat::Codex
            | AgentFormat::Gemini
            | AgentFormat::Opencode
            | AgentFormat::Qwen => Pieces::objects(),
        };
        Self { format, streams: [stream(), stream()], heard: Heard::default() }
    }

    /// Takes in what comes next on stdout (0) or stderr (any other). Where it is cut makes no
    /// difference.
    pub fn take(&mut self, stream: usize, bytes: &[u8]) {
        let Self { format, streams, heard } = self;
        streams[stream.min(1)].take(bytes, &mut |piece| heard.take(*format, piece));
    }

    /// What it said, all in all.
    pub fn finish(self, exit: AgentExit) -> AgentReport {
        let Self { format, mut streams, mut heard } = self;
        for stream in &mut streams {
            stream.finish(&mut |piece| heard.take(format, piece));
        }
        let Heard { mut findings, spoke, lines } = heard;
        if !spoke && !exit.succeeded {
            // It did not get as far as its first event; what there is are its own words.
            findings.fault = lines.iter().rev().map(|line| Fault::new(line)).find(Fault::is_limit);
        }
        findings.report(exit.at)
    }
}

/// What was understood so far.
#[derive(Debug, Default)]
struct Heard {
    findings: Findings,
    /// It said anything in its own format.
    spoke: bool,
    lines: VecDeque<String>,
}

impl Heard {
    fn take(&mut self, format: AgentFormat, piece: Piece<'_>) {
        match piece {
            Piece::Object(text) => {
                let Some(event) = Event::parse(text) else { return };
                self.spoke |= match format {
                    AgentFormat::Claude => claude::read(&event, &mut self.findings),
                    AgentFormat::Codex => codex::read(&event, &mut self.findings),
                    AgentFormat::Gemini => gemini::read(&event, &mut self.findings),
                    AgentFormat::Opencode => opencode::read(&event, &mut self.findings),
                    AgentFormat::Qwen => {
                        let result = claude::read(&event, &mut self.findings);
                        gemini::read(&event, &mut self.findings) || result
                    }
                    AgentFormat::Aider => false,
                };
            }
            Piece::Line(bytes) => {
                let line = wording::one_line(&String::from_utf8_lossy(bytes));
                match format {
                    AgentFormat::Aider => self.spoke |= aider::read(&line, &mut self.findings),
                    AgentFormat::Claude
                    | AgentFormat::Codex
                    | AgentFormat::Gemini
                    | AgentFormat::Opencode
                    | AgentFormat::Qwen => {}
                }
                if self.lines.len() == LINES_KEPT {
                    self.lines.pop_front();
                }
                self.lines.push_back(line);
            }
        }
    }
}

#[cfg(test)]
mod tests;
