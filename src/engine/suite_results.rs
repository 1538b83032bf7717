//! What the tests of an attempt said: read from its log and its report, which both lie outside of its
//! worktree.

use std::collections::BTreeSet;

use super::site::Site;
use crate::adapters::host::report_file::{load_output, load_report};
use crate::domain::integrate::Trouble;
use crate::domain::run::{AttemptEnd, Ending, RunSpec, RunState};
use crate::domain::suite::{
    FailureCause, ModuleKind, Part, ReportSource, ReportTrouble, SuiteEnd, SuiteReading,
    SuiteResults, SuiteSaid, read_suite, takes_report,
};
use crate::domain::task::Work;

/// What an attempt said that ended so, with what became of its report when it was to be kept.
pub(super) fn suite_reading(
    site: &Site,
    spec: &RunSpec,
    (task, attempt): (usize, u32),
    (end, kept): (SuiteEnd, Option<ReportTrouble>),
) -> SuiteReading {
    let id = &spec.plan.tasks[task].task.id;
    // The worktree is another's before long, or gone.
    let root = &spec.places[task].worktree;
    let from_root = |text: String| {
        text.replace(&format!("file://{root}/"), "").replace(&format!("{root}/"), "")
    };
    let log = load_output(&site.log(&spec.run, id, attempt)).map(from_root).unwrap_or_default();
    let report = load_report(&site.test_report(&spec.run, id, attempt));
    let report = report.map(|report| report.map(from_root));
    let source = source(spec, task);
    let (report, trouble) = match report {
        Ok(report) => {
            let absent = report.is_none() && end.is_own();
            (report, absent.then_some(ReportTrouble::Absent))
        }
        Err(why) => (None, Some(ReportTrouble::Unusable { why })),
    };
    let mut reading = read_suite(&SuiteSaid { end, log: &log, report: report.as_deref() });
    let unreadable = reading.unreadable.clone().map(|why| ReportTrouble::Unusable { why });
    if let (Some(source), Some(trouble)) = (source, kept.or(trouble).or(unreadable)) {
        reading.notes.push(trouble.told(source));
    }
    if let (Some(part), Some(FailureCause::Trouble { trouble: Trouble::Missing { .. } })) =
        (part_of(spec, task), &reading.cause)
    {
        reading.notes.push(part.kind.when_missing().to_owned());
    }
    reading
}

fn part_of(spec: &RunSpec, task: usize) -> Option<&Part> {
    let id = &spec.plan.tasks[task].task.id;
    spec.kind.suite()?.parts.iter().find(|part| part.task == *id)
}

/// Where the task leaves its report, if the user wants it to: what modules that were found leave is
/// ours to know.
fn source(spec: &RunSpec, task: usize) -> Option<ReportSource<'_>> {
    let part = part_of(spec, task)?;
    if let Some(path) = &part.report {
        return Some(ReportSource::Named { module: &part.module, path });
    }
    let takes = match &spec.plan.tasks[task].task.work {
        Work::Command { command, .. } | Work::Gate { command } => takes_report(command),
        Work::Agent { .. } | Work::Given => false,
    };
    (takes && part.kind == ModuleKind::Configured).then_some(ReportSource::Placeholder)
}

/// What is stored of it, with places in files of the repository.
pub(super) fn results_in(
    site: &Site,
    spec: &RunSpec,
    task: usize,
    reading: &SuiteReading,
) -> SuiteResults {
    let mut results = reading.results();
    let folder = part_of(spec, task).map_or("", |part| &part.folder);
    let root = &spec.places[task].worktree;
    let mut places = results.failures.iter_mut().filter_map(|failure| failure.place.as_mut());
    if let Some(first) = places.next() {
        // Without the listing, places stay as they were printed.
        let paths = site.repo.paths_in(spec.base).unwrap_or_default();
        let files: BTreeSet<String> = paths.into_iter().collect();
        for place in std::iter::once(first).chain(places) {
            if let Some(file) = place.locate((root, folder), &files) {
                place.file = file;
            }
        }
    }
    results
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
    let mut reading = suite_reading(site, &state.spec, (task, attempt), (end, None));
    // What was told of it then holds.
    reading.cause.clone_from(&told.cause);
    reading.notes.clone_from(&told.notes);
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
