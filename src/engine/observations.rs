//! What runs showed of durations: stored when a run ends, loaded for the next plan.

use super::costs::{HANDLING, LANE_HANDLING};
use super::error::EngineError;
use super::journal::Journal;
use super::open::load_run;
use crate::adapters::store::{CostSample, Store};
use crate::domain::integrate::EjectionReason;
use crate::domain::plan::History;
use crate::domain::run::{Event, Handling, already_observed, handling, observe, run_number};

/// Past runs of this repository.
///
/// # Errors
/// The database.
pub fn load_history(store: Option<&Store>) -> Result<History, EngineError> {
    let Some(store) = store else { return Ok(History::default()) };
    Ok(store.observations()?.into_history())
}

/// Stores what a run showed since it last ended. Nothing that was observed is worth a run: a failure
/// is a warning.
///
/// # Errors
/// The journal.
pub(super) fn store_observations(journal: &mut Journal) -> Result<(), EngineError> {
    let at = journal.now();
    let stored = load_run(&journal.store, &journal.run()).and_then(|(envelopes, _)| {
        let before = already_observed(&envelopes);
        journal.store.observe(&observe(&envelopes, before))?;
        if let Some(Handling { lane, tasks, seconds }) =
            handling(&envelopes).filter(|_| before == 0)
        {
            let kind = if lane { LANE_HANDLING } else { HANDLING };
            let sample = CostSample { quantity: tasks as f64, seconds, at };
            journal.store.observe_cost(kind, sample)?;
        }
        Ok(())
    });
    warn(journal, "durations", stored)
}

/// Stores how many branches of the run's last integration conflicted, once it is over.
///
/// # Errors
/// The journal.
pub(super) fn store_conflicts(journal: &mut Journal) -> Result<(), EngineError> {
    let state = journal.state();
    let Some(integration) = state.integrations.last() else { return Ok(()) };
    if integration.finished.is_none() {
        return Ok(());
    }
    let is_conflict = |reason| matches!(reason, EjectionReason::Conflict);
    let conflicts = integration.ejected().iter().filter(|e| is_conflict(e.reason)).count();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (conflicts, branches) = (count(conflicts), count(integration.spec.members.len()));
    let run = run_number(&state.spec, state.created);
    let stored =
        journal.store.observe_conflicts(run, conflicts, branches).map_err(EngineError::from);
    warn(journal, "conflicts", stored)
}

/// Says that something of the run could not be stored.
pub(super) fn warn(
    journal: &mut Journal,
    what: &str,
    stored: Result<(), EngineError>,
) -> Result<(), EngineError> {
    let Err(error) = stored else { return Ok(()) };
    let message = format!("{what} of this run could not be stored for later plans: {error}");
    journal.note(Event::Warned { message })
}
