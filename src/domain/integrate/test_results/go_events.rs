//! `go test -json`: one event per line. As with text, a package is complete when every test that was
//! begun has ended and the package's own verdict says the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::collected::{Collected, Outcome};
use super::lines::{Line, lines};
use super::{TestFormat, TestResults};

/// `None` when there is no event. What go says beside events is left to [`super::go`].
pub(super) fn parse(text: &str) -> Option<TestResults> {
    let mut collected = Collected::default();
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    let mut spoke = false;
    for line in lines(text) {
        let line = match line {
            Line::Text(line) => line,
            Line::Cut => {
                collected.note_gap();
                continue;
            }
        };
        if !(line.starts_with("{\"") && line.ends_with('}') && line.contains("\"Action\":\"")) {
            continue;
        }
        let Ok(event) = serde_json::from_str::<Event>(&line) else { continue };
        if event.action == "build-fail" {
            collected.note_gap();
        }
        let Some(name) = event.package else { continue };
        spoke = true;
        let verdict = match (event.action.as_str(), &event.test) {
            ("pass" | "skip", None) => true,
            ("fail", None) => false,
            _ => {
                let package = packages.entry(name).or_default();
                package.take(&event.action, event.test.as_deref(), event.output.as_deref());
                continue;
            }
        };
        let package = packages.remove(&name).unwrap_or_default();
        if !(package.is_empty() && event.action == "skip") {
            package.finish(&name, Some(verdict), &mut collected);
        }
    }
    for (name, package) in packages {
        package.finish(&name, None, &mut collected);
    }
    spoke.then(|| collected.finish(TestFormat::Go))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    package: Option<String>,
    test: Option<String>,
    output: Option<String>,
}

/// What was said of a package so far.
#[derive(Debug, Default)]
pub(super) struct Package {
    tests: BTreeMap<String, Test>,
    /// The tests came to their end: go says so in a line of its own.
    concluded: bool,
    has_no_tests: bool,
    panicked: bool,
}

#[derive(Debug, Default)]
struct Test {
    begun: usize,
    ended: usize,
    worst: Option<Outcome>,
}

impl Package {
    fn take(&mut self, action: &str, test: Option<&str>, output: Option<&str>) {
        match (action, test) {
            ("run", Some(test)) => self.begin(test),
            ("pass", Some(test)) => self.end(test, Outcome::Passed),
            ("fail", Some(test)) => self.end(test, Outcome::Failed),
            ("skip", Some(test)) => self.end(test, Outcome::Skipped),
            _ => output.into_iter().for_each(|output| self.hear(output.trim_end())),
        }
    }

    pub(super) fn begin(&mut self, test: &str) {
        self.tests.entry(test.to_owned()).or_default().begun += 1;
    }

    pub(super) fn end(&mut self, test: &str, outcome: Outcome) {
        let test = self.tests.entry(test.to_owned()).or_default();
        test.ended += 1;
        test.worst = test.worst.max(Some(outcome));
    }

    /// Any other line.
    pub(super) fn hear(&mut self, line: &str) {
        match line {
            "PASS" | "FAIL" => self.concluded = true,
            _ if line.starts_with("panic: ") => self.panicked = true,
            _ if line.ends_with("[no tests to run]") => self.has_no_tests = true,
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Records its tests. `passed` is what go says of the package: of one that failed, some test must
    /// have; without a verdict, or without tests begun, something is missing.
    pub(super) fn finish(self, name: &str, passed: Option<bool>, collected: &mut Collected) {
        let begun = |test: &&Test| test.begun > 0;
        let failed =
            self.tests.values().filter(begun).any(|test| test.worst == Some(Outcome::Failed));
        let ended = self.tests.values().all(|test| test.begun == 0 || test.begun == test.ended);
        let named = self.has_no_tests || self.tests.values().any(|test| test.begun > 0);
        let broke = self.panicked && passed != Some(true);
        if !ended || !named || !self.concluded || broke || passed != Some(!failed) {
            collected.note_gap();
        }
        for (test, said) in &self.tests {
            // Only tests that failed are named without `-v`, and a test can print such lines itself.
            if let Some(outcome) = said.worst
                && (said.begun > 0 || (outcome == Outcome::Failed && !named))
            {
                collected.record(&[name, test], outcome);
            }
        }
    }
}
