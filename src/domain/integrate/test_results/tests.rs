use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

macro_rules! real {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/test_results/", $name))
    };
}
pub(super) use real;

/// Outputs of real tools that are complete.
const COMPLETE: [&str; 14] = [
    real!("cargo.txt"),
    real!("nextest-retries.txt"),
    real!("pytest-verbose.txt"),
    real!("pytest-workers.txt"),
    real!("go-verbose.txt"),
    real!("go.jsonl"),
    real!("jest-verbose.txt"),
    real!("jest-json.txt"),
    real!("node-tap.txt"),
    real!("node-spec.txt"),
    real!("unittest-verbose.txt"),
    real!("mocha.txt"),
    real!("vitest-verbose.txt"),
    real!("vitest-tree.txt"),
];

/// And others.
const INCOMPLETE: [&str; 15] = [
    real!("cargo-fail-fast.txt"),
    real!("cargo-quiet.txt"),
    real!("cargo-abort.txt"),
    real!("nextest-fail-fast.txt"),
    real!("pytest.txt"),
    real!("pytest-uncollected.txt"),
    real!("go.txt"),
    real!("go-broken.txt"),
    real!("go-hidden.jsonl"),
    real!("jest-broken.txt"),
    real!("node-broken.txt"),
    real!("unittest.txt"),
    real!("mocha-dot.txt"),
    real!("mocha-hooks.txt"),
    real!("vitest.txt"),
];

/// Results as text: whether they are complete, then the tests that passed, failed and were skipped.
pub(super) fn shown(results: &TestResults) -> String {
    assert_disjoint(results);
    let complete = if results.complete { "complete" } else { "incomplete" };
    let mut text = format!("{:?}, {complete}\n", results.format);
    let sets = [('+', &results.passed), ('-', &results.failed), ('o', &results.skipped)];
    for (mark, ids) in sets {
        for id in ids {
            writeln!(text, "{mark} {id}").unwrap();
        }
    }
    text
}

pub(super) fn output(text: &str) -> String {
    parse_output(text).map_or("nothing".to_owned(), |results| shown(&results))
}

fn assert_disjoint(results: &TestResults) {
    assert!(results.passed.is_disjoint(&results.failed), "{results:?}");
    assert!(results.skipped.is_disjoint(&results.failed), "{results:?}");
    assert!(results.skipped.is_disjoint(&results.passed), "{results:?}");
    assert!(results.executed().next().is_some() || !results.complete, "{results:?}");
}

#[test]
fn what_real_tools_write_is_complete_or_not() {
    for text in COMPLETE {
        let results = parse_output(text).unwrap();
        assert!(results.complete && !results.failed.is_empty(), "{}", shown(&results));
    }
    for text in INCOMPLETE {
        assert!(!parse_output(text).unwrap().complete, "{text}");
    }
}

#[test]
fn carriage_returns_and_colours_change_nothing() {
    for text in COMPLETE.into_iter().chain(INCOMPLETE) {
        let results = parse_output(text);
        assert_eq!(parse_output(&text.replace('\n', "\r\n")), results);
        let coloured: String = text
            .split_inclusive('\n')
            .map(|line| format!("\u{1b}[1;31m\u{1b}]8;;link\u{1b}\\{line}"))
            .map(|line| line.replace('\n', "\u{1b}[0m\u{1b}[K\n"))
            .collect();
        assert_eq!(parse_output(&coloured), results);
    }
}

#[test]
fn output_that_says_nothing_by_test_is_not_taken_for_results() {
    for text in [
        "",
        "\n\n",
        "all fine\n",
        "ok\nFAIL\nPASS\n",
        "make: *** [Makefile:2: test] Error 1\n",
        "FAIL a\nTests: 4, Assertions: 4, Failures: 1.\n",
    ] {
        assert_eq!(parse_output(text), None, "{text}");
    }
    assert_eq!(parse_output("error: could not compile `foo` (lib test) due to 1 error\n"), None);
}

#[test]
fn several_tools_in_one_output_are_taken_together() {
    let [cargo, pytest] = [real!("cargo.txt"), real!("pytest-verbose.txt")];
    let [first, second] = [cargo, pytest].map(|text| parse_output(text).unwrap());
    let both = parse_output(&format!("{cargo}{pytest}")).unwrap();
    assert!(both.complete);
    assert_eq!(both.format, TestFormat::Cargo);
    assert_eq!(both.failed.len(), first.failed.len() + second.failed.len());
    assert_eq!(both.executed().count(), first.executed().count() + second.executed().count());
    assert!(!parse_output(&format!("{cargo}{}", real!("pytest.txt"))).unwrap().complete);
}

