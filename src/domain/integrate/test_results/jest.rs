//! Jest's text. Only with `--verbose` it names tests that passed: complete when as many of them are
//! named as its last lines count, every suite was run, and none could not be loaded. Without, tests
//! that failed are known. A coverage that is too low and `--bail` leave results incomplete.
//!
//! Ids: `<file> › describe › test`; the second test of one name is marked ` #2`. The time behind a name is
//! left out.

use std::time::Duration;

use super::collected::{Collected, Namesakes, Outcome, id, prefix};
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::{Tally, TestFormat, TestReading};

/// What stands between the parts of an id.
pub(super) const BETWEEN: &str = "›";

/// `None` when Jest's last lines are not there: `PASS` and `FAIL` alone are said by many. With
/// `--json`, its document says more ([`super::jest_document`]).
pub(super) fn parse(text: &str) -> Option<TestReading> {
    if let Some(results) = super::jest_document::parse(text) {
        return Some(results);
    }
    let mut run = Run::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => run.take(&line),
            Line::Cut => {
                run.collected.note_gap();
                run.place = Place::Outside;
            }
        }
    }
    run.close_output();
    if run.open {
        run.collected.note_gap();
    }
    run.spoke.then(|| run.collected.finish(TestFormat::Jest))
}

#[derive(Default)]
struct Run {
    collected: Collected,
    /// Numbers of a run were seen, first those of its suites.
    spoke_of_suites: bool,
    spoke: bool,
    /// Suites were seen behind the last numbers.
    open: bool,
    place: Place,
    namesakes: Namesakes,
    /// The suite spoken of last.
    file: Option<String>,
    passed: u64,
    failed: u64,
    /// Why a test of that suite failed, by the test's id.
    output: Option<(String, Excerpt)>,
}

/// Where in the output.
#[derive(Default)]
enum Place {
    #[default]
    Outside,
    /// In the tree of a suite's tests, below these groups.
    Tree(Vec<String>),
}

impl Run {
    fn take(&mut self, line: &str) {
        if let Some(file) = parse_suite(line) {
            self.close_output();
            self.file = prefix(file);
            if self.file.is_none() {
                self.collected.note_gap();
            }
            self.place = Place::Tree(Vec::new());
            self.namesakes.begin_file();
            self.open = true;
        } else if let Some(counts) = line.strip_prefix("Test Suites: ") {
            self.close_output();
            self.take_suites(counts);
        } else if let Some(counts) = line.strip_prefix("Tests: ")
            && std::mem::take(&mut self.spoke_of_suites)
        {
            self.take_tests(counts);
        } else if is_fatal(line) {
            self.collected.note_gap();
        } else if line.is_empty() {
            self.place = Place::Outside;
            self.print(line);
        } else {
            self.take_inner(line);
        }
    }

    fn take_inner(&mut self, line: &str) {
        let Some(file) = &self.file else { return };
        // Where the tree is not printed, this alone names the test.
        if let Some(name) = line.strip_prefix("  ● ") {
            self.place = Place::Outside;
            let is_test = !matches!(name, "Console" | "Test suite failed to run");
            let name = id(&[file, BETWEEN, without_time(name)]);
            self.close_output();
            if is_test {
                self.begin_output(name);
            }
            return;
        }
        match &mut self.place {
            Place::Tree(groups) => match parse_leaf(line, groups) {
                Some((name, outcome, duration)) => {
                    match outcome {
                        Outcome::Passed => self.passed += 1,
                        Outcome::Failed => self.failed += 1,
                        Outcome::Skipped => {}
                    }
                    let all = (&mut self.collected, &mut self.namesakes);
                    record(all, &parts(file, groups, name), outcome, duration);
                }
                None => enter_group(line, groups, &mut self.collected),
            },
            Place::Outside => self.print(line),
        }
    }

    fn print(&mut self, line: &str) {
        if let Some((_, output)) = &mut self.output {
            output.push(line.strip_prefix("    ").unwrap_or(line));
        }
    }

    /// What follows is why a test of this name failed.
    fn begin_output(&mut self, name: Option<String>) {
        let Some(name) = name else { return self.collected.note_gap() };
        let id = self.namesakes.tell(&name).map(str::to_owned).unwrap_or(name);
        self.collected.record(&[&id], Outcome::Failed);
        self.output = Some((id, Excerpt::default()));
    }

    fn close_output(&mut self) {
        if let Some((id, output)) = self.output.take() {
            self.collected.print(&[&id], output);
        }
    }

    /// From `3 failed, 1 passed, 4 total`, or `1 failed, 1 of 3 total` when not all were run.
    fn take_suites(&mut self, counts: &str) {
        self.spoke_of_suites = true;
        if !ran_all(counts) {
            self.collected.note_gap();
        }
    }

    /// The last numbers: what follows is another run.
    fn take_tests(&mut self, counts: &str) {
        let numbers = Numbers::parse(counts.trim_start());
        if (self.passed, self.failed) != (numbers.passed, numbers.failed) {
            self.collected.note_gap();
        }
        self.collected.count(Tally {
            passed: numbers.passed,
            failed: numbers.failed,
            skipped: numbers.total.saturating_sub(numbers.passed).saturating_sub(numbers.failed),
        });
        (self.spoke, self.open) = (true, false);
        (self.passed, self.failed) = (0, 0);
        self.file = None;
        self.place = Place::Outside;
        self.namesakes = Namesakes::default();
    }
}

