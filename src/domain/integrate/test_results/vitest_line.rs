//! A line of vitest's text.

use std::time::Duration;

use super::collected::Outcome;

/// What a line says.
#[derive(Debug)]
pub(super) enum Said<'a> {
    /// ` RUN  v3.2.7 /home/me/shop`.
    Begin,
    /// `stdout | src/a.test.ts > group > test`.
    Console,
    /// ` ✓ src/a.test.ts (3 tests | 1 skipped) 12ms`.
    File(&'a str),
    /// A test or group of a file.
    Test(Title<'a>),
    /// `⎯⎯⎯ Failed Tests 2 ⎯⎯⎯`, else of suites.
    Failures {
        of_tests: bool,
    },
    /// ` FAIL  src/a.test.ts > group > test`.
    Failure(Title<'a>),
    /// ` Test Files  1 failed | 2 passed (3)`.
    Files(Numbers),
    /// `      Tests  1 failed | 5 passed | 1 skipped (7)`.
    Tests(Numbers),
    /// `   Start at  10:21:42`.
    Start,
    Other,
}

/// A test, with what stands before and behind its name.
#[derive(Debug)]
pub(super) struct Title<'a> {
    /// How deep in its file, from 1; 0 where the file is named in the line.
    pub(super) level: usize,
    /// `None` where it was left out.
    pub(super) outcome: Option<Outcome>,
    pub(super) duration: Option<Duration>,
    /// It failed before.
    pub(super) retried: bool,
    text: &'a str,
}

/// What is counted in one of the last lines.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) failed: u64,
    pub(super) passed: u64,
    /// Tests that are expected to fail, and did.
    pub(super) expected: u64,
    skipped: u64,
    /// All, whether executed or not.
    pub(super) total: u64,
}

pub(super) fn parse(line: &str) -> Said<'_> {
    let said = line.trim_start_matches(' ');
    let blanks = line.len() - said.len();
    if blanks <= 1
        && let Some(rest) = said.strip_prefix("RUN ")
    {
        let rest = rest.trim_start();
        return if rest.starts_with('v') && rest.contains(' ') { Said::Begin } else { Said::Other };
    }
    if line.starts_with("stdout | ") || line.starts_with("stderr | ") {
        return Said::Console;
    }
    if let Some(counts) = line.strip_prefix(" Test Files  ") {
        return Numbers::parse(counts).map_or(Said::Other, Said::Files);
    }
    if let Some(counts) = line.strip_prefix("      Tests  ") {
        return Numbers::parse(counts).map_or(Said::Other, Said::Tests);
    }
    if line.starts_with("   Start at  ") {
        return Said::Start;
    }
    if is_rule(line) {
        let (suites, tests) = (line.contains(" Failed Suites "), line.contains(" Failed Tests "));
        return if suites || tests { Said::Failures { of_tests: tests } } else { Said::Other };
    }
    if blanks <= 1
        && let Some(name) = said.strip_prefix("FAIL  ")
    {
        let title = Title::parse(name, 0, Some(Outcome::Failed));
        return Said::Failure(title);
    }
    // One blank, and two for each group.
    if blanks % 2 == 1 { parse_mark(said, (blanks - 1) / 2) } else { Said::Other }
}

/// Whether a line is one across the page.
pub(super) fn is_rule(line: &str) -> bool {
    line.starts_with("⎯⎯") && (line.ends_with('⎯') || line.ends_with("⎯⎯"))
}

fn parse_mark(said: &str, level: usize) -> Said<'_> {
    let Some((mark, rest)) = said.split_once(' ') else { return Said::Other };
    let outcome = match mark {
        "✓" | "√" => Some(Outcome::Passed),
        // A file or group, or a test of older versions.
        "×" | "❯" => Some(Outcome::Failed),
        "↓" | "□" => Some(Outcome::Skipped),
        "·" => None,
        _ => return Said::Other,
    };
    if level == 0
        && let Some(file) = file_of(rest)
    {
        return Said::File(file);
    }
    Said::Test(Title::parse(rest, level, outcome))
}

/// From `src/a.test.ts (3 tests | 1 skipped) 12ms`.
fn file_of(rest: &str) -> Option<&str> {
    let (file, counts) = rest.split_once(" (")?;
    let (number, word) = counts.split_once(' ')?;
    number.parse::<u32>().ok()?;
    (word.starts_with("test") && !file.contains(" > ")).then(|| file.trim_end())
}

impl<'a> Title<'a> {
    fn parse(text: &'a str, level: usize, outcome: Option<Outcome>) -> Self {
        let (text, retried) = match text.rsplit_once(" (retry x") {
            Some((before, times)) if times.ends_with(')') => (before, true),
            Some(_) | None => (text, false),
        };
        let duration = split_time(text).map(|(_, time)| Duration::from_millis(time));
        Self { level, outcome, duration, retried, text: without_time(text) }
    }

    /// Its parts from the outside in. A name that holds ` > ` is taken apart, too.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.text.split(" > ").map(str::trim)
    }

    /// Whether a file goes first, as where it is the whole line.
    pub(super) fn names_file(&self) -> bool {
        self.text.contains(" > ")
    }

    pub(super) fn begins_with(&self, file: &str) -> bool {
        self.text.strip_prefix(file).is_some_and(|rest| rest.starts_with(" > "))
    }

    /// Whether it is a group, as `math (3)`: of those no time is told.
    pub(super) fn is_group(&self) -> bool {
        self.duration.is_none() && self.group() != self.text
    }

    /// Its name, if it is a group.
    pub(super) fn group(&self) -> &'a str {
        let inner = self.text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
        inner
            .filter(|(_, number)| number.parse::<u32>().is_ok())
            .map_or(self.text, |(name, _)| name)
    }
}

/// Without ` 12ms` at the end. All of them: the last may be part of the name.
fn without_time(mut text: &str) -> &str {
    while let Some((before, _)) = split_time(text) {
        text = before;
    }
    text
}

fn split_time(text: &str) -> Option<(&str, u64)> {
    let (before, time) = text.strip_suffix("ms")?.rsplit_once(' ')?;
    let time: u32 = time.parse().ok()?;
    let before = before.trim_end();
    (!before.is_empty()).then_some((before, time.into()))
}

impl Numbers {
    /// From `1 failed | 5 passed | 1 skipped (7)`, or `no tests`.
    fn parse(counts: &str) -> Option<Self> {
        let mut numbers = Self::default();
        if counts == "no tests" {
            return Some(numbers);
        }
        let (counts, total) = counts.strip_suffix(')')?.rsplit_once(" (")?;
        numbers.total = total.parse::<u32>().ok()?.into();
        for count in counts.split(" | ") {
            let (number, word) = count.split_once(' ')?;
            let number = u64::from(number.parse::<u32>().ok()?);
            match word {
                "failed" => numbers.failed = number,
                "passed" => numbers.passed = number,
                "expected fail" => numbers.expected = number,
                "skipped" | "todo" => numbers.skipped += number,
                _ => return None,
            }
        }
        Some(numbers)
    }

    /// Those that came to an end, or are known not to be executed.
    pub(super) fn sum(&self) -> u64 {
        self.failed + self.passed + self.expected + self.skipped
    }
}
