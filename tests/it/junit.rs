//! JUnit documents keep to the schema of Jenkins' xUnit plugin, `junit-10.xsd`: the rules of it are
//! written down here. `scripts/junit-schema.sh` checks the same documents against the schema itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use wt_orch::domain::suite::{
    CaseOutcome, CaseResult, FailedTry, SuiteEnd, SuiteSaid, cases, read_suite,
};
use wt_orch::domain::time::Timestamp;
use wt_orch::render::{JunitRun, JunitSuite, junit_xml};

struct Rule {
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
    /// Children come in their order, each once at most.
    in_order: bool,
    text: bool,
}

const TRY: Rule = Rule {
    required: &["type"],
    optional: &["message"],
    children: &["stackTrace", "system-out", "system-err"],
    in_order: true,
    text: true,
};

const ENDING: Rule = Rule {
    required: &[],
    optional: &["type", "message"],
    children: &[],
    in_order: false,
    text: true,
};

const TEXT: Rule =
    Rule { required: &[], optional: &[], children: &[], in_order: false, text: true };

const fn element(
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
) -> Rule {
    Rule { required, optional, children, in_order: false, text: false }
}

fn rule(name: &str) -> Option<Rule> {
    Some(match name {
        "testsuites" => {
            element(&[], &["name", "time", "tests", "failures", "errors"], &["testsuite"])
        }
        "testsuite" => element(
            &["name", "tests", "failures", "errors"],
            &["time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"],
            &["testsuite", "properties", "testcase", "system-out", "system-err"],
        ),
        "properties" => element(&[], &[], &["property"]),
        "property" => element(&["name", "value"], &[], &[]),
        "testcase" => element(
            &["name"],
            &["time", "classname", "group"],
            &[
                "skipped",
                "error",
                "failure",
                "rerunFailure",
                "rerunError",
                "flakyFailure",
                "flakyError",
                "system-out",
                "system-err",
            ],
        ),
        "failure" | "error" | "skipped" => ENDING,
        "rerunFailure" | "rerunError" | "flakyFailure" | "flakyError" => TRY,
        "stackTrace" | "system-out" | "system-err" => TEXT,
        _ => return None,
    })
}

/// What is wrong with a document; how many of each element it has.
fn check(text: &str) -> Result<BTreeMap<String, usize>, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    // Open elements, each with the children that it had.
    let mut open: Vec<(String, Vec<String>)> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                match open.last_mut() {
                    Some((parent, children)) => {
                        children.push(name.clone());
                        check_child(parent, children)?;
                    }
                    None if name == "testsuites" => {}
                    None => return Err(format!("`{name}` is the root")),
                }
                check_attributes(&name, &start)?;
                *found.entry(name.clone()).or_default() += 1;
                open.push((name, Vec::new()));
            }
            Event::End(_) => drop(open.pop()),
            Event::Text(said) if !said.xml10_content().trim().is_empty() => {
                let (name, _) = open.last().ok_or("text outside")?;
                if !rule(name).is_some_and(|rule| rule.text) {
                    return Err(format!("text in `{name}`"));
                }
            }
            Event::Eof if open.is_empty() => return Ok(found),
            Event::Eof => return Err("it ends early".to_owned()),
            Event::Text(_)
            | Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

fn check_child(parent: &str, children: &[String]) -> Result<(), String> {
    let rule = rule(parent).ok_or_else(|| format!("`{parent}` is not known"))?;
    let places: Vec<Option<usize>> = children
        .iter()
        .map(|child| rule.children.iter().position(|allowed| allowed == child))
        .collect();
    let sorted = places.is_sorted() && places.windows(2).all(|pair| pair[0] != pair[1]);
    if places.contains(&None) || (rule.in_order && !sorted) {
        return Err(format!("`{parent}` holds {children:?}"));
    }
    Ok(())
}

fn check_attributes(name: &str, start: &BytesStart<'_>) -> Result<(), String> {
    let rule = rule(name).ok_or_else(|| format!("`{name}` is not known"))?;
    let mut keys = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = attribute.key.as_ref().to_owned();
        if key == "time" && !is_time(&attribute.value) {
            return Err(format!("`{}` is no time", attribute.value));
        }
        if !rule.required.contains(&key.as_str()) && !rule.optional.contains(&key.as_str()) {
            return Err(format!("`{name}` has `{key}`"));
        }
        keys.push(key);
    }
    match rule.required.iter().find(|required| !keys.iter().any(|key| key == *required)) {
        Some(missing) => Err(format!("`{name}` lacks `{missing}`")),
        None => Ok(()),
    }
}

/// Digits with three behind the point at most.
fn is_time(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(part) && part.len() <= 3
}

