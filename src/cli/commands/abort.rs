//! `wt-orch abort [RUN]`: cancels what has not finished, in whichever process it runs.

use serde_json::json;

use super::stored;
use crate::adapters::host::control::{Follower, Reply};
use crate::cli::args::AbortArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::runtime;
use crate::domain::report::SCHEMA;
use crate::engine::{abort_idle, follow, send_abort};

/// Runs it.
pub(crate) fn run(context: &Context, args: &AbortArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let stored = stored::read_live(&place, args.run.run.as_deref())?;
    let run = stored.run;
    if stored.state.phase.is_over() {
        let word = stored.state.phase.word();
        return Err(Failure::refused("over", format!("run `{run}` is over ({word})"))
            .hint(format!("`wt-orch report {run}` shows it")));
    }
    if stored.state.is_suspended() {
        return Err(Failure::refused("suspended", format!("run `{run}` is suspended"))
            .hint(format!("{}; then `wt-orch abort {run}` again", stored::way_on(&place, &run))));
    }
    let mut kills = false;
    let message = match send_abort(&place.site, &run)? {
        Reply::Aborting { forced: false } => {
            kills = true;
            format!("run `{run}` is being aborted: what runs is asked to stop")
        }
        Reply::Aborting { forced: true } => {
            format!("run `{run}` was being aborted already: what still runs is killed")
        }
        Reply::Refused { message } => return Err(Failure::refused("not_aborted", message)),
        Reply::Pong { .. } | Reply::Stored { .. } => {
            return Err(Failure::refused("not_aborted", "another wt-orch did not understand"));
        }
        Reply::NotRunning => {
            let (mut journal, _lock) = stored::open(&place, Some(run.as_str()))?;
            match runtime()?.block_on(abort_idle(&place.site, &mut journal))? {
                0 => format!("run `{run}` is aborted; nothing of it was running"),
                n => format!("run `{run}` is aborted; {n} processes it had left were stopped"),
            }
        }
    };
    context.streams.note(&message);
    if args.wait {
        let mut follower = follow(&place.site, &run)?;
        while follower.as_mut().and_then(Follower::wait).is_some() {}
    } else if kills {
        context.streams.hint(&format!("`wt-orch abort {run}` again kills what does not stop"));
    }
    context.streams.hint(&format!("`wt-orch clean {run}` removes what it left"));
    context.streams.document(&json!({ "schema": SCHEMA, "run": run, "message": message }));
    Ok(Exit::Done)
}
