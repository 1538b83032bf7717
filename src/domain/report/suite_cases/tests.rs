use std::sync::Arc;

use super::super::scripted_run::{ScriptedRun, plan, task};
use super::*;
use crate::domain::plan::Preference;
use crate::domain::run::{Reason, RunKind, RunPhase, TaskState};
use crate::domain::suite::{ModuleKind, SuiteEnd, SuiteSaid, SuiteSpec, read_suite};

/// A run of the module `web` alone, whose task `web-2` stands so.
fn told(
    phase: RunPhase,
    (attempts, end): (u32, Option<(Outcome, Reason)>),
    (parts, readings): (usize, &[SuiteReading]),
) -> Vec<(String, CaseOutcome, String)> {
    let tasks = vec![task("web-2", &[], 5)];
    let mut state = ScriptedRun::new(plan(tasks, Preference::Rule), &[]).state;
    let part = Part {
        task: "web-2".parse().unwrap(),
        module: "web".to_owned(),
        kind: ModuleKind::Configured,
        folder: String::new(),
        units: vec!["z.js".to_owned()],
        timed: Vec::new(),
        report: None,
    };
    let suite = SuiteSpec { snapshot: None, parts: vec![part.clone()] };
    Arc::make_mut(&mut state.spec).kind = RunKind::Test(Box::new(suite));
    state.phase = phase;
    let record = Arc::make_mut(&mut state.tasks[0]);
    record.attempts = attempts;
    record.suites = readings.iter().map(SuiteReading::results).collect();
    if let Some((outcome, reason)) = end {
        record.state = TaskState::Finished { outcome, reason };
    }
    let cases = part_cases(&state, &part, (parts, readings));
    let said = |case: CaseResult| {
        let tried = case.tries.last().map(|tried| tried.message.clone());
        (case.name, case.outcome, case.why_skipped.or(tried).unwrap_or_default())
    };
    cases.into_iter().map(said).collect()
}

fn one(name: &str, outcome: CaseOutcome, said: &str) -> Vec<(String, CaseOutcome, String)> {
    vec![(name.to_owned(), outcome, said.to_owned())]
}

fn reading(end: SuiteEnd) -> SuiteReading {
    read_suite(&SuiteSaid { end, log: "oh no\n", report: None })
}

#[test]
fn what_is_under_way_is_skipped_and_says_so_whatever_failed_before() {
    let before = [reading(SuiteEnd::Code { code: 1 })];
    assert_eq!(
        told(RunPhase::Running, (2, None), (1, &before)),
        one("web", CaseOutcome::Skipped, "running: it was not over when this was written")
    );
    assert_eq!(
        told(RunPhase::Running, (0, None), (1, &[])),
        one("web", CaseOutcome::Skipped, "waiting: it had not begun when this was written")
    );
}

#[test]
fn what_another_module_stopped_is_skipped_and_no_error() {
    let by = || (Outcome::Cancelled, Reason::FailFast { task: "web-2".parse().unwrap() });
    let stopped = [reading(SuiteEnd::Stopped)];
    assert_eq!(
        told(RunPhase::Finished, (1, Some(by())), (1, &stopped)),
        one("web", CaseOutcome::Skipped, "stopped: module `web` failed")
    );
    // Whom the user stops has not passed.
    let aborted = (Outcome::Cancelled, Reason::Stopped);
    assert_eq!(
        told(RunPhase::Finished, (1, Some(aborted)), (1, &stopped)),
        one("web", CaseOutcome::Broken, "it was stopped")
    );
}

#[test]
fn a_part_that_crashed_is_a_case_of_its_own_name() {
    let failed = || (Outcome::Failed, Reason::SuiteFailed { message: "no".to_owned() });
    let killed = [reading(SuiteEnd::Signal { signal: 9 })];
    assert_eq!(
        told(RunPhase::Finished, (1, Some(failed())), (2, &killed)),
        one("web-2", CaseOutcome::Broken, "part `web-2` (`z.js`): killed by signal 9")
    );
    let unmade = (Outcome::Failed, Reason::ProvisionFailed { message: "disk full".to_owned() });
    assert_eq!(
        told(RunPhase::Finished, (0, Some(unmade)), (1, &[])),
        one("web", CaseOutcome::Broken, "its worktree could not be made: disk full")
    );
}
