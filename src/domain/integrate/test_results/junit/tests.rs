use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::tests::{real, shown};
use super::*;

fn report(text: &str) -> String {
    parse_junit(text).map_or_else(|error| format!("error: {error}"), |results| shown(&results))
}

#[test]
fn nextest_writes_of_tries() {
    insta::assert_snapshot!(report(real!("junit-nextest.xml")), @"
    Junit, complete
    + foo tests::passes
    + foo::it flaky
    + foo::it slow_leak
    - foo tests::fails
    - foo::it aborts
    - foo::it fails_here
    ");
}

#[test]
fn pytest_writes_of_errors_around_tests() {
    insta::assert_snapshot!(report(real!("junit-pytest.xml")), @r"
    Junit, complete
    + pytest tests.test_a test_b[::]
    + pytest tests.test_a test_b[[e]]
    + pytest tests.test_a test_b[\xe9]
    + pytest tests.test_a test_b[a/b]
    + pytest tests.test_a test_b[x y]
    + pytest tests.test_a test_xp
    + pytest tests.test_a.TestC test_m
    + pytest tests.test_ok test_ok
    - pytest tests.test_a test_b[c - d]
    - pytest tests.test_a test_setup_error
    - pytest tests.test_a test_teardown_error
    - pytest tests.test_a test_xps
    - pytest tests.test_a.TestC test_n
    o pytest tests.test_a test_s
    o pytest tests.test_a test_xf
    ");
}

#[test]
fn gotestsum_writes_of_packages() {
    insta::assert_snapshot!(report(real!("junit-gotestsum.xml")), @"
    Junit, complete
    + example.com/m/a ExampleHello
    + example.com/m/a TestFake
    + example.com/m/a TestPar/x_y
    + example.com/m/e TestE
    - example.com/m/a TestBad
    - example.com/m/a TestOK
    - example.com/m/a TestPar
    - example.com/m/a TestPar/z/q
    o example.com/m/a TestSkip
    ");
}

#[test]
fn jest_junit_writes_of_groups() {
    insta::assert_snapshot!(report(real!("junit-jest.xml")), @"
    Junit, complete
    + adds deep works ✓ (3 ms)
    + adds one and one
    + adds top level
    + adds write me
    + undefined passes
    - adds deep breaks › here
    o adds later
    ");
}

#[test]
fn surefire_writes_a_suite_alone() {
    let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="com.example.AppTest" time="0.05" tests="4" errors="1" skipped="1" failures="1">
  <properties><property name="java.vm.name" value="a &amp; b"/></properties>
  <testcase name="adds" classname="com.example.AppTest" time="0.001"/>
  <testcase name="breaks" classname="com.example.AppTest"><failure message="no" type="E"><![CDATA[<error> ]]></failure><system-out><![CDATA[x]]></system-out></testcase>
  <testcase name="throws" classname="com.example.AppTest"><rerunError/><error type="E"/></testcase>
  <testcase name="later" classname="com.example.AppTest"><skipped/></testcase>
  <testcase name="at last" classname="com.example.AppTest"><flakyError type="E"><stackTrace>x</stackTrace></flakyError></testcase>
</testsuite>"#;
    insta::assert_snapshot!(report(text), @"
    Junit, complete
    + com.example.AppTest adds
    + com.example.AppTest at last
    - com.example.AppTest breaks
    - com.example.AppTest throws
    o com.example.AppTest later
    ");
}

#[test]
fn suites_can_be_within_suites() {
    // As PHPUnit, mocha and GoogleTest write it.
    let text = r#"
<testsuites>
  <testsuite name="/srv/phpunit.xml" tests="3" assertions="3" errors="0" failures="1">
    <testsuite name="Unit" tests="3" failures="1">
      <testsuite name="App\MathTest" file="/srv/tests/MathTest.php" tests="3" failures="1">
        <testcase name="testAdd" file="/srv/tests/MathTest.php" line="9" class="App\MathTest" classname="App.MathTest"/>
        <testsuite name="App\MathTest::testMore" tests="2" failures="1">
          <testcase name="testMore with data set &quot;a&quot;" classname="App.MathTest"/>
          <testcase name="testMore with data set #1" classname="App.MathTest"><failure>no</failure></testcase>
        </testsuite>
      </testsuite>
    </testsuite>
  </testsuite>
  <testsuite name="Root Suite" tests="0"/>
  <testsuite name="Sums" tests="1"><testcase name="Sums adds" classname="adds"></testcase></testsuite>
  <testsuite name="Gtest" tests="2" disabled="1">
    <testcase name="Runs" status="run" result="completed" classname="Gtest"/>
    <testcase name="DISABLED_Not" status="notrun" result="suppressed" classname="Gtest"/>
  </testsuite>
</testsuites>"#;
    insta::assert_snapshot!(report(text), @r#"
    Junit, complete
    + App\MathTest testAdd
    + App\MathTest::testMore App.MathTest testMore with data set "a"
    + Gtest Runs
    + adds Sums adds
    - App\MathTest::testMore App.MathTest testMore with data set #1
    o Gtest DISABLED_Not
    "#);
}

#[test]
fn what_the_numbers_miss_leaves_results_incomplete() {
    for text in [
        r#"<testsuite tests="2"><testcase name="a"/></testsuite>"#,
        r#"<testsuite errors="1"><testcase name="a"/></testsuite>"#,
        r#"<testsuites failures="1"><testsuite><testcase name="a"/></testsuite></testsuites>"#,
        r#"<testsuite><error>class could not be set up</error><testcase name="a"/></testsuite>"#,
        r#"<testsuite><testcase name="a"/>"#,
        r#"<testsuite><testcase name="a"/><testcase name="a"><failure/></testcase></testsuite>"#,
        r#"<testsuite><testcase name="a"><error message="collection failure"/></testcase></testsuite>"#,
        r#"<testsuite></testsuite>"#,
        r#"<testsuite><testcase/></testsuite>"#,
    ] {
        assert!(report(text).starts_with("Junit, incomplete\n"), "{text}\n{}", report(text));
    }
    let twice = r#"<testsuite><testcase name="a"/><testcase name="a"/></testsuite>"#;
    assert_eq!(report(twice), "Junit, complete\n+ a\n");
}

#[test]
fn what_is_no_report_is_refused_in_a_sentence() {
    let deep = format!("<testsuites>{}", "<testsuite>".repeat(1000));
    let long = format!("<testsuites>{}", " ".repeat(REPORT_MAX));
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><testsuite><testcase name="&c;"/></testsuite>"#;
    assert_eq!(report(bomb), "Junit, complete\n+ &c;\n");
    let texts =
        ["", "ok 1 - tap", "{}", "<html></html>", "<testsuite", "<testsuite></x>", &deep, &long];
    let all: Vec<String> = texts.iter().map(|text| report(text)).collect();
    insta::assert_snapshot!(all.join("\n"), @"
    error: there is no element in the report
    error: there is no element in the report
    error: there is no element in the report
    error: the root element is `html`, not `testsuites` or `testsuite`
    error: the report is no well-formed XML at byte 0: syntax error: tag not closed: `>` not found before end of input
    error: the report is no well-formed XML at byte 11: ill-formed document: expected `</testsuite>`, but `</x>` was found
    error: more than 128 elements of the report are within each other
    error: the report is longer than 67108864 bytes
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_case_of_a_report_is_counted_once(
        cases in prop::collection::vec((0..3_u8, "[a-z<&\"' ›]{0,12}"), 1..40),
        per_suite in 1..10_usize,
        cut in 0.0..1.0
    ) {
        let mut text = "<testsuites>".to_owned();
        let mut expected = [0; 3];
        for (at, (kind, name)) in cases.iter().enumerate() {
            if at % per_suite == 0 {
                text += if at > 0 { "</testsuite><testsuite name='s'>" } else { "<testsuite name='s'>" };
            }
            expected[usize::from(*kind)] += 1;
            let child = ["", "<failure>x</failure>", "<skipped/>"][usize::from(*kind)];
            let name = quick_xml::escape::escape(name);
            write!(text, "<testcase classname='c' name='{name}{at}'>{child}</testcase>").unwrap();
        }
        text += "</testsuite></testsuites>";
        let results = parse_junit(&text).unwrap();
        let found = [&results.passed, &results.failed, &results.skipped].map(BTreeSet::len);
        prop_assert_eq!(found, expected);
        prop_assert_eq!(results.complete, expected[0] + expected[1] > 0);
        // What is cut off is never complete.
        let end = text.floor_char_boundary((text.len() as f64 * cut) as usize);
        if let Ok(results) = parse_junit(&text[..end]) {
            prop_assert!(!results.complete);
        }
    }
}
