//! `wt-orch resume [RUN]`: goes on where a run was interrupted or crashed; an abort that was cut off is
//! finished.

use super::split::{Begin, carry_out, finish};
use super::stored;
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::runtime;
use crate::engine::{abort_idle, reconcile, recover};

/// Runs it. A run that is over prints its result again; one that was being aborted is over then.
pub(crate) fn run(context: &Context, args: &RunArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let (mut journal, _lock) = stored::open(&place, args.run.as_deref())?;
    for done in recover(&place.site, &mut journal.store)? {
        context.streams.note(&done);
    }
    runtime()?.block_on(reconcile(&place.site, &mut journal))?;
    if journal.state().is_being_aborted() {
        // Whoever aborted it was told that it ends: going on would run what was called off.
        runtime()?.block_on(abort_idle(&place.site, &mut journal))?;
        let run = journal.run();
        context.streams.note(&format!("run `{run}` was being aborted: the abort is finished"));
        context.streams.hint(&format!("`wt-orch retry {run}` runs again what did not succeed"));
    }
    if journal.state().phase.is_over() {
        return Ok(finish(context, &place, &journal));
    }
    let files = place.site.repo.file_count(journal.state().spec.base)?;
    let journal = carry_out(context, &place, journal, Begin::new(true, files)?)?;
    Ok(finish(context, &place, &journal))
}
