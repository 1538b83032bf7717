//! JUnit XML, as nextest, pytest, Surefire, Gradle, jest-junit, go-junit-report, gotestsum, mocha and
//! PHPUnit write it: complete when it ends, its suites hold as many tests and failures as they say,
//! and no failure stands outside a test.
//!
//! Ids: name of the innermost suite, class and test, without what is repeated. Where one id stands
//! for several tests and one of them failed, it cannot be told which, and results are incomplete.
//! What a writer leaves out is not seen: tests behind the first failure, or, by jest-junit, suites that
//! could not be loaded. Often the output tells ([`super::is_cut_short`]).

use std::collections::BTreeSet;
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::collected::{Collected, Outcome, prefix};
use super::junit_detail::{Detail, Details, resolved};
use super::{Tally, TestFormat, TestReading, TestResults, ToldCase};

/// Bytes of a report at most.
const REPORT_MAX: usize = 64 * 1024 * 1024;
/// Characters kept of why a test was skipped.
const WHY_MAX: usize = 500;
/// Elements within each other at most.
const DEPTH_MAX: usize = 128;

/// Reads a JUnit XML report.
///
/// # Errors
///
/// One sentence that says why the text is none: no XML, another root element, too long or too deep.
pub fn parse_junit(text: &str) -> Result<TestResults, String> {
    Ok(read_junit(text)?.results)
}

/// As [`parse_junit`], with numbers, times and the output of tests that failed.
///
/// # Errors
///
/// Those of [`parse_junit`].
pub fn read_junit(text: &str) -> Result<TestReading, String> {
    if text.len() > REPORT_MAX {
        return Err(format!("the report is longer than {REPORT_MAX} bytes"));
    }
    let mut reader = Reader::from_str(text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']));
    reader.config_mut().expand_empty_elements = true;
    let mut report = Report::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => report.open(&element)?,
            Ok(Event::End(_)) => report.close(),
            Ok(Event::Eof) => break,
            Ok(Event::Text(text)) => report.take_text(&text.xml10_content()),
            Ok(Event::CData(text)) => report.take_text(&text.xml10_content()),
            Ok(Event::GeneralRef(name)) => report.take_text(&resolved(&name)),
            Ok(
                Event::Empty(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_),
            ) => {}
            Err(error) => {
                let at = reader.error_position();
                return Err(format!("the report is no well-formed XML at byte {at}: {error}"));
            }
        }
    }
    report.finish()
}

/// An element that is open.
enum Element {
    Suite(Suite),
    Test(Test),
    /// What a test printed, or why it failed.
    Detail(Detail),
    /// Anything else, whatever it holds.
    Other,
}

#[derive(Default)]
struct Suite {
    name: String,
    /// Numbers that the writer claims; zero without.
    tests: usize,
    failures: usize,
    /// Numbers that were found, those of suites within included.
    found_tests: usize,
    found_failures: usize,
}

struct Test {
    /// Name of the suite it is in, its class, and its own.
    parts: [String; 3],
    /// In the words of the report.
    told: ToldCase,
    /// As long as no child says otherwise.
    outcome: Outcome,
    failures: usize,
    duration: Option<Duration>,
    details: Details,
    flaky: bool,
}

#[derive(Default)]
struct Report {
    collected: Collected,
    open: Vec<Element>,
    began: bool,
    /// Ids that stood for several tests.
    repeated: BTreeSet<[String; 3]>,
    /// Every test case for itself.
    tally: Tally,
}

impl Report {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        if self.open.len() >= DEPTH_MAX {
            return Err(format!(
                "more than {DEPTH_MAX} elements of the report are within each other"
            ));
        }
        let name = start.local_name();
        let name: &str = name.as_ref();
        let element = match self.open.last_mut() {
            None if !self.began && matches!(name, "testsuites" | "testsuite") => {
                self.began = true;
                Element::Suite(Suite::parse(start, &mut self.collected))
            }
            None => {
                let place = if self.began { "a further" } else { "the" };
                let name = prefix(name).unwrap_or_default();
                return Err(format!(
                    "{place} root element is `{name}`, not `testsuites` or `testsuite`"
                ));
            }
            Some(Element::Suite(suite)) => match name {
                "testsuite" => Element::Suite(Suite::parse(start, &mut self.collected)),
                "testcase" => Element::Test(Test::parse(start, &suite.name)),
                "failure" | "error" => {
                    self.collected.note_gap();
                    Element::Other
                }
                _ => Element::Other,
            },
            Some(Element::Test(test)) => {
                let message = attributes(start).into_iter().find(|(key, _)| key == "message");
                let message = message.map(|(_, value)| value);
                test.take_child(name, message.as_deref());
                // As pytest says that a file is not there to be executed.
                if name == "error" && message.as_deref() == Some("collection failure") {
                    self.collected.note_gap();
                }
                Detail::begin(name, message).map_or(Element::Other, Element::Detail)
            }
            Some(Element::Detail(_) | Element::Other) => Element::Other,
        };
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Element::Suite(suite)) => {
                if suite.found_tests < suite.tests || suite.found_failures < suite.failures {
                    self.collected.note_gap();
                }
                self.count(suite.found_tests, suite.found_failures);
            }
            Some(Element::Test(test)) => self.close_test(test),
            Some(Element::Detail(detail)) => {
                if let Some(Element::Test(test)) = self.open.last_mut() {
                    test.details.take(detail);
                }
            }
            Some(Element::Other) | None => {}
        }
    }

    fn close_test(&mut self, test: Test) {
        let again = self.collected.record(&test.id(), test.outcome);
        self.count(1, test.failures);
        match test.outcome {
            Outcome::Passed => self.tally.passed += 1,
            Outcome::Failed => self.tally.failed += 1,
            Outcome::Skipped => self.tally.skipped += 1,
        }
        if let Some(duration) = test.duration {
            self.collected.time(&test.id(), duration);
        }
        if test.flaky {
            self.collected.note_flaky(&test.id());
        }
        let parts = test.parts;
        self.collected.tell(&parts.each_ref().map(|part| &**part), test.told);
        if test.outcome == Outcome::Failed {
            self.collected.print(&parts.each_ref().map(|part| &**part), test.details.finish());
        }
        if again {
            self.repeated.insert(parts);
        }
    }

    fn take_text(&mut self, text: &str) {
        if let Some(Element::Detail(detail)) = self.open.last_mut() {
            detail.take_text(text);
        }
    }

    fn count(&mut self, tests: usize, failures: usize) {
        if let Some(Element::Suite(suite)) = self.open.last_mut() {
            suite.found_tests += tests;
            suite.found_failures += failures;
        }
    }

    fn finish(mut self) -> Result<TestReading, String> {
        if !self.began {
            return Err("there is no element in the report".to_owned());
        }
        let failed = |parts: &[String; 3]| self.collected.failed(&parts.each_ref().map(|p| &**p));
        if !self.open.is_empty() || self.repeated.iter().any(failed) {
            self.collected.note_gap();
        }
        self.collected.count(self.tally);
        Ok(self.collected.finish(TestFormat::Junit))
    }
}

