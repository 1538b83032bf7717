//! `go test` as text. Only with `-v` it names tests that passed: a package is complete when every test
//! that was begun has ended, and its own verdict says the same. Packages that could not be built, that
//! panicked or exited on the way, and such without `-v` leave results incomplete. That `-failfast`
//! left tests out cannot be seen.
//!
//! Ids: `<package> <Test/Sub>`.

use std::time::Duration;

use super::collected::{Collected, Outcome};
use super::go_events::Package;
use super::lines::{Line, lines};
use super::{TestFormat, TestReading};

/// `None` when no package is spoken of.
pub(super) fn parse(text: &str) -> Option<TestReading> {
    let mut collected = Collected::default();
    let mut package = Package::default();
    // The test whose lines follow.
    let mut place = None;
    let mut spoke = false;
    for line in lines(text) {
        let line = match line {
            Line::Text(line) => line,
            Line::Cut => {
                collected.note_gap();
                package = Package::default();
                place = None;
                continue;
            }
        };
        if let Some(end) = parse_end(&line) {
            spoke = true;
            close(std::mem::take(&mut package), &end, &mut collected);
            place = None;
        } else if let Some((_, name)) = line.rsplit_once("=== RUN   ") {
            package.begin(name);
            place = Some(name.to_owned());
        } else if let Some((name, outcome, duration)) = parse_result(&line) {
            package.end(name, outcome, duration);
            // A test can print such a line itself.
            if package.may_hold(name) {
                place = Some(name.to_owned());
            }
        } else if let Some((_, name)) = parse_switch(&line) {
            place = Some(name.trim_start().to_owned());
        } else {
            package.hear(&line);
            if let Some(test) = &place {
                package.print(test, &line);
            }
        }
    }
    if !package.is_empty() {
        collected.note_gap();
    }
    spoke.then(|| collected.finish(TestFormat::Go))
}

fn close(package: Package, end: &End<'_>, collected: &mut Collected) {
    if let Some(took) = end.took {
        collected.time_group(&[end.name], took);
    }
    match end.verdict {
        Some(passed) if !(package.is_empty() && end.has_no_tests) => {
            package.finish(end.name, Some(passed), collected);
        }
        Some(_) => {}
        None => package.finish(end.name, None, collected),
    }
}

/// The line that ends what is said of a package.
struct End<'a> {
    name: &'a str,
    /// Whether it passed; `None` where its tests could not be started.
    verdict: Option<bool>,
    has_no_tests: bool,
    took: Option<Duration>,
}

/// From `ok  \tpackage\t0.01s`, `FAIL\tpackage\t0.01s`, `FAIL\tpackage [build failed]`,
/// `?   \tpackage\t[no test files]`.
fn parse_end(line: &str) -> Option<End<'_>> {
    let mut columns = line.split('\t');
    let word = columns.next()?;
    let name = columns.next().filter(|name| !name.is_empty())?;
    let detail = columns.next().unwrap_or_default();
    let took = parse_seconds(detail);
    let has_no_tests = line.ends_with("[no test files]") || line.ends_with("[no tests to run]");
    match word.trim_end() {
        "ok" if word.len() == 4 => Some(End { name, verdict: Some(true), has_no_tests, took }),
        "?" if word.len() == 4 => Some(End { name, verdict: Some(true), has_no_tests, took }),
        "FAIL" => {
            let (name, reason) = name.split_once(' ').unwrap_or((name, ""));
            let ran = reason.is_empty() && !detail.starts_with('[');
            Some(End { name, verdict: ran.then_some(false), has_no_tests: false, took })
        }
        _ => None,
    }
}

/// From `--- PASS: Name (0.00s)`, which may be indented or stand behind what a test printed without a
/// newline.
fn parse_result(line: &str) -> Option<(&str, Outcome, Option<Duration>)> {
    let (_, said) = line.rsplit_once("--- ")?;
    let (word, rest) = said.split_once(": ")?;
    let (name, time) = rest.rsplit_once(" (")?;
    let outcome = match word {
        "PASS" => Outcome::Passed,
        "FAIL" => Outcome::Failed,
        "SKIP" => Outcome::Skipped,
        _ => return None,
    };
    let duration = parse_seconds(time.strip_suffix(')').filter(|time| time.ends_with('s'))?);
    (!name.contains(' ')).then_some((name, outcome, duration))
}

/// From `0.01s`.
fn parse_seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.strip_suffix('s')?.parse().ok()?).ok()
}

/// From `=== CONT  Name` and the like, which tell whose lines follow.
fn parse_switch(line: &str) -> Option<(&str, &str)> {
    let said = line.strip_prefix("=== ")?;
    said.split_once(' ').filter(|(word, _)| matches!(*word, "CONT" | "NAME" | "PAUSE"))
}

#[cfg(test)]
mod tests;
