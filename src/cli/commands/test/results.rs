//! How a test run ended.

use std::time::Duration;

use super::super::stored::exit_of;
use super::github;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::domain::report::{
    ModuleOutcome, ModuleResult, from_suites, modules_of, suite_report, suite_summary, task_cases,
};
use crate::domain::run::{RunPhase, RunState, StopReason};
use crate::domain::suite::{CaseOutcome, CaseResult, FailedTry, Part, cases};
use crate::engine::{Journal, load_suite_readings};
use crate::render::{JunitRun, JunitSuite, junit_xml, report_text};

/// Prints the result of a test run that was driven here.
pub(crate) fn finish(context: &Context, place: &Place, journal: &Journal) -> Exit {
    let state = journal.state();
    let now = place.site.clock.now();
    let (Some(summary), Some(report)) = (suite_summary(state, now), suite_report(state)) else {
        return exit_of(state);
    };
    let text = report_text(&report, context.streams.out);
    match github::actions(context) {
        Some(actions) => {
            if !context.streams.json {
                context.streams.commands(&actions.guarded(state, &text));
            }
            actions.tell(context, place, state, (&summary, &report));
        }
        None => context.streams.result(&text),
    }
    context.streams.document(&from_suites(state, &summary));
    exit_of(state)
}

/// The results of a run as one JUnit XML document.
pub(crate) fn junit_text(place: &Place, state: &RunState) -> String {
    let wall = state.wall(state.ended.unwrap_or(state.created));
    let name = format!("wt-orch {}", state.spec.run);
    let suites = match (state.spec.kind.suite(), suite_summary(state, place.site.clock.now())) {
        (Some(suite), Some(summary)) => {
            let parts = modules_of(&suite.parts);
            let modules = summary.modules.iter().zip(&parts);
            modules.map(|(module, parts)| of_module(place, state, (module, parts))).collect()
        }
        (None | Some(_), _) => vec![JunitSuite {
            name: state.spec.workflow.clone(),
            started: state.started,
            duration: wall,
            properties: Vec::new(),
            cases: task_cases(state),
        }],
    };
    junit_xml(&JunitRun { name, wall, suites })
}

/// The document of no module at all.
pub(super) fn empty_junit() -> String {
    let name = "wt-orch test".to_owned();
    junit_xml(&JunitRun { name, wall: Duration::ZERO, suites: Vec::new() })
}

fn of_module(
    place: &Place,
    state: &RunState,
    (module, parts): (&ModuleResult, &[&Part]),
) -> JunitSuite {
    let tasks: Vec<usize> = parts.iter().filter_map(|part| state.index(&part.task)).collect();
    let of_task =
        |task: &usize| cases(&module.name, &load_suite_readings(&place.site, state, *task));
    let mut told: Vec<CaseResult> = tasks.iter().flat_map(of_task).collect();
    let has_failed =
        told.iter().any(|case| matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Broken));
    // What failed before its tests, or never began, has a case as well.
    let missing = module.outcome.is_failure() && !has_failed;
    if missing || told.is_empty() {
        told.insert(0, whole(module, state));
    }
    let started = tasks.iter().filter_map(|&task| state.tasks[task].started).min();
    JunitSuite { started, ..JunitSuite::of_module(module, told) }
}

/// A module as one case.
fn whole(module: &ModuleResult, state: &RunState) -> CaseResult {
    let outcome = match module.outcome {
        ModuleOutcome::Passed | ModuleOutcome::Flaky => CaseOutcome::Passed,
        ModuleOutcome::Failed | ModuleOutcome::TimedOut => CaseOutcome::Broken,
        ModuleOutcome::Cancelled | ModuleOutcome::Skipped => match state.phase {
            RunPhase::Stopped(StopReason::Aborted) => CaseOutcome::Broken,
            RunPhase::Created
            | RunPhase::Running
            | RunPhase::Stopping(_)
            | RunPhase::Stopped(StopReason::Interrupted)
            | RunPhase::Finished => CaseOutcome::Skipped,
        },
    };
    let failed = matches!(outcome, CaseOutcome::Broken);
    let tries = failed.then(|| FailedTry { message: module.why(), output: String::new() });
    CaseResult {
        class: module.name.clone(),
        name: module.name.clone(),
        outcome,
        duration: None,
        tries: tries.into_iter().collect(),
    }
}
