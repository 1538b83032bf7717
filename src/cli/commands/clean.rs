//! `wt-orch clean [RUN]`: removes what a run left, and names what it keeps.

use serde_json::json;

use super::stored;
use crate::adapters::host::lock::{LockOutcome, RunLock};
use crate::cli::args::CleanArgs;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::runtime;
use crate::domain::id::RunId;
use crate::domain::report::SCHEMA;
use crate::domain::run::RunState;
use crate::domain::task::human_size;
use crate::engine::{
    CleanMode, CleanReport, EngineError, Journal, abort_idle, clean, clear_validations, load_run,
    recover, remove_deserted_socket,
};
use crate::render::visible;

/// Runs it.
pub(crate) fn run(context: &Context, args: &CleanArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let mode = CleanMode { dry_run: args.dry_run, force: args.force };
    let runs = if args.all {
        let store = place.existing_store()?;
        store.map_or_else(|| Ok(Vec::new()), |store| store.runs())?
    } else {
        Vec::new()
    };
    let names: Vec<RunId> = if args.all {
        runs.into_iter().map(|row| row.name).collect()
    } else {
        vec![stored::find(&place, args.run.run.as_deref())?.1]
    };
    let mut reports = Vec::new();
    for run in names {
        match clean_one(context, &place, &run, mode) {
            Ok(report) => reports.push((run, report)),
            Err(failure) if args.all => context.streams.warn(&failure.message),
            Err(failure) => return Err(failure),
        }
    }
    tell(context, mode, &reports);
    Ok(Exit::Done)
}

fn clean_one(
    context: &Context,
    place: &Place,
    run: &RunId,
    mode: CleanMode,
) -> Result<CleanReport, Failure> {
    let lock = RunLock::acquire(&place.site.lock_path(run)).map_err(EngineError::from)?;
    let lock = match lock {
        LockOutcome::Held(lock) => lock,
        LockOutcome::Busy { owner } => {
            return Err(Failure::busy(run, owner.map(|owner| owner.pid)));
        }
    };
    let mut store = place.store()?;
    let state = match load_run(&store, run) {
        Ok((_, state)) => state,
        Err(EngineError::Journal { .. }) if mode.force && !mode.dry_run => {
            // Nothing tells what it left; its name and its journal go.
            store.remove_run(run)?;
            return Ok(CleanReport::default());
        }
        Err(error) => return Err(error.into()),
    };
    if !state.phase.is_over() && !mode.force {
        return Err(Failure::refused("not_over", format!("run `{run}` can still be resumed"))
            .hint(format!("`wt-orch abort {run}` ends it; `--force` cleans it all the same")));
    }
    if mode.dry_run {
        return Ok(clean(&place.site, &state, mode)?);
    }
    for done in recover(&place.site, &mut store)? {
        context.streams.note(&done);
    }
    if state.phase.is_over() {
        return swept(place, &state, mode, lock);
    }
    // A crashed run may have left processes, and must not be resumed without its worktrees.
    let mut journal = Journal::resume(store, place.site.clock, state);
    runtime()?.block_on(abort_idle(&mut journal))?;
    swept(place, journal.state(), mode, lock)
}

/// Cleans up and, last of all, takes away the lock.
fn swept(
    place: &Place,
    state: &RunState,
    mode: CleanMode,
    lock: RunLock,
) -> Result<CleanReport, Failure> {
    runtime()?.block_on(clear_validations(&place.site, &state.spec))?;
    let report = clean(&place.site, state, mode)?;
    remove_deserted_socket(&place.site, &state.spec.run)?;
    lock.remove().map_err(EngineError::from)?;
    Ok(report)
}

fn tell(context: &Context, mode: CleanMode, reports: &[(RunId, CleanReport)]) {
    let streams = &context.streams;
    let bytes = reports.iter().map(|(_, report)| report.bytes()).sum::<u64>();
    let mut kept_any = false;
    let mut rows = Vec::new();
    for (run, report) in reports {
        for item in &report.items {
            let name = visible(&item.name);
            let verb = match (&item.kept, mode.dry_run) {
                (Some(_), _) => "kept",
                (None, true) => "would remove",
                (None, false) => "removed",
            };
            let why =
                item.kept.as_ref().map_or_else(String::new, |why| format!(": {}", visible(why)));
            streams.result(&format!("{verb} {} `{name}`{why}", item.kind));
            kept_any |= item.kept.is_some();
            rows.push(json!({
                "run": run, "kind": item.kind, "name": item.name,
                "removed": item.kept.is_none() && !mode.dry_run,
                "kept": item.kept, "bytes": item.bytes,
            }));
        }
    }
    let freed = if mode.dry_run { "would free" } else { "freed" };
    streams.result(&match rows.is_empty() {
        true => "nothing is left to remove".to_owned(),
        false => format!("{freed} {}", human_size(bytes)),
    });
    if kept_any && !mode.dry_run {
        streams.hint("`--force` removes what was kept as well; that work is then gone");
    }
    streams.document(&json!({ "schema": SCHEMA, "bytes": bytes, "items": rows }));
}
