use super::*;

fn failed(message: &str, output: &str) -> FailedTry {
    FailedTry { message: message.to_owned(), output: output.to_owned() }
}

fn result(name: &str, outcome: CaseOutcome, tries: Vec<FailedTry>) -> CaseResult {
    let duration = (outcome != CaseOutcome::Skipped).then(|| Duration::from_millis(1250));
    CaseResult {
        class: "cart".to_owned(),
        name: name.to_owned(),
        outcome,
        duration,
        tries,
        why_skipped: None,
    }
}

fn run(cases: Vec<CaseResult>) -> JunitRun {
    let suite = JunitSuite {
        name: "api".to_owned(),
        started: Some(Timestamp(1_795_223_375_410)),
        duration: Duration::from_secs(3),
        properties: vec![("kind".to_owned(), "cargo".to_owned())],
        cases,
    };
    JunitRun { name: "wt-orch r1".to_owned(), wall: Duration::from_secs(4), suites: vec![suite] }
}

#[test]
fn every_outcome_has_its_element() {
    let run = run(vec![
        result("passes", CaseOutcome::Passed, vec![]),
        result("flaky", CaseOutcome::Passed, vec![failed("first", "at a.rs:1")]),
        result(
            "fails",
            CaseOutcome::Failed,
            vec![failed("once", "1"), failed("again", "a < b & c")],
        ),
        result("later", CaseOutcome::Skipped, vec![]),
        CaseResult {
            why_skipped: Some("stopped: module `web` failed".to_owned()),
            ..result("cut short", CaseOutcome::Skipped, vec![])
        },
        result("api", CaseOutcome::Broken, vec![failed("it could not be built", "error")]),
    ]);
    insta::assert_snapshot!(junit_xml(&run), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="wt-orch r1" tests="6" failures="1" errors="1" time="4.000">
        <testsuite name="api" tests="6" skipped="2" errors="1" failures="1" timestamp="2026-11-21T01:09:35.000+00:00" time="3.000">
            <properties>
                <property name="kind" value="cargo"/>
            </properties>
            <testcase name="passes" classname="cart" time="1.250"/>
            <testcase name="flaky" classname="cart" time="1.250">
                <flakyFailure message="first" type="failure">
                    <stackTrace>at a.rs:1</stackTrace>
                </flakyFailure>
            </testcase>
            <testcase name="fails" classname="cart" time="1.250">
                <failure message="again" type="failure">a &lt; b &amp; c</failure>
                <rerunFailure message="once" type="failure">
                    <stackTrace>1</stackTrace>
                </rerunFailure>
            </testcase>
            <testcase name="later" classname="cart">
                <skipped/>
            </testcase>
            <testcase name="cut short" classname="cart">
                <skipped message="stopped: module `web` failed"/>
            </testcase>
            <testcase name="api" classname="cart" time="1.250">
                <error message="it could not be built" type="error">error</error>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
    assert_eq!(junit_xml(&run), junit_xml(&run.clone()));
}

#[test]
fn no_character_that_xml_lacks_gets_through() {
    let all: String = (0..0x1_0000_u32).filter_map(char::from_u32).collect();
    let hostile = format!("{all}\u{1b}[31mred\u{1b}[0m]]> <a> & \" ' \u{0}\u{ffff}");
    let mut run = run(vec![
        result(&hostile, CaseOutcome::Failed, vec![failed(&hostile, &hostile)]),
        result(&hostile, CaseOutcome::Passed, vec![failed(&hostile, &hostile)]),
    ]);
    run.name = hostile.clone();
    run.suites[0].name = hostile.clone();
    run.suites[0].properties = vec![(hostile.clone(), hostile)];
    let text = junit_xml(&run);
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(text.chars().find(|c| !is_char(*c)), None);
    assert!(!text.contains("[31m") && text.contains("red"));
    // No entity stands for such a character either.
    let entities = text.split("&#").skip(1).filter_map(|rest| rest.split_once(';'));
    for (entity, _) in entities {
        let number = match entity.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).unwrap(),
            None => entity.parse().unwrap(),
        };
        assert!(char::from_u32(number).is_some_and(is_char), "&#{entity};");
    }
    let read = crate::domain::integrate::read_junit(&text).unwrap();
    assert_eq!((read.tally.tests(), read.tally.failed), (2, 1));
}

#[test]
fn the_number_of_skipped_tests_stays_on_suites() {
    let mut run = run(vec![result("later", CaseOutcome::Skipped, vec![])]);
    run.name = "a skipped=\"1\" b".to_owned();
    let text = junit_xml(&run);
    let root = text.lines().find(|line| line.starts_with("<testsuites")).unwrap();
    assert!(root.contains("skipped=&quot;1&quot;") && !root.contains(" skipped=\"1\""), "{root}");
    assert!(text.contains("<testsuite name=\"api\" tests=\"1\" skipped=\"1\""));
}
