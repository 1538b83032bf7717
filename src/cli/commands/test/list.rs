//! `wt-orch test --list`.

use super::chosen::Chosen;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::domain::report::{from_modules, listed_modules};
use crate::domain::suite::SuiteMemory;
use crate::render::report_text;

/// Prints the modules.
pub(super) fn print(context: &Context, chosen: &Chosen, memory: &SuiteMemory) -> Exit {
    let streams = &context.streams;
    streams.result(&report_text(
        &listed_modules((&chosen.modules, chosen.found), memory),
        streams.out,
    ));
    streams.document(&from_modules(chosen.commit, (&chosen.modules, &chosen.notes), memory));
    Exit::Done
}
