//! How a test run ended.

use std::time::Duration;

use super::super::stored::exit_of;
use super::github;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::domain::report::{
    ModuleResult, from_suites, modules_of, part_cases, suite_report, suite_summary, task_cases,
};
use crate::domain::run::RunState;
use crate::domain::suite::{CaseResult, Part};
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
    let of_part = |(part, task): (&&Part, &usize)| {
        let attempts = load_suite_readings(&place.site, state, *task);
        part_cases(state, part, (parts.len(), &attempts))
    };
    let told: Vec<CaseResult> = parts.iter().zip(&tasks).flat_map(of_part).collect();
    let started = tasks.iter().filter_map(|&task| state.tasks[task].started).min();
    JunitSuite { started, ..JunitSuite::of_module(module, told) }
}
