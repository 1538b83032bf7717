//! `wt-orch man`: the manual page, for `wt-orch man | man -l -`.

use anyhow::Context as _;
use clap::CommandFactory;

use crate::cli::args::Arguments;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::SCHEMA;

/// Runs it: the program's page followed by one section for each command.
pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    let command = Arguments::command();
    let render = |command: clap::Command, page: &mut Vec<u8>| {
        clap_mangen::Man::new(command).render(page).context("cannot render the manual page")
    };
    render(command.clone(), &mut page)?;
    for sub in command.get_subcommands() {
        let name: &'static str = format!("wt-orch-{}", sub.get_name()).leak();
        render(sub.clone().name(name), &mut page)?;
    }
    let page = String::from_utf8_lossy(&page);
    context.streams.result(&page);
    context.streams.document(&serde_json::json!({ "schema": SCHEMA, "roff": page }));
    Ok(Exit::Done)
}
