use super::super::tests::{output, real};

#[test]
fn verbose_lines_name_every_test() {
    insta::assert_snapshot!(output(real!("pytest-verbose.txt")), @r"
    Pytest, complete
    + tests/test_a.py::TestC::test_m
    + tests/test_a.py::test_b[::]
    + tests/test_a.py::test_b[[e]]
    + tests/test_a.py::test_b[\xe9]
    + tests/test_a.py::test_b[a/b]
    + tests/test_a.py::test_b[x y]
    + tests/test_a.py::test_xp
    + tests/test_ok.py::test_ok
    - tests/test_a.py::TestC::test_n
    - tests/test_a.py::test_b[c - d]
    - tests/test_a.py::test_setup_error
    - tests/test_a.py::test_teardown_error
    - tests/test_a.py::test_xps
    o tests/test_a.py::test_s
    o tests/test_a.py::test_xf
    ");
}

#[test]
fn several_workers_say_the_same() {
    assert_eq!(output(real!("pytest-workers.txt")), output(real!("pytest-verbose.txt")));
}

#[test]
fn dots_name_only_what_failed() {
    insta::assert_snapshot!(output(real!("pytest.txt")), @"
    Pytest, incomplete
    - tests/test_a.py::TestC::test_n
    - tests/test_a.py::test_b[c - d]
    - tests/test_a.py::test_setup_error
    - tests/test_a.py::test_teardown_error
    - tests/test_a.py::test_xps
    ");
}

#[test]
fn a_file_that_cannot_be_collected_leaves_results_incomplete() {
    insta::assert_snapshot!(output(real!("pytest-uncollected.txt")), @"Pytest, incomplete");
}

const QUIET: &str = "\
F.                                                                       [100%]
=========================== short test summary info ============================
PASSED tests/test_a.py::test_ok
FAILED tests/test_a.py::test_b[a - b - c] - AssertionError: [x] - y
1 failed, 1 passed in 75.02s (0:01:15)
";

#[test]
fn a_quiet_run_with_all_reasons_is_complete() {
    insta::assert_snapshot!(output(QUIET), @"
    Pytest, complete
    + tests/test_a.py::test_ok
    - tests/test_a.py::test_b[a - b - c]
    ");
}

#[test]
fn what_else_makes_it_fail_leaves_results_incomplete() {
    for line in [
        "!!!!!!!!!!!!!!!!!!!!!!!!!! stopping after 1 failures !!!!!!!!!!!!!!!!!!!!!!!!!!!",
        "FAIL Required test coverage of 90% not reached. Total coverage: 50.00%",
        "ERROR: Coverage failure: total of 50 is less than fail-under=90",
        "INTERNALERROR> Traceback (most recent call last):",
        "[gw1] node down: Not properly terminated",
        "============================= test session starts ==============================",
    ] {
        let text = output(&format!("{QUIET}{line}\n"));
        assert!(text.starts_with("Pytest, incomplete\n"), "{line}\n{text}");
    }
    assert!(output("no tests ran in 0.01s").starts_with("Pytest, incomplete\n"));
}

#[test]
fn a_part_of_a_test_that_fails_fails_the_test() {
    let text = "\
collecting ... collected 1 item

sub/test_sub.py::T::test_s 
sub/test_sub.py::T::test_s PASSED                                        [100%]

=========================== short test summary info ============================
SUBFAILED(i=1) sub/test_sub.py::T::test_s - AssertionError: 1 == 1
================ 1 failed, 1 passed, 2 subtests passed in 0.01s ================
";
    insta::assert_snapshot!(output(text), @"
    Pytest, complete
    - sub/test_sub.py::T::test_s
    ");
}
