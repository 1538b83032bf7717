//! `wt-orch plan FILE`: verdict, schedule and prediction; creates nothing.

use crate::cli::args::PlanArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::{plan, prepare};
use crate::domain::report::from_plan;
use crate::render::plan_text;

/// Runs it.
pub(crate) fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let prepared = prepare(context, &place, &args.file.file)?;
    let plan = plan(&place, &prepared, args.verdict.preference())?;
    context.streams.result(&plan_text(&plan, context.streams.out));
    context.streams.document(&from_plan(&plan, prepared.base));
    if place.unapproved.is_some() {
        context.streams.note(
            "note: this repository's orchestrator.toml asks for commands or credentials that you \
             have not approved; `split` asks, `wt-orch config approve` shows and approves them",
        );
    }
    context.streams.hint(&format!("`wt-orch split {}` runs it", args.file.file.display()));
    Ok(Exit::Done)
}
