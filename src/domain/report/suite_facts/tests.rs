use std::sync::Arc;

use super::super::scripted_run::{ScriptedRun, plan, task};
use super::super::suite_headline::module_counts;
use super::super::{counts, suite_sections};
use super::*;
use crate::domain::integrate::Trouble;
use crate::domain::plan::Preference;
use crate::domain::run::{RunKind, StopReason, TaskState};
use crate::domain::suite::{ModuleKind, SuiteEnd, SuiteSpec};

/// A run of parts (task, module, units), each in this state after so many attempts.
fn run(parts: &[(&str, &str, &[&str])], phase: RunPhase) -> RunState {
    let tasks = parts.iter().map(|(id, _, _)| task(id, &[], 5)).collect();
    let mut state = ScriptedRun::new(plan(tasks, Preference::ParallelWith(2)), &[]).state;
    let part = |(id, module, units): &(&str, &str, &[&str])| Part {
        task: id.parse().unwrap(),
        module: (*module).to_owned(),
        kind: ModuleKind::Configured,
        folder: String::new(),
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
        timed: Vec::new(),
        report: None,
    };
    let suite = SuiteSpec { snapshot: None, parts: parts.iter().map(part).collect() };
    Arc::make_mut(&mut state.spec).kind = RunKind::Test(Box::new(suite));
    state.phase = phase;
    state
}

fn ended(state: &mut RunState, id: &str, attempts: u32, (outcome, reason): (Outcome, Reason)) {
    let index = state.index(&id.parse().unwrap()).unwrap();
    let record = Arc::make_mut(&mut state.tasks[index]);
    record.attempts = attempts;
    record.state = TaskState::Finished { outcome, reason };
}

fn said(state: &mut RunState, id: &str, cause: Option<FailureCause>) {
    let index = state.index(&id.parse().unwrap()).unwrap();
    let results = SuiteResults { cause, ..SuiteResults::default() };
    Arc::make_mut(&mut state.tasks[index]).suites.push(results);
}

fn outcomes(state: &RunState) -> Vec<(String, ModuleOutcome)> {
    let summary = suite_summary(state, state.created).unwrap();
    summary.modules.into_iter().map(|module| (module.name, module.outcome)).collect()
}

const PASSED: (Outcome, Reason) =
    (Outcome::Succeeded, Reason::TestsPassed { tests: None, skipped: 0 });

fn failed() -> (Outcome, Reason) {
    (Outcome::Failed, Reason::TestsFailed { failed: 1, tests: 1 })
}

#[test]
fn what_is_under_way_is_running_or_waiting_and_nothing_is_called_skipped() {
    let parts = [("a", "a", &[][..]), ("b", "b", &[]), ("c", "c", &[])];
    let mut state = run(&parts, RunPhase::Running);
    ended(&mut state, "a", 1, PASSED);
    Arc::make_mut(&mut state.tasks[1]).attempts = 1;
    let words: Vec<_> = outcomes(&state).into_iter().map(|(_, outcome)| outcome.word()).collect();
    assert_eq!(words, ["passed", "running", "waiting"]);
    assert_eq!(counts(&state), "1 of 3 modules passed, 1 running, 1 waiting");
    assert_eq!(suite_summary(&state, state.created).unwrap().sequential, None);
    // Over, what did not come to its turn was left out.
    state.phase = RunPhase::Stopped(StopReason::Interrupted);
    let words: Vec<_> = outcomes(&state).into_iter().map(|(_, outcome)| outcome.word()).collect();
    assert_eq!(words, ["passed", "skipped", "skipped"]);
    let why = left_out(&state, &state.tasks[2]).unwrap();
    assert_eq!(why, "not run: the run was interrupted; `wt-orch resume auth` goes on");
}

