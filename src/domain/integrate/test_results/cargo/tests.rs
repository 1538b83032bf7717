use super::super::tests::{output, real};

#[test]
fn every_target_and_doc_test_has_an_id_of_its_own() {
    insta::assert_snapshot!(output(real!("cargo.txt")), @"
    Cargo, complete
    + doc foo src/lib.rs -
    + doc foo src/lib.rs - add
    + doc foo src/lib.rs - add #4
    + doc foo src/lib.rs - add #5
    + foo src/lib.rs tests::deep::one
    + foo src/lib.rs tests::panics
    + foo src/lib.rs tests::passes
    + it tests/it.rs it_works
    + it tests/it.rs writes
    - doc foo src/lib.rs - add #2
    - foo src/lib.rs tests::does_not_panic
    - foo src/lib.rs tests::err
    - foo src/lib.rs tests::fails
    - foo src/lib.rs tests::other_panic
    - it tests/it.rs fails_here
    o doc foo src/lib.rs - add #3
    o foo src/lib.rs tests::ignored
    o foo src/lib.rs tests::ignored_plain
    ");
}

#[test]
fn without_no_fail_fast_targets_behind_the_first_that_fails_are_missing() {
    insta::assert_snapshot!(output(real!("cargo-fail-fast.txt")), @"
    Cargo, incomplete
    + foo src/lib.rs tests::deep::one
    + foo src/lib.rs tests::panics
    + foo src/lib.rs tests::passes
    - foo src/lib.rs tests::does_not_panic
    - foo src/lib.rs tests::err
    - foo src/lib.rs tests::fails
    - foo src/lib.rs tests::other_panic
    o foo src/lib.rs tests::ignored
    o foo src/lib.rs tests::ignored_plain
    ");
}

#[test]
fn dots_name_only_what_failed() {
    insta::assert_snapshot!(output(real!("cargo-quiet.txt")), @"
    Cargo, incomplete
    - fails_here
    - src/lib.rs - add (line 10)
    - tests::does_not_panic
    - tests::err
    - tests::fails
    - tests::other_panic
    ");
}

#[test]
fn a_binary_that_aborts_leaves_results_incomplete() {
    let text = output(real!("cargo-abort.txt"));
    assert!(text.starts_with("Cargo, incomplete\n"), "{text}");
    assert!(text.contains("- foo src/lib.rs tests::err\n"), "{text}");
}

const PASSING: &str = "
     Running unittests src/lib.rs (/build/debug/deps/foo-0123456789abcdef.exe)

running 2 tests
test a ... ok
test b ... ignored, not on this system ... ok

test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

";

#[test]
fn a_target_that_is_run_again_is_numbered() {
    insta::assert_snapshot!(output(&format!("{PASSING}{PASSING}")), @"
    Cargo, complete
    + foo src/lib.rs #2 a
    + foo src/lib.rs a
    o foo src/lib.rs #2 b
    o foo src/lib.rs b
    ");
}

#[test]
fn a_line_that_a_test_hides_or_invents_is_noticed() {
    for (from, to) in [
        ("test a ... ok", "test a ... noiseok"),
        ("test a ... ok", "test a ... ok\ntest c ... ok"),
        ("running 2 tests", "running 3 tests"),
        ("1 passed", "2 passed"),
        ("test result", "killed"),
    ] {
        let text = output(&PASSING.replace(from, to));
        assert!(text.starts_with("Cargo, incomplete\n"), "{text}");
    }
    let text = output(&PASSING.replace("test a ... ok", "left without an end test a ... ok"));
    assert!(text.starts_with("Cargo, complete\n"), "{text}");
}

#[test]
fn what_cargo_itself_fails_of_leaves_results_incomplete() {
    for error in [
        "error: could not compile `bar` (test \"it\") due to 1 previous error",
        "error: failed to run custom build command for `bar`",
        "  process didn't exit successfully: `it-0123456789abcdef` (exit status: 2)",
        "     Running benches/own.rs (target/debug/deps/own-0123456789abcdef)",
        "error: test failed, to rerun pass `--lib`",
    ] {
        let text = output(&format!("{PASSING}{error}\n"));
        assert!(text.starts_with("Cargo, incomplete\n"), "{text}");
    }
}

#[test]
fn a_test_binary_alone_needs_no_target_while_nothing_fails() {
    let (_, alone) = PASSING.split_once("exe)\n").unwrap();
    insta::assert_snapshot!(output(alone), @"
    Cargo, complete
    + a
    o b
    ");
    let failed = alone.replace("a ... ok", "a ... FAILED").replace("1 passed; 0", "0 passed; 1");
    for text in [format!("{alone}{alone}"), failed] {
        assert!(output(&text).starts_with("Cargo, incomplete\n"), "{text}");
    }
}

#[test]
fn what_a_failing_test_printed_is_not_taken_for_tests() {
    let inner = format!("{PASSING}error: could not compile\nfailures:\n    inner\n");
    let text = real!("cargo.txt").replace("test tests::fake ... ok\n", &inner);
    assert_eq!(output(&text), output(real!("cargo.txt")));
}
