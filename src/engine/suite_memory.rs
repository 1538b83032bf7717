//! What test runs teach of their modules: stored when a run ends, loaded for the next one.

use std::collections::BTreeMap;

use super::error::EngineError;
use super::journal::Journal;
use super::observations::warn;
use super::site::Site;
use super::suite_results::load_last_reading;
use crate::adapters::host::pressure::load_crowding;
use crate::adapters::store::{Store, SuiteObservation, SuiteTime};
use crate::domain::run::{Ending, Outcome, RunState, run_number};
use crate::domain::suite::{Part, SuiteMemory, SuiteSample, unit_seconds, wanted_cpu};

/// What is known of the modules of a workflow.
///
/// # Errors
/// The database.
pub fn load_suite_memory(
    store: Option<&Store>,
    workflow: &str,
) -> Result<SuiteMemory, EngineError> {
    let Some(store) = store else { return Ok(SuiteMemory::default()) };
    let times = store.suite_times(workflow)?;
    let samples = times.iter().map(|time| SuiteSample {
        module: &time.module,
        unit: time.unit.as_deref(),
        seconds: time.seconds,
        cpu_s: time.cpu_s,
    });
    Ok(SuiteMemory::learn(samples, store.failed_suites(workflow)?))
}

/// Stores what a test run showed of its modules that nobody drives any more: how busy the machine was
/// while they ran is not known by now. Else as [`store_driven_suite_memory`].
///
/// # Errors
/// The journal.
pub(super) async fn store_suite_memory(
    site: &Site,
    journal: &mut Journal,
) -> Result<(), EngineError> {
    store(site, journal, UNCROWDED).await
}

/// Stores what a test run showed of its modules that has just ended; nothing of any other run. None
/// of it is worth a run: a failure is a warning. Logs are long: they are read where nobody waits for
/// anything else.
///
/// # Errors
/// The journal.
pub(super) async fn store_driven_suite_memory(
    site: &Site,
    journal: &mut Journal,
) -> Result<(), EngineError> {
    store(site, journal, load_crowding().unwrap_or(UNCROWDED)).await
}

/// Threads for each processor, where all get what they want.
const UNCROWDED: f64 = 1.0;

async fn store(site: &Site, journal: &mut Journal, crowding: f64) -> Result<(), EngineError> {
    if !journal.state().spec.kind.is_test() {
        return Ok(());
    }
    let state = journal.state().clone();
    let read = site.aside(move |site| Ok::<_, EngineError>(observed(site, &state, crowding))).await;
    let observed = match read {
        Ok(Some(observed)) => observed,
        Ok(None) => return Ok(()),
        Err(error) => return warn(journal, "times of modules", Err(error)),
    };
    let workflow = journal.state().spec.workflow().to_owned();
    let stored = journal.store.observe_suites(&workflow, &observed).map_err(EngineError::from);
    warn(journal, "times of modules", stored)
}

fn observed(site: &Site, state: &RunState, crowding: f64) -> Option<SuiteObservation> {
    let suite = state.spec.kind.suite()?;
    let mut modules: BTreeMap<&str, Vec<&Part>> = BTreeMap::new();
    for part in &suite.parts {
        modules.entry(&part.module).or_default().push(part);
    }
    let mut observed = SuiteObservation {
        run: run_number(&state.spec, state.created),
        at: state.ended.unwrap_or(state.created),
        times: Vec::new(),
        ends: Vec::new(),
    };
    for (module, parts) in modules {
        observed.ends.extend(failed(state, &parts).map(|failed| (module.to_owned(), failed)));
        observed.times.extend(whole(state, (module, &parts), crowding));
        for part in parts.into_iter().filter(|part| !part.timed.is_empty()) {
            let task = state.index(&part.task);
            let Some(reading) = task.and_then(|task| load_last_reading(site, state, task)) else {
                continue;
            };
            let units = unit_seconds(part.kind, &part.timed, &reading);
            observed.times.extend(units.into_iter().map(|(unit, seconds)| SuiteTime {
                module: module.to_owned(),
                unit: Some(unit),
                seconds,
                cpu_s: None,
            }));
        }
    }
    Some(observed)
}

/// Whether a module failed; `None` while not all of it has ended by itself and nothing failed.
fn failed(state: &RunState, parts: &[&Part]) -> Option<bool> {
    let outcomes = parts.iter().map(|part| {
        let task = state.index(&part.task)?;
        state.tasks[task].outcome()
    });
    let outcomes: Vec<Option<Outcome>> = outcomes.collect();
    let has = |wanted| outcomes.contains(&Some(wanted));
    if has(Outcome::Failed) || has(Outcome::TimedOut) {
        return Some(true);
    }
    outcomes.iter().all(|outcome| *outcome == Some(Outcome::Succeeded)).then_some(false)
}

/// The time of a module that ran as a whole, where the tests of its last attempt came to their end.
fn whole(state: &RunState, (module, parts): (&str, &[&Part]), crowding: f64) -> Option<SuiteTime> {
    let [part] = parts else { return None };
    if !part.units.is_empty() {
        return None;
    }
    let record = &state.tasks[state.index(&part.task)?];
    let told = record.suite_attempts.last() == Some(&record.attempts);
    let ran = told && record.suites.last()?.ran_to_the_end();
    let end = record.end.as_ref()?;
    let (seconds, cpu_s) = (end.usage.wall.as_secs_f64(), end.usage.cpu.as_secs_f64());
    (ran && matches!(end.ending, Ending::Code { .. })).then(|| SuiteTime {
        module: module.to_owned(),
        unit: None,
        seconds,
        cpu_s: Some(wanted_cpu(seconds, cpu_s, crowding)),
    })
}
