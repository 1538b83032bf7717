use super::*;
use crate::domain::integrate::{Tally, TestFormat, Trouble};

macro_rules! real {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/test_results/", $name))
    };
}

fn read(code: i32, log: &str, report: Option<&str>) -> SuiteReading {
    read_suite(&SuiteSaid { end: SuiteEnd::Code { code }, log, report })
}

#[test]
fn tests_that_failed_are_the_cause() {
    let reading = read(101, real!("cargo.txt"), None);
    assert_eq!(reading.cause, Some(FailureCause::Tests { failed: 6 }));
    assert!(reading.tests.unwrap().results.complete);
}

#[test]
fn a_module_that_fails_without_a_failed_test_says_why() {
    let cause = |code, log| read(code, log, None).cause.unwrap();
    assert!(matches!(
        cause(101, "error: could not compile `a` (lib test) due to 1 previous error\n"),
        FailureCause::Trouble { trouble: Trouble::Build { .. } }
    ));
    let uncollected =
        "ERROR: file or directory not found: tests/none\n\n=== no tests ran in 0.01s ===\n";
    assert!(matches!(
        cause(4, uncollected),
        FailureCause::Trouble { trouble: Trouble::Collection { .. } }
    ));
    assert!(matches!(
        cause(127, "sh: 1: pytest: not found\n"),
        FailureCause::Trouble { trouble: Trouble::Missing { .. } }
    ));
    assert!(matches!(
        cause(5, "collected 0 items\n\n=== no tests ran in 0.01s ===\n"),
        FailureCause::Trouble { trouble: Trouble::NoTests { .. } }
    ));
    let crash = "running 1 test\nerror: test failed, to rerun pass `--lib`\n\nCaused by:\n  \
        process didn't exit successfully: `/t/deps/a-1` (signal: 6, SIGABRT: process abort signal)\n";
    assert!(matches!(cause(101, crash), FailureCause::Trouble { trouble: Trouble::Crash { .. } }));
    assert_eq!(cause(3, "something\n"), FailureCause::Unexplained { code: 3 });
}

#[test]
fn mocha_and_vitest_say_why_they_fail_without_a_failed_test() {
    let cause = |log| read(1, log, None).cause.unwrap();
    assert!(matches!(
        cause(" Exception during run: /a/b.js:1\n\nSyntaxError: Unexpected token\n"),
        FailureCause::Trouble { trouble: Trouble::Collection { .. } }
    ));
    assert!(matches!(
        cause("Error: No test files found: \"test\"\n"),
        FailureCause::Trouble { trouble: Trouble::NoTests { .. } }
    ));
    assert!(matches!(
        cause("Vitest caught 1 unhandled error during the test run.\n"),
        FailureCause::Trouble { trouble: Trouble::Crash { .. } }
    ));
    assert!(matches!(
        cause("ERROR: Coverage for lines (50%) does not meet global threshold (80%)\n"),
        FailureCause::Trouble { trouble: Trouble::Coverage { .. } }
    ));
    assert_eq!(
        read(1, real!("vitest.txt"), None).cause,
        Some(FailureCause::Tests { failed: 3 }),
        "two tests, and a group whose hook failed"
    );
}

#[test]
fn a_command_that_did_not_come_to_its_end_is_never_complete() {
    let said = SuiteSaid { end: SuiteEnd::TimedOut, log: real!("cargo.txt"), report: None };
    let reading = read_suite(&said);
    assert_eq!(reading.cause, Some(FailureCause::Ended { end: SuiteEnd::TimedOut }));
    assert!(!reading.tests.unwrap().results.complete);
}

#[test]
fn the_exit_code_decides_against_a_report_with_failures() {
    let reading = read(0, "all fine\n", Some(real!("junit-nextest.xml")));
    assert_eq!(reading.cause, None);
    assert_eq!(reading.notes, ["3 failed tests are named, yet it exited with 0, which decides"]);
    let one = "<testsuite><testcase name='a'><failure/></testcase></testsuite>";
    let one = read(0, "", Some(one));
    assert_eq!(one.notes, ["1 failed test is named, yet it exited with 0, which decides"]);
}

#[test]
fn a_report_names_tests_and_the_log_counts_them() {
    let reading = read(100, real!("nextest-retries.txt"), Some(real!("junit-nextest.xml")));
    let tests = reading.tests.unwrap();
    assert_eq!(tests.results.format, TestFormat::Junit);
    // The report leaves out tests that were skipped.
    assert_eq!(tests.tally, Tally { passed: 3, failed: 3, skipped: 9 });
    assert_eq!(tests.results.executed().count(), 6);
    let cut = format!("{LEFT_OUT}9 bytes here ----\n{}", real!("nextest-retries.txt"));
    let cut = read(100, &cut, Some(real!("junit-nextest.xml"))).tests.unwrap();
    assert_eq!(cut.tally.skipped, 0);
}

#[test]
fn a_report_of_no_use_leaves_the_log() {
    let reading = read(1, real!("node-tap.txt"), Some("<html></html>"));
    assert_eq!(reading.tests.unwrap().tally.failed, 5);
    assert!(reading.unreadable.is_some(), "{:?}", reading.notes);
}

#[test]
fn the_end_of_a_log_is_kept_in_bounds() {
    let log: String = (0..100).map(|n| format!("{n} {}\n", "x".repeat(5000))).collect();
    let lines = read(1, &format!("{log}\n\n"), None).last_lines;
    assert_eq!(lines.len(), LAST_LINES);
    assert!(lines[39].starts_with("99 x") && lines.iter().all(|line| line.len() < 1100));
}
