use super::super::tests::{output, real};

#[test]
fn the_last_try_counts() {
    insta::assert_snapshot!(output(real!("nextest-retries.txt")), @"
    Nextest, complete
    + foo tests::passes
    + foo::it flaky
    + foo::it slow_leak
    - foo tests::fails
    - foo::it aborts
    - foo::it fails_here
    o foo tests::deep::one
    o foo tests::does_not_panic
    o foo tests::err
    o foo tests::ignored
    o foo tests::ignored_plain
    o foo tests::other_panic
    o foo tests::panics
    o foo::it it_works
    o foo::it writes
    ");
}

#[test]
fn without_no_fail_fast_tests_are_left_out() {
    insta::assert_snapshot!(output(real!("nextest-fail-fast.txt")), @"
    Nextest, incomplete
    + foo tests::deep::one
    - foo tests::does_not_panic
    ");
}

/// As the documentation shows it, and older versions without the numbers.
const STATUSES: &str = "\
────────────
 Nextest run ID 00000000-0000-0000-0000-000000000000 with nextest profile: default
    Starting 10 tests across 1 binary
        PASS [   1.000s] my-binary pass
        LEAK [   2.000s] (  2/100) my-binary leak
TIMEOUT-PASS [ 240.000s] (  3/100) my-binary timeout_pass
        SLOW [> 60.000s] (───────) my-binary fail
        FAIL [   1.000s] (  8/100) my-binary fail
 FAIL + LEAK [   1.000s] (  9/100) my-binary fail_leak
       XFAIL [   1.000s] ( 10/100) my-binary exec_fail
   LEAK-FAIL [   1.000s] ( 11/100) my-binary leak_fail
     TIMEOUT [  60.000s] ( 12/100) my-binary timeout
     SIGSEGV [   1.000s] ( 13/100) my-binary sigsegv
   TRY 2 TMT [  60.000s] ( 18/100) my-binary retry
────────────
     Summary [   0.384s] 10 tests run: 3 passed (1 leaky), 5 failed, 1 exec failed, 1 timed out, 2 skipped
error: test run failed
";

#[test]
fn every_status_is_known() {
    insta::assert_snapshot!(output(STATUSES), @"
    Nextest, complete
    + my-binary leak
    + my-binary pass
    + my-binary timeout_pass
    - my-binary exec_fail
    - my-binary fail
    - my-binary fail_leak
    - my-binary leak_fail
    - my-binary retry
    - my-binary sigsegv
    - my-binary timeout
    ");
}

#[test]
fn a_run_without_its_summary_or_with_other_numbers_is_incomplete() {
    let (cut, _) = STATUSES.split_once("     Summary").unwrap();
    for text in [
        cut.to_owned(),
        STATUSES.replace("10 tests run", "10/11 tests run"),
        STATUSES.replace("3 passed", "4 passed"),
        format!("{STATUSES}error: could not compile `b`\n"),
        format!("{cut}{STATUSES}"),
    ] {
        assert!(output(&text).starts_with("Nextest, incomplete\n"), "{text}");
    }
    assert!(output(&format!("{STATUSES}{STATUSES}")).starts_with("Nextest, complete\n"));
}
