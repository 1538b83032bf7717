//! Any bytes as a test command's output and as its report: whatever is found, a test is in one set
//! only, and an output of which something was left out is never complete.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wt_orch::domain::integrate::{LEFT_OUT, TestResults, parse_junit, parse_output};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Ok(results) = parse_junit(&text) {
        check(&results);
    }
    if let Some(results) = parse_output(&text) {
        check(&results);
    }
    if let Some(results) = parse_output(&format!("{text}\n{LEFT_OUT}1 bytes here ----\n")) {
        check(&results);
        assert!(!results.complete, "something was left out");
    }
});

fn check(results: &TestResults) {
    assert!(results.passed.is_disjoint(&results.failed));
    assert!(results.skipped.is_disjoint(&results.failed));
    assert!(results.skipped.is_disjoint(&results.passed));
    assert!(!results.complete || results.executed().next().is_some());
}