#[test]
fn what_stops_because_another_module_failed_is_no_failure_and_says_which() {
    let parts = [("a-id", "a", &[][..]), ("b", "b", &[]), ("c", "c", &[])];
    let mut state = run(&parts, RunPhase::Finished);
    let halted = || (Outcome::Cancelled, Reason::FailFast { task: "a-id".parse().unwrap() });
    ended(&mut state, "a-id", 1, failed());
    ended(&mut state, "b", 1, halted());
    said(&mut state, "b", Some(FailureCause::Ended { end: SuiteEnd::Stopped }));
    ended(&mut state, "c", 0, halted());
    let summary = suite_summary(&state, state.created).unwrap();
    let told: Vec<_> =
        summary.modules.iter().map(|module| (module.outcome, module.trouble.as_deref())).collect();
    assert_eq!(
        told,
        [
            (ModuleOutcome::Failed, Some("1 of 1 test failed")),
            (ModuleOutcome::Stopped, Some("stopped: module `a` failed")),
            (ModuleOutcome::Skipped, Some("not run: module `a` failed")),
        ]
    );
    assert!(!ModuleOutcome::Stopped.is_failure());
    assert_eq!(module_counts(&summary), "0 of 3 modules passed, 1 failed, 1 stopped, 1 skipped");
    let headings: Vec<_> =
        suite_sections(&summary).into_iter().map(|section| section.heading).collect();
    assert_eq!(headings, ["Modules", "Failures", "Not run"]);
}

#[test]
fn of_a_module_in_parts_the_part_that_crashed_is_named() {
    let parts = [("a-1", "a", &["x.js", "y.js"][..]), ("a-2", "a", &["z.js"])];
    let mut state = run(&parts, RunPhase::Finished);
    ended(&mut state, "a-1", 1, (Outcome::Failed, Reason::SuiteFailed { message: String::new() }));
    let crash = Trouble::Crash { line: "Segmentation fault".to_owned() };
    said(&mut state, "a-1", Some(FailureCause::Trouble { trouble: crash }));
    ended(&mut state, "a-2", 1, failed());
    said(&mut state, "a-2", Some(FailureCause::Tests { failed: 1 }));
    let summary = suite_summary(&state, state.created).unwrap();
    assert_eq!(
        summary.modules[0].why(),
        "part `a-1` (`x.js`, `y.js`): its tests crashed: Segmentation fault"
    );
}

#[test]
fn a_part_that_was_stopped_is_not_why_its_module_failed() {
    let parts = [("a-1", "a", &["x.js"][..]), ("a-2", "a", &["z.js"])];
    let mut state = run(&parts, RunPhase::Finished);
    ended(&mut state, "a-1", 1, failed());
    said(&mut state, "a-1", Some(FailureCause::Tests { failed: 2 }));
    let halted = (Outcome::Cancelled, Reason::FailFast { task: "a-1".parse().unwrap() });
    ended(&mut state, "a-2", 1, halted);
    said(&mut state, "a-2", Some(FailureCause::Ended { end: SuiteEnd::Stopped }));
    let summary = suite_summary(&state, state.created).unwrap();
    assert_eq!(summary.modules[0].outcome, ModuleOutcome::Failed);
    assert_eq!(summary.modules[0].why(), "2 tests failed");
}

#[test]
fn time_saved_is_told_only_of_modules_that_came_to_their_end() {
    let parts = [("a", "a", &[][..]), ("b", "b", &[])];
    let mut state = run(&parts, RunPhase::Finished);
    for (task, id) in ["a", "b"].into_iter().enumerate() {
        ended(&mut state, id, 1, PASSED);
        Arc::make_mut(&mut state.tasks[task]).usage.wall = Duration::from_secs(30);
    }
    let sequential = |state: &RunState| suite_summary(state, state.created).unwrap().sequential;
    assert_eq!(sequential(&state), Some(Duration::from_secs(60)));
    Arc::make_mut(&mut state.tasks[1]).state = TaskState::Pending;
    state.phase = RunPhase::Stopped(StopReason::Interrupted);
    assert_eq!(sequential(&state), None);
    let mut alone = run(&parts[..1], RunPhase::Finished);
    ended(&mut alone, "a", 1, PASSED);
    Arc::make_mut(&mut alone.tasks[0]).usage.wall = Duration::from_secs(30);
    assert_eq!(sequential(&alone), None);
}
