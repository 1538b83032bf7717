//! `wt-orch status [RUN]`: where a run stands, also while another process drives it.

use serde_json::json;

use super::{follow, stored};
use crate::cli::args::StatusArgs;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::{SCHEMA, counts};
use crate::render::live_status_text;

/// Runs it.
pub(crate) fn run(context: &Context, args: &StatusArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    if args.all {
        return all(context, &place);
    }
    if args.watch {
        return follow::run(context, &place, args.run.run.as_deref());
    }
    let (store, run) = stored::find(&place, args.run.run.as_deref())?;
    let state = stored::shown_state(&place, &store, &run)?;
    let now = place.site.clock.now();
    let matrix = stored::live_matrix(context, &place, &state);
    let text = live_status_text(&state, matrix.as_deref(), now, context.streams.out);
    context.streams.result(&text);
    if state.is_suspended() {
        context.streams.note(&format!("run `{run}` is suspended"));
        context.streams.hint(&stored::way_on(&place, &run));
    }
    context.streams.document(&stored::live_document(&place, &state, matrix));
    Ok(Exit::Done)
}

fn all(context: &Context, place: &Place) -> Result<Exit, Failure> {
    let Some(store) = place.existing_store()? else {
        return Err(Failure::refused("no_run", "nothing has run in this repository yet")
            .hint("start with `wt-orch split tasks.toml`"));
    };
    let mut rows = Vec::new();
    for row in store.runs()? {
        let state = stored::live_state(place, &store, &row.name)?;
        let (word, counts) = (state.phase.word(), counts(&state));
        context.streams.result(&format!(
            "{}  {}  {word}  {counts}",
            row.name,
            state.created.to_rfc3339()
        ));
        rows.push(json!({
            "run": row.name,
            "created": state.created.to_rfc3339(),
            "state": word,
        }));
    }
    context.streams.document(&json!({ "schema": SCHEMA, "runs": rows }));
    Ok(Exit::Done)
}
