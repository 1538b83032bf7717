//! `go test -json`: one event per line. As with text, a package is complete when every test that was
//! begun has ended and the package's own verdict says the same.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::collected::{Collected, Outcome};
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::{TestFormat, TestReading};

/// `None` when there is no event. What go says beside events is left to [`super::go`].
pub(super) fn parse(text: &str) -> Option<TestReading> {
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
        let Some(name) = event.package.clone() else { continue };
        spoke = true;
        let verdict = match (event.action.as_str(), &event.test) {
            ("pass" | "skip", None) => true,
            ("fail", None) => false,
            _ => {
                packages.entry(name).or_default().take(&event);
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
    /// Seconds.
    elapsed: Option<f64>,
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
    duration: Option<Duration>,
    output: Excerpt,
}

impl Package {
    fn take(&mut self, event: &Event) {
        let test = event.test.as_deref();
        let elapsed = event.elapsed.and_then(|time| Duration::try_from_secs_f64(time).ok());
        match (event.action.as_str(), test) {
            ("run", Some(test)) => self.begin(test),
            ("pass", Some(test)) => self.end(test, Outcome::Passed, elapsed),
            ("fail", Some(test)) => self.end(test, Outcome::Failed, elapsed),
            ("skip", Some(test)) => self.end(test, Outcome::Skipped, elapsed),
            _ => {
                for line in event.output.iter().map(|output| output.trim_end()) {
                    self.hear(line);
                    if let Some(test) = test {
                        self.print(test, line);
                    }
                }
            }
        }
    }

    pub(super) fn begin(&mut self, test: &str) {
        self.tests.entry(test.to_owned()).or_default().begun += 1;
    }

    pub(super) fn end(&mut self, test: &str, outcome: Outcome, duration: Option<Duration>) {
        let test = self.tests.entry(test.to_owned()).or_default();
        test.duration = duration;
        if outcome != Outcome::Failed {
            test.output = Excerpt::default();
        }
        test.ended += 1;
        test.worst = test.worst.max(Some(outcome));
    }

    /// A line of a test's own.
    pub(super) fn print(&mut self, test: &str, line: &str) {
        let is_frame = line.starts_with("=== ");
        if let Some(test) = self.tests.get_mut(test).filter(|_| !is_frame) {
            test.output.push(line);
        }
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

    /// Whether a test was begun, or none was said to be, as without `-v`.
    pub(super) fn may_hold(&self, test: &str) -> bool {
        let begun = |test: &Test| test.begun > 0;
        self.tests.get(test).is_some_and(begun) || !self.tests.values().any(begun)
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
        for (test, said) in self.tests {
            // Only tests that failed are named without `-v`, and a test can print such lines itself.
            if let Some(outcome) = said.worst
                && (said.begun > 0 || (outcome == Outcome::Failed && !named))
            {
                let parts = [name, test.as_str()];
                collected.record(&parts, outcome);
                if let Some(duration) = said.duration {
                    collected.time(&parts, duration);
                }
                if outcome == Outcome::Failed {
                    collected.print(&parts, said.output);
                }
            }
        }
    }
}
