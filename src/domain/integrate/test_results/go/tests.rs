use super::super::tests::{output, real};

#[test]
fn verbose_lines_name_every_test() {
    insta::assert_snapshot!(output(real!("go-verbose.txt")), @"
    Go, complete
    + example.com/m/a ExampleHello
    + example.com/m/a TestOK
    + example.com/m/a TestPar/x_y
    + example.com/m/e TestE
    - example.com/m/a TestBad
    - example.com/m/a TestPar
    - example.com/m/a TestPar/z/q
    o example.com/m/a TestSkip
    ");
}

#[test]
fn events_name_every_test() {
    insta::assert_snapshot!(output(real!("go.jsonl")), @"
    Go, complete
    + example.com/m/a ExampleHello
    + example.com/m/a TestOK
    + example.com/m/a TestPar/x_y
    + example.com/m/e TestE
    - example.com/m/a TestBad
    - example.com/m/a TestPar
    - example.com/m/a TestPar/z/q
    o example.com/m/a TestSkip
    ");
}

#[test]
fn an_end_that_go_does_not_tell_of_is_noticed() {
    // Older ones lose sight of a test that printed something without a newline.
    let text = output(real!("go-hidden.jsonl"));
    assert!(text.starts_with("Go, incomplete\n") && !text.contains("TestOK"), "{text}");
}

#[test]
fn without_verbose_only_what_failed_is_named() {
    insta::assert_snapshot!(output(real!("go.txt")), @"
    Go, incomplete
    - example.com/m/a TestBad
    - example.com/m/a TestPar
    - example.com/m/a TestPar/z/q
    - example.com/m/d TestP
    ");
}

#[test]
fn packages_that_panic_or_cannot_be_built_leave_results_incomplete() {
    insta::assert_snapshot!(output(real!("go-broken.txt")), @"
    Go, incomplete
    + example.com/m/a ExampleHello
    + example.com/m/a TestOK
    + example.com/m/a TestPar/x_y
    + example.com/m/e TestE
    - example.com/m/a TestBad
    - example.com/m/a TestPar
    - example.com/m/a TestPar/z/q
    - example.com/m/d TestP
    o example.com/m/a TestSkip
    ");
}

const PASSING: &str = "\
=== RUN   TestE
--- PASS: TestE (0.00s)
PASS
ok  \texample.com/e\t(cached)
?   \texample.com/f\t[no test files]
testing: warning: no tests to run
PASS
ok  \texample.com/g\t0.001s [no tests to run]
";

#[test]
fn a_package_counts_when_what_it_says_fits() {
    insta::assert_snapshot!(output(PASSING), @"
    Go, complete
    + example.com/e TestE
    ");
    for (from, to) in [
        ("PASS\nok  ", "ok  "),
        ("--- PASS: TestE (0.00s)", ""),
        ("--- PASS", "--- FAIL"),
        ("PASS\nok  ", "FAIL\nFAIL"),
        ("--- PASS: TestE (0.00s)", "--- PASS: TestE (0.00s)\n--- PASS: TestE (0.00s)"),
        ("ok  \texample.com/g", "FAIL\texample.com/g [setup failed]\nok  \texample.com/g"),
        ("=== RUN   TestE\n--- PASS: TestE (0.00s)\n", ""),
    ] {
        let text = output(&PASSING.replacen(from, to, 1));
        assert!(text.starts_with("Go, incomplete\n"), "{from}\n{text}");
    }
}

#[test]
fn events_tell_of_what_could_not_be_built() {
    let real = real!("go.jsonl");
    for event in [
        r#"{"ImportPath":"example.com/c","Action":"build-fail"}"#,
        r#"{"Action":"fail","Package":"example.com/c","Elapsed":0,"FailedBuild":"example.com/c"}"#,
        r#"{"Action":"run","Package":"example.com/c","Test":"TestC"}"#,
        "FAIL\texample.com/c [build failed]",
    ] {
        assert!(output(&format!("{real}{event}\n")).starts_with("Go, incomplete\n"), "{event}");
    }
}
