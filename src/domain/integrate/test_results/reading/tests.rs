use super::super::tests::real;
use super::super::{read_junit, read_output};
use super::*;

fn read(text: &str) -> TestReading {
    read_output(text).unwrap()
}

fn numbers(passed: u64, failed: u64, skipped: u64) -> Tally {
    Tally { passed, failed, skipped }
}

#[test]
fn numbers_are_those_that_the_tool_prints() {
    for (text, tally) in [
        // Three binaries and two blocks of doc-tests.
        (real!("cargo.txt"), numbers(3 + 2 + 3 + 1, 4 + 1 + 1, 2 + 1)),
        (real!("cargo-quiet.txt"), read(real!("cargo-quiet.txt")).tally),
        (real!("nextest-retries.txt"), numbers(3, 3, 9)),
        (real!("pytest-verbose.txt"), numbers(8 + 1, 3 + 2, 1 + 1)),
        (real!("jest.txt"), numbers(5, 1, 2)),
        (real!("jest-json.txt"), numbers(5, 1, 2)),
        (real!("node-tap.txt"), numbers(4, 5, 2)),
        (real!("unittest-verbose.txt"), numbers(1, 3, 2)),
        (real!("mocha.txt"), numbers(6, 2, 1)),
        (real!("vitest.txt"), numbers(5, 2, 3)),
    ] {
        let reading = read(text);
        assert_eq!(reading.tally, tally, "{:?}", reading.results.format);
        assert!(reading.tally_is_told);
    }
    // Not every test is named where dots are printed, yet all are counted.
    let dots = read(real!("pytest.txt"));
    assert!(dots.tally.passed > dots.results.passed.len() as u64, "{:?}", dots.tally);
    assert!(!read(real!("go-verbose.txt")).tally_is_told);
}

#[test]
fn two_binaries_with_the_same_test_count_twice() {
    let binary = |name: &str| {
        format!(
            "     Running tests/{name}.rs (target/debug/deps/{name}-0123456789abcdef)\n\n\
             running 1 test\ntest same ... ok\n\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n"
        )
    };
    let both = read(&format!("{}{}", binary("a"), binary("b")));
    assert_eq!(both.tally, numbers(2, 0, 0));
    assert_eq!(both.results.passed.len(), 2);
}

#[test]
fn each_failure_has_its_own_output() {
    let cargo = read(real!("cargo.txt")).outputs;
    assert_eq!(cargo.len(), 6);
    assert_eq!(cargo["foo src/lib.rs tests::err"], "Error: \"no\"");
    assert!(cargo["it tests/it.rs fails_here"].contains("panicked at tests/it.rs:3:27:\nno"));
    assert!(cargo["doc foo src/lib.rs - add #2"].contains("doctest_bundle_2024.rs:14:1"));
    let nextest = read(real!("nextest-retries.txt"));
    assert!(nextest.outputs["foo::it fails_here"].contains("panicked at tests/it.rs:3:27:"));
    assert_eq!(nextest.outputs.len(), 3);
    let pytest = read(real!("pytest-verbose.txt")).outputs;
    let [first, teardown] = ["test_b[c - d]", "test_teardown_error"]
        .map(|name| &pytest[&format!("tests/test_a.py::{name}")]);
    assert!(first.starts_with("tests/test_a.py:4: in test_b\n") && first.ends_with("'c - d'"));
    assert!(teardown.contains("RuntimeError: y") && pytest.len() == 5, "{pytest:?}");
    let jest = read(real!("jest-verbose.txt")).outputs;
    assert!(
        jest["math.test.js › adds › deep › breaks › here"].contains("Expected: 2\nReceived: 1")
    );
    for text in [real!("go-verbose.txt"), real!("go.jsonl"), real!("go.txt")] {
        let go = read(text).outputs;
        // Of events, go itself takes the line for one of a test whose name was printed.
        let own = text.starts_with('{') || go["example.com/m/a TestBad"].ends_with(":4: bad");
        assert!(own, "{go:?}");
        assert!(go["example.com/m/a TestPar/z/q"].contains("a_test.go:6: no"), "{go:?}");
    }
}

