//! What the printers make of whole runs.

use super::*;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{ScriptedRun, Try, agent, oid, plan, task};
use crate::domain::report::{
    Detail, LogPaths, OperationEntry, ReportPlaces, from_integration, from_plan, from_run,
    run_report, schemas,
};
use crate::domain::run::{Envelope, RunState};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;

mod documents;
mod lines;
mod optimization;
mod reports;
mod screens;

const PLAIN: Style = Style { color: false, width: 100 };
const PLACES: ReportPlaces<'static> = ReportPlaces { root: Some("/home/u/repo") };

/// `schema` is needed by `api`; `docs` fails once; `flaky` fails for good and `late` needs it.
fn tasks() -> Vec<Task> {
    let mut api = task("api", &["schema"], 20);
    api.title = Some("JWT endpoints | <b>fast</b>".to_owned());
    let mut docs = task("docs", &[], 10);
    docs.retries = 1;
    docs.check = Some("make check-docs".to_owned());
    vec![task("schema", &[], 10), api, docs, task("flaky", &[], 15), task("late", &["flaky"], 10)]
}

fn script() -> Vec<(&'static str, Vec<Try>)> {
    vec![
        ("schema", vec![Try::well(9.0, &["src/model.rs"])]),
        ("api", vec![Try::well(31.0, &["src/api.rs", "src/limit.rs"])]),
        (
            "docs",
            vec![Try::fails(2.0, "broken link"), Try::well(4.0, &["README.md", "src/limit.rs"])],
        ),
        ("flaky", vec![Try::fails(3.0, "assertion failed: left == `right` \u{1b}[2J| <x>")]),
    ]
}

fn mixed_run() -> ScriptedRun {
    ScriptedRun::new(plan(tasks(), Preference::ParallelWith(3)), &script()).finished()
}

fn conflicting_run() -> ScriptedRun {
    mixed_run().integrated(&[("api", "docs")], &[], false)
}

fn plain_lines(envelopes: &[Envelope], verbosity: Verbosity) -> String {
    let mut lines = PlainLines::new(Vec::new(), verbosity);
    replay(envelopes, &mut lines).unwrap();
    String::from_utf8(lines.into_writer()).unwrap()
}

fn report(state: &RunState) -> crate::domain::report::Report {
    run_report(state, &PLACES)
}

#[test]
fn every_width_is_printed_without_a_control_character() {
    let run = conflicting_run();
    for width in [0, 1, 20, 80, 200] {
        let style = Style { color: false, width };
        let texts = [
            report_text(&report(&run.state), style),
            plan_text(&run.state.spec.plan.clone().into(), Detail::Full, style),
            status_text(&run.state, run.now, style),
            integrate_text(&run.state.spec, run.integration(), style),
            report_markdown(&report(&run.state)),
        ];
        for text in texts {
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
        }
    }
}

#[test]
fn colour_only_repeats_what_words_say() {
    let run = conflicting_run();
    let plain = report_text(&report(&run.state), PLAIN);
    let coloured = report_text(&report(&run.state), Style { color: true, ..PLAIN });
    assert_ne!(plain, coloured);
    let stripped: Vec<String> =
        coloured.lines().map(|line| stripped(line).trim_end().to_owned()).collect();
    assert_eq!(plain.trim_end(), stripped.join("\n").trim_end());
}
