//! `wt-orch resume [RUN]`: goes on where a run was interrupted or crashed.

use super::split::{Begin, carry_out, finish};
use super::stored;
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::runtime;
use crate::domain::run::{RunPhase, StopReason};
use crate::engine::{reconcile, recover};

/// Runs it. A run that is over prints its result again.
pub(crate) fn run(context: &Context, args: &RunArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let (mut journal, _lock) = stored::open(&place, args.run.as_deref())?;
    for done in recover(&place.site, &mut journal.store)? {
        context.streams.note(&done);
    }
    match journal.state().phase {
        RunPhase::Finished | RunPhase::Stopped(StopReason::Aborted) => {
            return Ok(finish(context, &place, &journal));
        }
        RunPhase::Created
        | RunPhase::Running
        | RunPhase::Stopping(_)
        | RunPhase::Stopped(StopReason::Interrupted) => {}
    }
    runtime()?.block_on(reconcile(&mut journal))?;
    let files = place.site.repo.file_count(journal.state().spec.base)?;
    let journal = carry_out(context, &place, journal, Begin { resumed: true, files })?;
    Ok(finish(context, &place, &journal))
}
