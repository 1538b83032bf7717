use super::super::{SuiteEnd, SuiteSaid, read_suite};
use super::*;

fn results(code: i32, log: &str) -> SuiteResults {
    read_suite(&SuiteSaid { end: SuiteEnd::Code { code }, log, report: None }).results()
}

#[test]
fn failures_are_stored_with_message_place_and_output() {
    let results = results(
        101,
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/test_results/cargo.txt")),
    );
    let failure = results.failures.iter().find(|f| f.test == "it tests/it.rs fails_here").unwrap();
    assert_eq!(failure.message, "no");
    assert_eq!(
        failure.place.as_ref().map(|place| (&*place.file, place.line)),
        Some(("tests/it.rs", 3))
    );
    assert!(failure.output.contains("panicked at"));
    assert!(results.last_lines.is_empty());
    let stored = serde_json::to_string(&results).unwrap();
    assert_eq!(serde_json::from_str::<SuiteResults>(&stored).unwrap(), results);
}

#[test]
fn what_is_stored_stays_small_whatever_was_printed() {
    let noise: String = (0..220).map(|n| format!("line {n} of a failure\n")).collect();
    let name = |n: usize| format!("{}{n}", "long_".repeat(300));
    let listed: String = (0..120).map(|n| format!("test {} ... FAILED\n", name(n))).collect();
    let told: String =
        (0..120).map(|n| format!("---- {} stdout ----\n{noise}\n", name(n))).collect();
    let ids: String = (0..120).map(|n| format!("    {}\n", name(n))).collect();
    let log = format!(
        "running 120 tests\n{listed}\nfailures:\n\n{told}\n\nfailures:\n{ids}\n\
         test result: FAILED. 0 passed; 120 failed; 0 ignored; 0 measured; 0 filtered out\n"
    );
    let results = results(101, &log);
    assert_eq!((results.failures.len(), results.more_failures), (100, 20));
    assert_eq!(results.cause, Some(FailureCause::Tests { failed: 120 }));
    let stored = serde_json::to_string(&results).unwrap();
    assert!(stored.len() < 256 * 1024, "{}", stored.len());
    let output = &results.failures[0].output;
    assert!(output.starts_with("line 0 of") && output.contains(" bytes left out here ----\n"));
}

#[test]
fn a_failure_without_output_falls_back_to_the_end_of_the_log() {
    let results = results(2, "make: *** [test] Error 2\n");
    assert_eq!(results.last_lines, ["make: *** [test] Error 2"]);
    assert!(!results.passed());
}
