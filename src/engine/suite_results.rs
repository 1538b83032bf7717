//! What the tests of an attempt said: read from its log and its report, which both lie outside of its
//! worktree.

use super::site::Site;
use crate::adapters::host::report_file::{load_output, load_report};
use crate::domain::run::{AttemptEnd, Ending, RunSpec, RunState};
use crate::domain::suite::{SuiteEnd, SuiteReading, SuiteResults, SuiteSaid, read_suite};

/// What an attempt said.
pub(super) fn suite_reading(
    site: &Site,
    spec: &RunSpec,
    (task, attempt): (usize, u32),
    end: SuiteEnd,
) -> SuiteReading {
    let id = &spec.plan.tasks[task].task.id;
    let log = load_output(&site.log(&spec.run, id, attempt)).unwrap_or_default();
    let report = load_report(&site.test_report(&spec.run, id, attempt));
    let (report, note) = match report {
        Ok(report) => (report, None),
        Err(why) => (None, Some(format!("its report is of no use: {why}"))),
    };
    let said = SuiteSaid { end, log: &log, report: report.as_deref() };
    let mut reading = read_suite(&said);
    reading.notes.extend(note);
    reading
}

/// What all attempts of a task said that ended, as far as their logs are still there.
pub fn load_suite_readings(site: &Site, state: &RunState, task: usize) -> Vec<SuiteReading> {
    let record = &state.tasks[task];
    let attempts = record.suite_attempts.iter().zip(&record.suites);
    attempts.map(|(&at, told)| load_reading(site, state, (task, at), told)).collect()
}

/// What the last of them said.
pub(super) fn load_last_reading(
    site: &Site,
    state: &RunState,
    task: usize,
) -> Option<SuiteReading> {
    let record = &state.tasks[task];
    let (&attempt, told) = record.suite_attempts.last().zip(record.suites.last())?;
    Some(load_reading(site, state, (task, attempt), told))
}

fn load_reading(
    site: &Site,
    state: &RunState,
    (task, attempt): (usize, u32),
    told: &SuiteResults,
) -> SuiteReading {
    let record = &state.tasks[task];
    let end = match (&told.cause, attempt == record.attempts, &record.end) {
        (None, _, _) => SuiteEnd::Code { code: 0 },
        (Some(_), true, Some(end)) => suite_end(end),
        (Some(_), _, _) => SuiteEnd::Code { code: 1 },
    };
    let mut reading = suite_reading(site, &state.spec, (task, attempt), end);
    // What was told of it then holds.
    reading.cause.clone_from(&told.cause);
    reading
}

/// How the command of a suite ended.
pub(super) fn suite_end(end: &AttemptEnd) -> SuiteEnd {
    match end.ending {
        Ending::Code { code } => SuiteEnd::Code { code },
        Ending::Signal { .. } if end.out_of_memory => SuiteEnd::OutOfMemory,
        Ending::Signal { signal } => SuiteEnd::Signal { signal },
        Ending::TimedOut => SuiteEnd::TimedOut,
        Ending::Stalled => SuiteEnd::Stalled,
        Ending::Stopped => SuiteEnd::Stopped,
    }
}
