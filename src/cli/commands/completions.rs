//! `wt-orch completions SHELL`.

use clap::CommandFactory;

use crate::cli::args::{Arguments, CompletionsArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::SCHEMA;

/// Runs it.
pub(crate) fn run(context: &Context, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "wt-orch", &mut script);
    let script = String::from_utf8_lossy(&script);
    context.streams.result(&script);
    let shell = args.shell.to_string();
    context
        .streams
        .document(&serde_json::json!({ "schema": SCHEMA, "shell": shell, "script": script }));
    Ok(Exit::Done)
}
