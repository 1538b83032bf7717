use super::super::{SuiteEnd, SuiteSaid, read_suite};
use super::*;

/// Class, name and outcome of the tests of the module `ok`.
fn told(log: &str, report: Option<&str>) -> Vec<CaseResult> {
    let said = SuiteSaid { end: SuiteEnd::Code { code: 1 }, log, report };
    cases("ok", &[read_suite(&said)])
}

fn named(cases: &[CaseResult]) -> Vec<(&str, &str, CaseOutcome)> {
    cases.iter().map(|case| (case.class.as_str(), case.name.as_str(), case.outcome)).collect()
}

#[test]
fn classes_and_names_are_those_of_the_report() {
    let report = "<testsuites><testsuite name='pytest'>\
        <testcase classname='tests.test_a' name='test_bad[x y]'><failure message='m'/></testcase>\
        <testcase classname='tests.test_a' name='test_set'><error message='setup'/></testcase>\
        <testcase classname='tests.test_a' name='test_skip'><skipped message='because'/></testcase>\
        <testcase name='bare'/></testsuite>\
        <testsuite><testcase name='alone'/></testsuite></testsuites>";
    let cases = told("", Some(report));
    assert_eq!(
        named(&cases),
        [
            ("ok", "alone", CaseOutcome::Passed),
            ("pytest", "bare", CaseOutcome::Passed),
            ("tests.test_a", "test_bad[x y]", CaseOutcome::Failed),
            ("tests.test_a", "test_set", CaseOutcome::Broken),
            ("tests.test_a", "test_skip", CaseOutcome::Skipped),
        ]
    );
    assert_eq!(cases[4].why_skipped.as_deref(), Some("because"));
    assert_eq!(cases[3].tries.len(), 1);
}

#[test]
fn an_error_explains_that_a_module_failed() {
    let report = "<testsuite><testcase classname='c' name='e'><error/></testcase></testsuite>";
    assert_eq!(named(&told("", Some(report))), [("c", "e", CaseOutcome::Broken)]);
}

#[test]
fn targets_of_cargo_are_one_word() {
    let target = |class| split("ok", TestFormat::Cargo, &format!("{class} tests::a"));
    let class = |class: &str| (class.to_owned(), "tests::a".to_owned());
    assert_eq!(target("ok_lib src/lib.rs"), class("ok_lib"));
    assert_eq!(target("it tests/it.rs"), class("ok::it"));
    assert_eq!(target("tool src/main.rs"), class("ok::bin/tool"));
    assert_eq!(target("it tests/it.rs #2"), class("it tests/it.rs #2"));
}
