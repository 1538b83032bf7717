use super::super::{CaseOutcome, SuiteEnd, SuiteReading, SuiteSaid, cases, read_suite};
use super::*;
use crate::domain::integrate::Tally;

fn attempt(code: i32, tests: &[(&str, &str)]) -> SuiteReading {
    let lines: String =
        tests.iter().map(|(name, end)| format!("test {name} ... {end}\n")).collect();
    let count = |end| tests.iter().filter(|(_, found)| *found == end).count();
    let log = format!(
        "     Running tests/it.rs (target/debug/deps/it-0123456789abcdef)\n\nrunning {} tests\n{lines}\n\
         test result: FAILED. {} passed; {} failed; 0 ignored; 0 measured; 0 filtered out\n{}",
        tests.len(),
        count("ok"),
        count("FAILED"),
        if code == 0 {
            ""
        } else {
            "error: test failed, to rerun pass `--test it`\nerror: 1 target failed:\n    `--test it`\n"
        },
    );
    read_suite(&SuiteSaid { end: SuiteEnd::Code { code }, log: &log, report: None })
}

fn merged(attempts: &[SuiteReading]) -> SuiteResults {
    merge_attempts(&attempts.iter().map(SuiteReading::results).collect::<Vec<_>>()).unwrap()
}

#[test]
fn what_passes_on_a_retry_is_flaky() {
    let attempts =
        [attempt(101, &[("a", "ok"), ("b", "FAILED")]), attempt(0, &[("a", "ok"), ("b", "ok")])];
    let results = merged(&attempts);
    assert!(results.passed() && results.flaked);
    assert_eq!(results.flaky, ["it tests/it.rs b"]);
    assert_eq!(results.tally, Tally { passed: 2, failed: 0, skipped: 0 });
    let cases = cases("it", &attempts);
    let b = cases.iter().find(|case| case.name == "b").unwrap();
    assert_eq!((b.outcome, b.tries.len()), (CaseOutcome::Passed, 1));
}

#[test]
fn what_keeps_failing_is_not_flaky() {
    let attempts = [
        attempt(101, &[("a", "FAILED"), ("b", "FAILED")]),
        attempt(101, &[("a", "ok"), ("b", "FAILED")]),
    ];
    let results = merged(&attempts);
    assert!(!results.passed() && !results.flaked);
    assert_eq!(results.flaky, ["it tests/it.rs a"]);
    let cases = cases("it", &attempts);
    let b = cases.iter().find(|case| case.name == "b").unwrap();
    assert_eq!((b.outcome, b.tries.len()), (CaseOutcome::Failed, 2));
}

#[test]
fn a_last_attempt_that_did_not_end_excuses_no_test() {
    let lost = SuiteSaid { end: SuiteEnd::Signal { signal: 9 }, log: "", report: None };
    let attempts = [attempt(101, &[("a", "FAILED")]), read_suite(&lost)];
    assert!(merged(&attempts).flaky.is_empty());
    let cases = cases("api", &attempts);
    assert_eq!(cases.iter().map(|case| case.outcome).collect::<Vec<_>>(), [CaseOutcome::Failed]);
}

#[test]
fn a_module_that_says_nothing_by_test_is_one_case() {
    let said = |code| SuiteSaid { end: SuiteEnd::Code { code }, log: "oh no\n", report: None };
    let attempts = [read_suite(&said(3)), read_suite(&said(0))];
    let cases = cases("web", &attempts);
    assert_eq!((&*cases[0].name, cases[0].outcome, cases.len()), ("web", CaseOutcome::Passed, 1));
    assert_eq!(cases[0].tries[0].output, "oh no");
    assert!(merged(&attempts).flaked);
}

#[test]
fn parts_of_a_module_are_counted_together() {
    let parts = [
        attempt(0, &[("a", "ok")]).results(),
        attempt(101, &[("b", "FAILED")]).results(),
        attempt(101, &[("c", "FAILED"), ("d", "ok")]).results(),
    ];
    let module = merge_parts(&parts).unwrap();
    assert_eq!(module.cause, Some(FailureCause::Tests { failed: 2 }));
    assert_eq!(module.tally, Tally { passed: 2, failed: 2, skipped: 0 });
    assert!(module.complete && module.failures.len() == 2);
    let said = SuiteSaid { end: SuiteEnd::TimedOut, log: "", report: None };
    let with_lost = merge_parts(&[parts[1].clone(), read_suite(&said).results()]).unwrap();
    assert_eq!(with_lost.cause, Some(FailureCause::Ended { end: SuiteEnd::TimedOut }));
    assert!(!with_lost.complete);
    assert_eq!(merge_parts(&[]), None);
}
