//! `wt-orch history [WORKFLOW]`: what past runs teach of durations, and how predictions did.

mod exchange;
mod forget;

use crate::adapters::store::Store;
use crate::cli::args::{HistoryAction, HistoryArgs};
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::diagnostic::{closest, some_quoted};
use crate::domain::plan::Observations;
use crate::domain::report::{from_observations, known_workflows};
use crate::render::history_text;

/// Runs it.
pub(crate) fn run(context: &Context, args: &HistoryArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    match &args.action {
        None => show(context, &place, args.workflow.as_deref()),
        Some(HistoryAction::Forget(args)) => forget::run(context, &place, args),
        Some(HistoryAction::Export(args)) => exchange::export(context, &place, args),
        Some(HistoryAction::Import(args)) => exchange::import(context, &place, args),
    }
}

fn show(context: &Context, place: &Place, workflow: Option<&str>) -> Result<Exit, Failure> {
    let observations = load(place)?;
    if let Some(name) = workflow {
        ensure_known(&observations, name)?;
    }
    let document = from_observations(&observations, workflow);
    context.streams.result(&history_text(&document, context.streams.detail(), context.streams.out));
    context.streams.document(&document);
    Ok(Exit::Done)
}

/// Everything that was observed in this repository.
fn load(place: &Place) -> Result<Observations, Failure> {
    let store: Option<Store> = place.existing_store()?;
    Ok(store.map_or_else(|| Ok(Observations::default()), |store| store.observations())?)
}

/// Refuses a workflow of which nothing is known, with those of which something is.
fn ensure_known(observations: &Observations, name: &str) -> Result<(), Failure> {
    let known = known_workflows(observations);
    if known.contains(name) {
        return Ok(());
    }
    let failure = Failure::refused(
        "unknown_workflow",
        format!("nothing is known of a workflow `{name}`{}", listed(known.iter().copied())),
    );
    Err(match closest(name, known.iter().copied()) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => failure.hint("history begins with the first run"),
        None => failure.hint("`wt-orch history` shows what is known"),
    })
}

/// `, only of …`, with the first few names.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return String::new();
    }
    format!(", only of {}", some_quoted(&names, SHOWN))
}