impl Suite {
    fn parse(start: &BytesStart<'_>, collected: &mut Collected) -> Self {
        let mut suite = Self::default();
        let number = |value: &str| value.trim().parse().unwrap_or(0);
        for (key, value) in attributes(start) {
            match key.as_str() {
                "name" => match prefix(&value) {
                    Some(name) => suite.name = name,
                    None if value.is_empty() => {}
                    None => collected.note_gap(),
                },
                "tests" => suite.tests = number(&value),
                "failures" | "errors" => {
                    suite.failures = suite.failures.saturating_add(number(&value));
                }
                _ => {}
            }
        }
        suite
    }
}

impl Test {
    fn parse(start: &BytesStart<'_>, suite: &str) -> Self {
        let (mut class, mut name, mut outcome) = (String::new(), String::new(), Outcome::Passed);
        let mut duration = None;
        for (key, value) in attributes(start) {
            match key.as_str() {
                "name" => name = value,
                // Some group thousands by commas.
                "time" => {
                    let seconds = value.trim().replace(',', "").parse().ok();
                    duration = seconds.and_then(|time| Duration::try_from_secs_f64(time).ok());
                }
                "classname" | "class" if class.is_empty() => class = value,
                // As GoogleTest says that a test is disabled.
                "status" if matches!(&*value, "notrun" | "disabled" | "skipped") => {
                    outcome = Outcome::Skipped;
                }
                _ => {}
            }
        }
        let own = if class.trim().is_empty() { suite } else { &class };
        let told = ToldCase { class: own.to_owned(), name: name.clone(), ..ToldCase::default() };
        if class == name {
            class.clear();
        }
        let repeats = class.starts_with(suite) || name.starts_with(suite);
        let suite = if repeats { String::new() } else { suite.to_owned() };
        let parts = [suite, class, name].map(|part| part.trim().to_owned());
        let details = Details::default();
        Self { parts, told, outcome, failures: 0, duration, details, flaky: false }
    }

    /// What failed in a try that was not the last has a name of its own (`flakyFailure`,
    /// `rerunFailure`).
    fn take_child(&mut self, name: &str, message: Option<&str>) {
        match name {
            "failure" | "error" => {
                self.told.is_error = name == "error" && (self.failures == 0 || self.told.is_error);
                self.outcome = Outcome::Failed;
                self.failures += 1;
            }
            "flakyFailure" | "flakyError" => self.flaky = true,
            "skipped" | "disabled" | "ignored" if self.failures == 0 => {
                self.outcome = Outcome::Skipped;
                let why = message.map(|why| why.chars().take(WHY_MAX).collect());
                self.told.why_skipped = why.filter(|why: &String| !why.trim().is_empty());
            }
            _ => {}
        }
    }

    fn id(&self) -> [&str; 3] {
        self.parts.each_ref().map(String::as_str)
    }
}

/// Attributes with their entities resolved; an entity that XML does not know stays as it is.
fn attributes(start: &BytesStart<'_>) -> Vec<(String, String)> {
    let mut attributes = start.attributes();
    // Comparing every pair of keys would take long for an element with very many.
    let found = attributes.with_checks(false).flatten().map(|attribute| {
        let raw: &str = &attribute.value;
        let value = quick_xml::escape::unescape(raw).map_or(raw.to_owned(), Into::into);
        let key = attribute.key.local_name();
        (AsRef::<str>::as_ref(&key).to_owned(), value)
    });
    found.collect()
}

#[cfg(test)]
mod tests;