#[test]
fn reports_tell_outputs_and_times_of_each_test() {
    let nextest = read_junit(real!("junit-nextest.xml")).unwrap();
    let output = &nextest.outputs["foo tests::fails"];
    assert!(output.starts_with("thread 'tests::fails' (328) panicked at src/lib.rs:27:63:\n"));
    assert!(output.contains("left: 1") && output.contains("test result: FAILED."), "{output}");
    assert_eq!(nextest.durations["foo tests::passes"].as_millis(), 8);
    assert_eq!(nextest.flaky, BTreeSet::from(["foo::it flaky".to_owned()]));
    let jest = read_junit(real!("junit-jest.xml")).unwrap();
    assert!(jest.outputs.values().all(|output| output.contains("at new Promise (<anonymous>)")));
    assert_eq!(jest.tally.failed, 1);
}

#[test]
fn what_failed_and_passed_within_a_run_is_flaky() {
    let nextest = read(real!("nextest-retries.txt"));
    assert_eq!(nextest.flaky, BTreeSet::from(["foo::it flaky".to_owned()]));
    let pytest = "============================= test session starts ==============================\n\
        tests/a.py::test_a RERUN [ 50%]\ntests/a.py::test_a PASSED [ 50%]\n\
        tests/a.py::test_b RERUN [100%]\ntests/a.py::test_b FAILED [100%]\n\
        === 1 failed, 1 passed, 2 rerun in 0.05s ===\n";
    let pytest = read(pytest);
    assert_eq!(pytest.flaky, BTreeSet::from(["tests/a.py::test_a".to_owned()]));
    assert!(pytest.results.complete);
}

#[test]
fn times_are_taken_where_they_are_told() {
    let seconds = |reading: &TestReading, id: &str| reading.durations[id].as_secs_f64();
    assert_eq!(seconds(&read(real!("nextest-retries.txt")), "foo::it slow_leak"), 0.208);
    assert_eq!(
        seconds(&read(real!("jest-json.txt")), "math.test.js › adds › deep › breaks › here"),
        0.006
    );
    assert_eq!(seconds(&read(real!("jest-verbose.txt")), "math.test.js › top level"), 0.015);
    assert!(read(real!("go.jsonl")).durations.contains_key("example.com/m/e TestE"));
    let pytest = format!(
        "{}=== slowest durations ===\n0.25s call     tests/a.py::t\n0.50s setup    tests/a.py::t\n\
         === 1 passed in 0.80s ===\n",
        "============================= test session starts ==============================\n\
         tests/a.py::t PASSED [100%]\n\n"
    );
    assert_eq!(seconds(&read(&pytest), "tests/a.py::t"), 0.75);
}

#[test]
fn tests_of_one_title_are_told_apart_by_the_file_that_is_named() {
    let text = "============================= test session starts ==============================\n\
        b/test_x.py::test FAILED\na/test_x.py::test FAILED\n\
        =================================== FAILURES ===================================\n\
        _____ test _____\nb/test_x.py:3: of b\n_____ test _____\na/test_x.py:9: of a\n\
        === 2 failed in 0.05s ===\n";
    let outputs = read(text).outputs;
    assert_eq!(outputs["a/test_x.py::test"], "a/test_x.py:9: of a");
    assert_eq!(outputs["b/test_x.py::test"], "b/test_x.py:3: of b");
}

#[test]
fn a_long_output_is_kept_from_both_ends() {
    let lines: String = (0..40_000).map(|n| format!("line {n}\n")).collect();
    let text = format!(
        "running 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\n{lines}\n\nfailures:\n    a\n\n\
         test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n"
    );
    let output = &read(&text).outputs["a"];
    assert!(output.len() < 66 * 1024 && output.starts_with("line 0\n"), "{}", output.len());
    assert!(output.ends_with("line 39999") && output.contains(" bytes left out here ----\n"));
}
