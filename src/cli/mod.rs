//! The command line: arguments in, one command, an exit code out. Errors and refusals become text
//! (or one JSON document) and an exit code here and nowhere else.

mod args;
mod commands;
mod context;
mod exit;
mod failure;
mod prepare;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Arguments, Command};
use context::Context;
pub use exit::Exit;
use failure::Failure;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let exit = std::panic::catch_unwind(run).unwrap_or(Exit::Bug);
    ExitCode::from(exit.code())
}

fn run() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let context = Context::new(arguments.global);
    let result = context.check_directory().and_then(|()| dispatch(&context, arguments.command));
    result.unwrap_or_else(|failure| context.streams.fail(&failure))
}

fn dispatch(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Demo(args) => commands::demo::run(context, &args),
        Command::Init(args) => commands::init::run(context, &args),
        Command::Check(args) => commands::check::run(context, &args),
        Command::Plan(args) => commands::plan::run(context, &args),
        Command::Split(args) => commands::split::run(context, &args),
        Command::Status(args) => commands::status::run(context, &args),
        Command::Logs(args) => commands::logs::run(context, &args),
        Command::Abort(args) => commands::abort::run(context, &args),
        Command::Resume(args) => commands::resume::run(context, &args),
        Command::Retry(args) => commands::retry::run(context, &args),
        Command::Integrate(args) => commands::integrate::run(context, &args),
        Command::Undo(args) => commands::undo::run(context, &args),
        Command::Operations => commands::operations::run(context),
        Command::Report(args) => commands::report::run(context, &args),
        Command::Clean(args) => commands::clean::run(context, &args),
        Command::Doctor => commands::doctor::run(context),
        Command::Config => commands::config::run(context),
        Command::Completions(args) => commands::completions::run(context, &args),
        Command::Man => commands::man::run(context),
    }
}

/// What clap has to say: help and version on stdout with exit 0, mistakes with exit 2.
fn usage(error: &clap::Error) -> Exit {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // Arguments that could not be parsed cannot say `--json`, so it is looked for by its letters.
    let json = std::env::args_os().any(|word| word == "--json");
    if asked || !json {
        let _closed_stream = error.print();
        return if asked { Exit::Done } else { Exit::Usage };
    }
    let text = error.render().to_string();
    let message = text.lines().next().unwrap_or("wrong usage").trim_start_matches("error: ");
    let streams = context::Streams::plain_json();
    streams.fail(&Failure::usage("usage", message).hint("run `wt-orch --help`"))
}
