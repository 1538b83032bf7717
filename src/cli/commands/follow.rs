//! `wt-orch status --watch [RUN]`: follows a run that another process drives, until it is over.

use super::stored;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::watch::{Watcher, follower_watcher, is_live};
use crate::domain::id::{Oid, RunId};
use crate::domain::report::ways_to_the_end;
use crate::domain::run::{Envelope, RunPhase, RunState};
use crate::engine::{EngineError, Subscriber as _, follow, forecast_run, load_events_after};
use crate::render::live_status_text;

/// Runs it.
pub(crate) fn run(context: &Context, place: &Place, wanted: Option<&str>) -> Result<Exit, Failure> {
    let (store, run) = stored::find(place, wanted)?;
    // Before anything is read: what is stored afterwards is announced.
    let mut follower = follow(&place.site, &run)?;
    let mut watcher = (!context.streams.json).then(|| follower_watcher(&context.streams));
    let mut state = None;
    let mut seq = 0;
    let mut forecast = LiveForecast::default();
    loop {
        for envelope in load_events_after(&store, &run, seq)? {
            seq = envelope.seq;
            let state = fold_further(&mut state, &envelope, &run)?;
            if let Some(watcher) = &mut watcher
                && watcher.on_event(&envelope, state).is_err()
            {
                // Nobody reads on: `| head`.
                return Ok(Exit::Done);
            }
        }
        if let (Some(watcher), Some(state)) = (&mut watcher, &state) {
            forecast.follow(place, state, watcher);
        }
        let Some(driven) = &mut follower else { break };
        if driven.wait().is_none() {
            // Once more: the last events may have been stored since.
            follower = None;
        }
    }
    drop(watcher);
    let ended = state.as_ref().is_some_and(is_ended);
    let told = state.map_or(0, |state| state.warnings.len());
    let state = stored::shown_state(place, &store, &run)?;
    let matrix = stored::live_matrix(context, place, &state);
    if is_live(&context.streams) {
        let now = place.site.clock.now();
        let text = live_status_text(&state, matrix.as_deref(), now, context.streams.out);
        context.streams.result(&text);
    } else {
        // What only a look at the machine tells, no event.
        state.warnings.iter().skip(told).for_each(|warning| context.streams.warn(warning));
    }
    if !ended {
        context.streams.note(&format!("the process that drove run `{run}` is gone"));
        context.streams.hint(&ways_to_the_end(&state));
    }
    context.streams.document(&stored::live_document(place, &state, matrix));
    Ok(Exit::Done)
}

/// How the branches merge, looked at whenever there is other work to be merged.
#[derive(Default)]
struct LiveForecast {
    /// What was compared last, by index of the plan.
    compared: Vec<(usize, Oid)>,
}

impl LiveForecast {
    fn follow(&mut self, place: &Place, state: &RunState, watcher: &mut Watcher) {
        // Nothing is shown live after the end.
        let tips = if is_ended(state) { Vec::new() } else { state.standing_tips() };
        if !watcher.is_live() || tips == self.compared {
            return;
        }
        self.compared = tips;
        if !self.compared.is_empty() {
            // Without an answer from git the run itself is still worth watching.
            let matrix = forecast_run(&place.site, state).unwrap_or_default();
            watcher.show_forecast(state, &matrix);
        }
    }
}

fn fold_further<'a>(
    state: &'a mut Option<RunState>,
    envelope: &Envelope,
    run: &RunId,
) -> Result<&'a RunState, EngineError> {
    let illegal = |source| EngineError::Journal { run: run.clone(), source };
    match state {
        Some(state) => {
            state.apply(envelope).map_err(illegal)?;
            Ok(state)
        }
        None => Ok(state.insert(RunState::fold([envelope]).map_err(illegal)?)),
    }
}

fn is_ended(state: &RunState) -> bool {
    matches!(state.phase, RunPhase::Finished | RunPhase::Stopped(_))
}
