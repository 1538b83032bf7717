//! The command line: arguments in, one command, an exit code out. Errors and refusals become text
//! (or one JSON document) and an exit code here and nowhere else.

mod approval;
mod args;
mod commands;
mod context;
mod exit;
mod failure;
mod named_tips;
mod patient;
mod prepare;
mod remembered;
mod text_file;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Arguments, Command};
use context::Context;
pub use exit::Exit;
use failure::Failure;

use crate::adapters::process;
use crate::domain::report::SCHEMA;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    if std::env::args_os().next().is_some_and(|name| name == process::WARDEN) {
        process::serve();
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|panic| {
        use std::io::Write;
        let _closed_stream = writeln!(
            std::io::stderr(),
            "error: this is a bug in wt-orch {}: {panic}\n\nhint: what was stored is whole; \
             `wt-orch status` shows it, `wt-orch resume` goes on",
            env!("CARGO_PKG_VERSION")
        );
    }));
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
        Command::Race(args) => commands::race::run(context, &args),
        Command::Test(args) => commands::test::run(context, &args),
        Command::Status(args) => commands::status::run(context, &args),
        Command::Logs(args) => commands::logs::run(context, &args),
        Command::Abort(args) => commands::abort::run(context, &args),
        Command::Resume(args) => commands::resume::run(context, &args),
        Command::Retry(args) => commands::retry::run(context, &args),
        Command::Integrate(args) => commands::integrate::run(context, &args),
        Command::Forecast(args) => commands::forecast::run(context, &args),
        Command::Undo(args) => commands::undo::run(context, &args),
        Command::Operations => commands::operations::run(context),
        Command::Report(args) => commands::report::run(context, &args),
        Command::History(args) => commands::history::run(context, &args),
        Command::Clean(args) => commands::clean::run(context, &args),
        Command::Doctor => commands::doctor::run(context),
        Command::Config(args) => commands::config::run(context, &args),
        Command::Completions(args) => commands::completions::run(context, &args),
        Command::Man => commands::man::run(context),
    }
}

/// What clap has to say: help and version on stdout with exit 0, mistakes with exit 2.
fn usage(error: &clap::Error) -> Exit {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // Arguments that could not be parsed cannot say `--json`, so it is looked for by its letters.
    let json = std::env::args_os().any(|word| word == "--json");
    let text = error.render().to_string();
    match (asked, json) {
        (true, true) => {
            let document = serde_json::json!({ "schema": SCHEMA, "text": text.trim_end() });
            context::Streams::plain_json().document(&document);
        }
        (false, true) => {
            let _closed_stream = error.print();
            let (message, hint) = usage_words(&text);
            let failure = Failure::usage("usage", message).hint(hint);
            context::Streams::plain_json().error_document(&failure);
        }
        (true | false, false) => {
            let _closed_stream = error.print();
        }
    }
    if asked { Exit::Done } else { Exit::Usage }
}

/// Message and way out of a mistake as clap prints it: paragraphs, of which the first tells it, one
/// may begin with `tip:`, and the rest says how the command is used.
fn usage_words(text: &str) -> (String, String) {
    let mut paragraphs = text.split("\n\n").map(|paragraph| {
        paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
    });
    let message = paragraphs.next().unwrap_or_default();
    let tip = paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: ").map(str::to_owned));
    let hint = tip.unwrap_or_else(|| "`wt-orch --help` lists commands and options".to_owned());
    (message.trim_start_matches("error: ").to_owned(), hint)
}
