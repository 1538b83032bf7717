use super::*;
use std::time::Duration;

use crate::domain::report::{Block, Line, ModuleOutcome, Section};
use crate::domain::suite::{
    ModuleKind, SuiteEnd, SuiteResults, SuiteSaid, merge_attempts, read_suite,
};

fn annotation(file: Option<&str>, title: &str, message: &str) -> Annotation {
    Annotation {
        level: Level::Error,
        file: file.map(str::to_owned),
        line: Some(27),
        column: Some(63),
        title: title.to_owned(),
        message: message.to_owned(),
    }
}

#[test]
fn an_annotation_names_file_line_and_title() {
    let line = annotation_line(&annotation(Some("src/lib.rs"), "api: tests::fails", "left\nright"));
    assert_eq!(
        line,
        "::error file=src/lib.rs,line=27,col=63,title=api%3A tests%3A%3Afails::left%0Aright"
    );
    let bare = Annotation { level: Level::Warning, ..annotation(None, "", "flaky") };
    assert_eq!(annotation_line(&bare), "::warning::flaky");
}

#[test]
fn nothing_in_an_annotation_ends_it_early() {
    let hostile = "100%,::error::x\r\n::set-env name=A::b%0A\u{1b}[31m\0";
    let line = annotation_line(&annotation(Some(hostile), hostile, hostile));
    assert!(!line.contains(['\r', '\n', '\u{1b}', '\0']), "{line}");
    let (properties, message) = line.strip_prefix("::error ").unwrap().split_once("::").unwrap();
    let keys: Vec<&str> =
        properties.split(',').filter_map(|property| Some(property.split_once('=')?.0)).collect();
    assert_eq!(keys, ["file", "line", "col", "title"]);
    assert!(message.starts_with("100%25,::error::x%0A::set-env"), "{message}");
    assert!(message.contains("b%250A"), "{message}");
}

#[test]
fn output_cannot_make_github_take_commands_again() {
    let guard = GuardedOutput::new("r1", b"a seed");
    let wrapped = guard.wrap(&format!("ok\n{}\n::error::fake\n", guard.end()));
    let lines: Vec<&str> = wrapped.lines().collect();
    let begin = lines.iter().position(|line| *line == guard.begin()).unwrap();
    let ends: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| **line == guard.end())
        .map(|(at, _)| at)
        .collect();
    assert_eq!((begin, ends), (0, vec![lines.len() - 1]));
    assert!(lines.contains(&"::error::fake"));
    assert_ne!(guard, GuardedOutput::new("r1", b"another seed"));
    assert_ne!(guard, GuardedOutput::new("r2", b"a seed"));
}

#[test]
fn a_summary_that_github_would_refuse_is_shortened_by_sections() {
    let section =
        |heading, line: String| Section { heading, blocks: vec![Block::Verbatim(vec![line])] };
    let sections =
        vec![section("Modules", "small".to_owned()), section("Failures", "x".repeat(2 << 20))];
    let mut report = Report { title: Line::new().text("done"), sections };
    let text = step_summary(&report);
    assert!(text.len() < SUMMARY_MAX && text.contains("small"), "{}", text.len());
    assert!(text.ends_with("_1 sections were too long for this page._\n"));
    report.sections.pop();
    assert_eq!(step_summary(&report), report_markdown(&report));
}

fn module(outcome: ModuleOutcome, results: SuiteResults) -> ModuleResult {
    ModuleResult {
        name: "api".to_owned(),
        kind: ModuleKind::Cargo,
        command: "cargo test -p api".to_owned(),
        outcome,
        results: Some(results),
        duration: Duration::from_secs(3),
        predicted: None,
        attempts: 1,
        trouble: None,
    }
}

#[test]
fn each_failure_is_annotated_where_it_failed() {
    let log = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/test_results/cargo.txt"));
    let read = |code, log| {
        read_suite(&SuiteSaid { end: SuiteEnd::Code { code }, log, report: None }).results()
    };
    let failed = module(ModuleOutcome::Failed, read(101, log));
    let files = ["crates/api/src/lib.rs", "crates/api/tests/it.rs"].map(str::to_owned).into();
    let locate = |place: &Place| place.locate(("/w", "crates/api"), &files);
    let lines: Vec<String> = annotations(&failed, locate).iter().map(annotation_line).collect();
    assert_eq!(lines.len(), 6);
    assert!(lines.contains(
        &"::error file=crates/api/tests/it.rs,line=3,col=27,title=api%3A it tests/it.rs fails_here::no"
            .to_owned()
    ));
    // A place that is in no file of the repository is left out.
    let nowhere = annotations(&failed, |_| None);
    assert!(nowhere.iter().all(|annotation| annotation.line.is_none()));
    let broken = module(ModuleOutcome::Failed, read(2, "make: *** Error 2\n"));
    assert_eq!(
        annotations(&broken, locate).iter().map(annotation_line).collect::<Vec<_>>(),
        ["::error title=api::exit code 2, and no test is named as failed"]
    );
    let flaky = merge_attempts(&[read(101, log), read(0, "")]).unwrap();
    let flaky = annotations(&module(ModuleOutcome::Flaky, flaky), locate);
    assert!(flaky.len() == 1 && flaky[0].level == Level::Warning, "{flaky:?}");
}

#[test]
fn no_line_of_a_text_is_a_command() {
    let text = "a::b\n  ::error::x\r::debug::y\n1 ##[error]z\n";
    assert_eq!(without_commands(text), "a::b\n  : :error::x\r: :debug::y\n1 # #[error]z\n");
}
