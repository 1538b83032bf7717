//! `wt-orch abort [RUN]`: cancels what has not finished, in whichever process it runs.

use serde_json::json;

use super::stored;
use crate::adapters::host::control::Reply;
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::runtime;
use crate::domain::report::SCHEMA;
use crate::engine::{abort_idle, send_abort};

/// Runs it.
pub(crate) fn run(context: &Context, args: &RunArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let stored = stored::read(&place, args.run.as_deref())?;
    let run = stored.run;
    if stored.state.phase.is_over() {
        let word = stored.state.phase.word();
        return Err(Failure::refused("over", format!("run `{run}` is over ({word})"))
            .hint(format!("`wt-orch report {run}` shows it")));
    }
    let message = match send_abort(&place.site, &run)? {
        Reply::Done | Reply::Pong { .. } => format!("run `{run}` is being aborted"),
        Reply::Refused { message } => return Err(Failure::refused("not_aborted", message)),
        Reply::NotRunning => {
            let (mut journal, _lock) = stored::open(&place, Some(run.as_str()))?;
            match runtime()?.block_on(abort_idle(&place.site, &mut journal))? {
                0 => format!("run `{run}` is aborted; nothing of it was running"),
                n => format!("run `{run}` is aborted; {n} processes it had left were stopped"),
            }
        }
    };
    context.streams.note(&message);
    context.streams.hint(&format!("`wt-orch clean {run}` removes what it left"));
    context.streams.document(&json!({ "schema": SCHEMA, "run": run, "message": message }));
    Ok(Exit::Done)
}