/// Logs of real tools, and what their commands exited with.
fn real_runs() -> Vec<(String, i32, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/test_results");
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        runs.push((name, 1, std::fs::read_to_string(path).unwrap()));
    }
    runs.sort();
    runs
}

fn suite(name: &str, cases: Vec<CaseResult>) -> JunitSuite {
    JunitSuite {
        name: name.to_owned(),
        started: Some(Timestamp(1_795_223_375_410)),
        duration: Duration::from_millis(61_250),
        properties: vec![("command".to_owned(), "run < it & \"so\"".to_owned())],
        cases,
    }
}

fn document(suites: Vec<JunitSuite>) -> String {
    junit_xml(&JunitRun { name: "r1".to_owned(), wall: Duration::from_secs(7200), suites })
}

fn documents() -> Vec<(&'static str, String)> {
    let read = |name: &str, code: i32, log: &str| {
        let report = name.ends_with(".xml").then_some(log);
        read_suite(&SuiteSaid { end: SuiteEnd::Code { code }, log, report })
    };
    let runs = real_runs();
    let suites =
        runs.iter().map(|(name, code, log)| suite(name, cases(name, &[read(name, *code, log)])));
    let retried = runs.iter().map(|(name, code, log)| {
        let attempts = [read(name, *code, log), read(name, *code, log), read(name, 0, "")];
        suite(name, cases(name, &attempts))
    });
    let outcomes =
        [CaseOutcome::Passed, CaseOutcome::Failed, CaseOutcome::Broken, CaseOutcome::Skipped];
    let tries = |count| {
        let tried = FailedTry {
            message: "a\n\u{0}\u{1b}[1m<b>".to_owned(),
            output: "\u{ffff}]]>".to_owned(),
        };
        vec![tried; count]
    };
    let all = outcomes.into_iter().flat_map(|outcome| {
        [0, 1, 3].map(|count| CaseResult {
            class: "tasks".to_owned(),
            name: format!("{outcome:?} {count}"),
            outcome,
            duration: Some(Duration::from_micros(1_234_567)),
            tries: tries(count),
            why_skipped: (count > 0).then(|| "a\u{0}<".to_owned()),
        })
    });
    vec![
        ("real", document(suites.collect())),
        ("retried", document(retried.collect())),
        ("outcomes", document(vec![suite("split", all.collect())])),
        ("empty", document(vec![suite("none", Vec::new())])),
        ("nothing", document(Vec::new())),
    ]
}

#[test]
fn documents_keep_to_the_schema() {
    #[expect(clippy::disallowed_methods, reason = "a switch for the script that has the schema")]
    let folder = std::env::var_os("WT_ORCH_WRITE_JUNIT");
    for (name, text) in documents() {
        if let Some(folder) = &folder {
            std::fs::write(Path::new(folder).join(format!("{name}.xml")), &text).unwrap();
        }
        let found = check(&text).unwrap_or_else(|why| panic!("{name}: {why}\n{text}"));
        let counted = |attribute: &str| {
            let root = text.lines().nth(1).unwrap();
            let (_, rest) = root.split_once(&format!(" {attribute}=\"")).unwrap();
            rest.split_once('"').unwrap().0.parse::<usize>().unwrap()
        };
        let of = |element: &str| found.get(element).copied().unwrap_or(0);
        assert_eq!(counted("tests"), of("testcase"), "{name}");
        assert_eq!(counted("failures"), of("failure"), "{name}");
        assert_eq!(counted("errors"), of("error"), "{name}");
    }
}

#[test]
fn documents_hold_failures_flakes_and_what_is_no_test() {
    let documents: BTreeMap<_, _> = documents().into_iter().collect();
    let of = |name: &str, element: &str| check(&documents[name]).unwrap().get(element).copied();
    assert!(of("real", "failure") > Some(20) && of("real", "error").is_some());
    assert!(of("retried", "flakyFailure") > Some(20));
    assert!(documents["real"].contains("panicked at tests/it.rs:3:27"));
    assert_eq!(of("outcomes", "rerunFailure"), Some(2));
    assert_eq!(of("outcomes", "rerunError"), Some(2));
    assert_eq!(of("outcomes", "flakyFailure"), Some(4));
}

#[test]
fn a_broken_rule_is_seen() {
    let good = document(vec![suite("s", Vec::new())]);
    for (from, to) in [
        ("<testsuites ", "<testsuites skipped=\"0\" "),
        (" tests=\"0\" skipped", " skipped"),
        ("<properties>", "<properties><testcase name=\"x\"/>"),
        ("<properties>", "text<properties>"),
        ("time=\"61.250\"", "time=\"61.2505\""),
        ("</testsuite>", "<testcase name=\"x\"><flakyFailure/></testcase></testsuite>"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(check(&bad).is_err(), "{bad}");
    }
    assert!(check(&good).is_ok());
}