#[test]
fn nextest_with_doc_tests_behind_it_is_complete() {
    let doc = "   Doc-tests foo\n\nrunning 1 test\ntest src/lib.rs - a (line 1) ... FAILED\n\n\
        test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\n\
        error: doctest failed, to rerun pass `--doc`\nerror: 1 target failed:\n    `--doc`\n";
    let both = parse_output(&format!("{}{doc}", real!("nextest-retries.txt"))).unwrap();
    assert!(both.complete && both.failed.contains("doc foo src/lib.rs - a"), "{}", shown(&both));
    assert!(both.failed.contains("foo::it aborts"), "{}", shown(&both));
}

#[test]
fn an_output_tells_what_its_report_cannot() {
    assert!(!COMPLETE.into_iter().any(is_cut_short));
    for text in [
        real!("nextest-fail-fast.txt"),
        real!("pytest-uncollected.txt"),
        real!("go-broken.txt"),
        real!("jest-broken.txt"),
        "Test Suites: 1 failed, 1 of 3 total\n",
        "Vitest caught 2 unhandled errors during the test run.\n",
        " Exception during run: Error: Cannot find module './a'\n",
        "error: could not compile `a` (lib) due to 1 previous error\n",
    ] {
        assert!(is_cut_short(text), "{text}");
    }
}

#[test]
fn results_are_the_same_after_they_were_stored() {
    let results = parse_output(real!("cargo.txt")).unwrap();
    let stored = serde_json::to_string(&results).unwrap();
    assert_eq!(serde_json::from_str::<TestResults>(&stored).unwrap(), results);
}

#[test]
fn long_names_and_deep_groups_take_no_memory() {
    let long = "x".repeat(50_000);
    let header = format!("     Running {long} (target/deps/{long}-0123456789abcdef)\n");
    let tests: String = (0..2000).map(|n| format!("test t{n} ... ok\n")).collect();
    let end = "test result: ok. 2000 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
    let results = parse_output(&format!("{header}running 2000 tests\n{tests}\n{end}")).unwrap();
    assert!(results.executed().all(|id| id.len() < 4096));
    let groups: String = (0..500).map(|n| format!("{}g{n}\n", " ".repeat(2 * n + 2))).collect();
    let tree = format!("PASS a.test.js\n{groups}{}✓ t\n\n", " ".repeat(1002));
    let end = "Test Suites: 1 passed, 1 total\nTests: 1 passed, 1 total\n";
    assert!(!parse_output(&format!("{tree}{end}")).unwrap().complete);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_log_with_its_middle_left_out_is_never_complete(
        which in 0..COMPLETE.len(), from in 0.0..1.0, to in 0.0..1.0
    ) {
        let bytes = COMPLETE[which].as_bytes();
        let at = |part: f64| (part * bytes.len() as f64) as usize;
        let (from, to) = (at(f64::min(from, to)), at(f64::max(from, to)));
        let ruler = format!("\n{LEFT_OUT}{} bytes here ----\n", to - from);
        let cut = [&bytes[..from], ruler.as_bytes(), &bytes[to..]].concat();
        if let Some(results) = parse_output(&String::from_utf8_lossy(&cut)) {
            assert_disjoint(&results);
            prop_assert!(!results.complete);
        }
    }

    #[test]
    fn what_else_is_printed_between_lines_changes_nothing(
        which in 0..6_usize, noise in "[a-z\\[\\]():. ]{0,30}", seed in 1..50_usize
    ) {
        let text = COMPLETE[which];
        let noisy: String = text
            .split_inclusive('\n')
            .enumerate()
            .flat_map(|(n, line)| {
                [line.to_owned(), if n % seed == 0 { format!("{noise}!\n") } else { String::new() }]
            })
            .collect();
        prop_assert_eq!(parse_output(&noisy), parse_output(text));
    }

    #[test]
    fn any_lines_in_any_order_are_read(
        picks in prop::collection::vec((0..29_usize, any::<u16>(), any::<bool>()), 0..60)
    ) {
        let all = COMPLETE.into_iter().chain(INCOMPLETE).collect::<Vec<_>>();
        let mut text = String::new();
        for (which, line, whole) in picks {
            let lines: Vec<&str> = all[which].split_inclusive('\n').collect();
            let line = lines[usize::from(line) % lines.len()];
            let half = line.chars().count() / if whole { 1 } else { 2 };
            text.extend(line.chars().take(half));
        }
        if let Some(results) = parse_output(&text) {
            assert_disjoint(&results);
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        if let Some(results) = parse_output(&text) {
            assert_disjoint(&results);
        }
        if let Ok(results) = parse_junit(&text) {
            assert_disjoint(&results);
        }
    }
}
