//! `wt-orch test --list`.

use std::io::{IsTerminal, stdout};

use super::chosen::Chosen;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::domain::report::{from_modules, listed_modules};
use crate::domain::suite::SuiteMemory;
use crate::render::{Style, Verbosity, report_text};

/// Columns that no command fills.
const UNCUT: usize = 1_000_000;

/// Prints the modules: whole, unless they are to fit a screen.
pub(super) fn print(context: &Context, chosen: &Chosen, memory: &SuiteMemory) -> Exit {
    let streams = &context.streams;
    let wanted_whole = streams.verbosity == Verbosity::Verbose || !stdout().is_terminal();
    let width = if wanted_whole { UNCUT } else { streams.out.width };
    let report = listed_modules((&chosen.modules, chosen.found), memory);
    streams.result(&report_text(&report, Style { width, ..streams.out }));
    streams.document(&from_modules(chosen.commit, (&chosen.modules, &chosen.notes), memory));
    Exit::Done
}