/// What the id of a test below these groups is made of.
pub(super) fn parts<'a>(file: &'a str, groups: &'a [String], name: &'a str) -> Vec<&'a str> {
    let mut parts = vec![file];
    for part in groups.iter().map(String::as_str).chain([name]) {
        parts.extend([BETWEEN, part]);
    }
    parts
}

/// Records a test and how long it took. Returns its id.
pub(super) fn record(
    (collected, namesakes): (&mut Collected, &mut Namesakes),
    parts: &[&str],
    outcome: Outcome,
    duration: Option<Duration>,
) -> Option<String> {
    let named = id(parts).and_then(|name| Some((namesakes.next(&name)?, name)));
    let Some((id, name)) = named else {
        collected.note_gap();
        return None;
    };
    collected.record(&[&id], outcome);
    if outcome == Outcome::Failed {
        namesakes.note_failed(&name, &id);
    }
    if let Some(duration) = duration {
        collected.time(&[&id], duration);
    }
    Some(id)
}

/// The file of a line like `PASS src/a.test.js (5.2 s)`.
pub(super) fn parse_suite(line: &str) -> Option<&str> {
    // With colours, there are blanks around the word.
    let (word, file) = line.trim_start().split_once(' ')?;
    let indent = line.len() - line.trim_start().len();
    let file = without_time(file.trim_start());
    let file = file.strip_prefix("./").unwrap_or(file);
    // Vitest names the test behind the file.
    let is_suite = !file.is_empty() && !file.contains(" > ");
    (matches!(word, "PASS" | "FAIL") && indent < 2 && is_suite).then_some(file)
}

/// A line of the tree that is a test. Leaves the groups it is in.
fn parse_leaf<'a>(
    line: &'a str,
    groups: &mut Vec<String>,
) -> Option<(&'a str, Outcome, Option<Duration>)> {
    let said = line.trim_start();
    let (mark, name) = said.split_once(' ')?;
    let (name, outcome) = match mark {
        "✓" | "√" => (name, Outcome::Passed),
        "✕" | "×" => (name, Outcome::Failed),
        "○" => (name.strip_prefix("skipped ").unwrap_or(name), Outcome::Skipped),
        "✎" => (name.strip_prefix("todo ").unwrap_or(name), Outcome::Skipped),
        _ => return None,
    };
    groups.truncate(level(line));
    Some((without_time(name), outcome, time_of(name)))
}

fn enter_group(line: &str, groups: &mut Vec<String>, collected: &mut Collected) {
    match prefix(line.trim_start()) {
        Some(name) => {
            groups.truncate(level(line));
            groups.push(name);
        }
        None => collected.note_gap(),
    }
}

/// How deep a line of the tree is: two blanks each, from two.
fn level(line: &str) -> usize {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    (blanks / 2).saturating_sub(1)
}

/// Without ` (12 ms)` or ` (5.2 s)` at the end. All of them: the last may be part of the name.
pub(super) fn without_time(mut name: &str) -> &str {
    loop {
        let inner = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
        let Some((before, time)) = inner else { return name };
        let number = time.strip_suffix(" ms").or_else(|| time.strip_suffix(" s"));
        if before.is_empty() || number.is_none_or(|number| number.parse::<f64>().is_err()) {
            return name;
        }
        name = before;
    }
}

/// From ` (12 ms)` or ` (5.2 s)` at the end.
fn time_of(name: &str) -> Option<Duration> {
    let (_, time) = name.strip_suffix(')')?.rsplit_once(" (")?;
    let (number, unit) = time.split_once(' ')?;
    let number: f64 = number.parse().ok()?;
    match unit {
        "ms" => Duration::try_from_secs_f64(number / 1000.0).ok(),
        "s" => Duration::try_from_secs_f64(number).ok(),
        _ => None,
    }
}

/// What makes Jest fail beside tests, or leave tests out.
pub(super) fn is_fatal(line: &str) -> bool {
    line == "  ● Test suite failed to run"
        || (line.starts_with("Jest: ") && line.contains("coverage threshold"))
        || line == "Test run was interrupted."
}

/// Whether the numbers behind `Test Suites: ` tell that every suite was run.
pub(super) fn ran_all(counts: &str) -> bool {
    let numbers = Numbers::parse(counts);
    numbers.failed + numbers.passed + numbers.skipped == numbers.total
}

#[derive(Default)]
struct Numbers {
    failed: u64,
    passed: u64,
    skipped: u64,
    total: u64,
}

impl Numbers {
    fn parse(counts: &str) -> Self {
        let mut numbers = Self::default();
        for count in counts.split(", ") {
            let (number, word) = count.split_once(' ').unwrap_or((count, ""));
            let number = number.parse::<u32>().unwrap_or(u32::MAX).into();
            match word.rsplit(' ').next() {
                Some("failed") => numbers.failed = number,
                Some("passed") => numbers.passed = number,
                Some("skipped") => numbers.skipped = number,
                // Of `1 of 3 total`, the last.
                Some("total") => {
                    let of = word.strip_prefix("of ").and_then(|word| word.split(' ').next());
                    let of = of.and_then(|of| of.parse::<u32>().ok());
                    numbers.total = of.map_or(number, u64::from);
                }
                _ => {}
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests;
