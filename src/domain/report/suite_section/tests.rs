use super::*;
use crate::domain::integrate::{TestFormat, Trouble};
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{ScriptedRun, plan, task};
use crate::domain::report::{TestDocument, from_suites};
use crate::domain::suite::{FailureCause, SuiteEnd, SuiteSaid, merge_attempts, read_suite};

fn results(code: i32, log: &str) -> SuiteResults {
    read_suite(&SuiteSaid { end: SuiteEnd::Code { code }, log, report: None }).results()
}

fn module(name: &str, outcome: ModuleOutcome, results: Option<SuiteResults>) -> ModuleResult {
    ModuleResult {
        name: name.to_owned(),
        kind: ModuleKind::Configured,
        command: format!("run {name}"),
        outcome,
        results,
        duration: Duration::from_secs(3),
        predicted: Some(Duration::from_secs(4)),
        attempts: 1,
        trouble: None,
    }
}

fn summary() -> SuiteSummary {
    let cargo =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/test_results/cargo.txt"));
    let node =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/test_results/node-tap.txt"));
    let flaky = merge_attempts(&[results(1, node), results(0, "")]);
    let modules = vec![
        module("api", ModuleOutcome::Failed, Some(results(101, cargo))),
        module("web", ModuleOutcome::Flaky, flaky),
        module("docs", ModuleOutcome::Failed, Some(results(2, "make: *** Error 2\n"))),
        module("late", ModuleOutcome::Skipped, None),
    ];
    let sequential = Some(Duration::from_secs(12));
    SuiteSummary { modules, wall: Duration::from_secs(7), sequential }
}

fn text(line: &Line) -> String {
    line.spans.iter().map(super::super::prose::Span::content).collect()
}

fn shown(sections: &[Section]) -> String {
    let mut lines = Vec::new();
    for section in sections {
        lines.push(format!("# {}", section.heading));
        for block in &section.blocks {
            match block {
                Block::Line(line) => lines.push(text(line)),
                Block::List(list) => lines.extend(list.iter().map(text)),
                Block::Table(table) => {
                    let row =
                        |row: &Vec<Line>| row.iter().map(text).collect::<Vec<_>>().join(" | ");
                    lines.extend(table.rows.iter().map(row));
                }
                Block::Verbatim(said) => lines.push(format!("> {} lines", said.len())),
                Block::Facts(_)
                | Block::Subheading(_)
                | Block::Timeline(_)
                | Block::Commands(_) => {
                    panic!("{block:?}")
                }
            }
        }
    }
    lines.join("\n")
}

#[test]
fn modules_failures_flakes_and_times_are_told() {
    insta::assert_snapshot!(shown(&suite_sections(&summary())), @"
    # Modules
    api | failed | 18 | 6 | 3 | 0 | 3.0s | 4.0s
    web | flaky | - | - | - | 4 | 3.0s | 4.0s
    docs | failed | - | - | - | 0 | 3.0s | 4.0s
    late | skipped | - | - | - | - | - | 4.0s
    7.0s in all; one after another about 12s, 5.0s saved
    # Failures
    api: 6 tests failed
    failed doc foo src/lib.rs - add #2
    > 9 lines
    failed foo src/lib.rs tests::does_not_panic at src/lib.rs:31
    > 1 lines
    failed foo src/lib.rs tests::err
    > 1 lines
    failed foo src/lib.rs tests::fails at src/lib.rs:27
    > 6 lines
    failed foo src/lib.rs tests::other_panic at src/lib.rs:32
    > 6 lines
    failed it tests/it.rs fails_here at tests/it.rs:3
    > 3 lines
    docs: exit code 2, and no test is named as failed
    > 1 lines
    # Flaky
    web: basket › holds, basket › inner › is deep, rounds # half up, with parts › two
    ");
}

#[test]
fn time_that_was_lost_is_told_as_well() {
    let line = |wall, sequential: Option<u64>| {
        let (wall, sequential) = (Duration::from_secs(wall), sequential.map(Duration::from_secs));
        saved_line(&SuiteSummary { modules: Vec::new(), wall, sequential }).map(|line| text(&line))
    };
    assert_eq!(
        line(20, Some(60)).unwrap(),
        "20s in all; one after another about 1m 00s, 40s saved"
    );
    assert_eq!(line(20, Some(15)).unwrap(), "20s in all; one after another about 15s, 5.0s lost");
    assert_eq!(line(20, None), None);
}

#[test]
fn the_document_says_the_same() {
    let run = ScriptedRun::new(plan(vec![task("api", &[], 5)], Preference::Rule), &[]);
    let document = from_suites(&run.state, &summary());
    let text = serde_json::to_value(&document).unwrap();
    let api = &text["modules"][0];
    assert_eq!(
        (&api["tests"], &api["failures"], &api["skipped"], &api["reason"]),
        (&18.into(), &6.into(), &3.into(), &"6 tests failed".into())
    );
    assert_eq!(api["failed"].as_array().map(Vec::len), Some(6));
    assert_eq!(text["modules"][2]["tests"], serde_json::Value::Null);
    assert_eq!(text["modules"][1]["outcome"], "flaky");
    assert_eq!(text["sequential_s_estimate"], 12.0);
    assert_eq!(serde_json::from_value::<TestDocument>(text).unwrap(), document);
}

#[test]
fn what_was_not_built_has_no_numbers_whoever_says_so() {
    let trouble = Trouble::Build { line: "no".to_owned() };
    let cause = Some(FailureCause::Trouble { trouble });
    let go = SuiteResults { cause, format: Some(TestFormat::Go), ..SuiteResults::default() };
    let empty = SuiteResults { cause: None, ..go.clone() };
    assert!(module("go", ModuleOutcome::Failed, Some(go)).said().is_none());
    assert!(module("none", ModuleOutcome::Passed, Some(empty)).said().is_some());
}
