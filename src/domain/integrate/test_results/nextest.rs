//! `cargo nextest run`: complete when as many tests ended as the summary says were run, and none was
//! left out because another failed (which nextest does without `--no-fail-fast`).
//!
//! Ids: `<binary-id> <test>`, as in the JUnit reports of nextest.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cargo::parse_failure;
use super::collected::{Collected, Outcome, id};
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::{Tally, TestFormat, TestReading};

/// Columns that what became of a test is right-aligned in.
const STATUS_WIDTH: usize = 12;

/// `None` when nextest did not begin to run tests.
pub(super) fn parse(text: &str) -> Option<TestReading> {
    let mut run = Run::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => run.take(&line),
            Line::Cut => run.collected.note_gap(),
        }
    }
    run.close();
    run.spoke.then(|| run.collected.finish(TestFormat::Nextest))
}

#[derive(Default)]
struct Run {
    collected: Collected,
    spoke: bool,
    /// The last result of every test of this run: of several tries the last counts.
    last: BTreeMap<String, Outcome>,
    /// A run was begun that has not come to its summary.
    open: bool,
    /// What is printed of the test spoken of last.
    output: Option<(String, Excerpt)>,
}

impl Run {
    fn take(&mut self, line: &str) {
        if let Some(told) = parse_result(line) {
            self.close_output();
            if told.outcome == Outcome::Failed {
                self.output = Some((told.id.clone(), Excerpt::default()));
            }
            if let Some(duration) = told.duration {
                self.collected.time(&[&told.id], duration);
            }
            let before = self.last.insert(told.id.clone(), told.outcome);
            if before == Some(Outcome::Failed) && told.outcome == Outcome::Passed {
                self.collected.note_flaky(&[&told.id]);
            }
        } else if let Some((_, output)) = &mut self.output
            && (line.is_empty() || line.starts_with("  "))
            && !is_start(line)
            && !line.trim_start().starts_with("Summary [")
        {
            // Indented by four blanks, below `  stdout ───`.
            output.push(line.strip_prefix("    ").unwrap_or(line));
        } else if is_start(line) {
            // One run begins with several such lines.
            if !self.open || !self.last.is_empty() {
                self.close();
            }
            (self.spoke, self.open) = (true, true);
        } else if let Some(summary) = line.trim_start().strip_prefix("Summary [") {
            let counts = Counts::parse(summary);
            if self.open {
                match &counts {
                    Some(counts) if self.is_all(counts) => {}
                    Some(_) | None => self.collected.note_gap(),
                }
            }
            if let Some(counts) = counts {
                self.collected.count(counts.tally);
            }
            self.close_output();
            self.open = false;
        } else if let Some(error) = line.strip_prefix("error: ")
            && parse_failure(error).is_none()
        {
            self.collected.note_gap();
        }
    }

    fn close_output(&mut self) {
        if let Some((id, output)) = self.output.take() {
            self.collected.print(&[&id], output);
        }
    }

    fn close(&mut self) {
        self.close_output();
        if std::mem::take(&mut self.open) {
            self.collected.note_gap();
        }
        for (id, outcome) in std::mem::take(&mut self.last) {
            self.collected.record(&[&id], outcome);
        }
    }

    /// Whether the summary counts the tests that were listed.
    fn is_all(&self, counts: &Counts) -> bool {
        let listed = |outcome| {
            let found = self.last.values().filter(|found| **found == outcome).count();
            u64::try_from(found).unwrap_or(u64::MAX)
        };
        let (well, badly) = (listed(Outcome::Passed), listed(Outcome::Failed));
        let told = counts.tally;
        counts.run == Some(well + badly) && (told.passed, told.failed) == (well, badly)
    }
}

/// Numbers of the summary.
struct Counts {
    /// Tests that were run; `None` when not all were.
    run: Option<u64>,
    tally: Tally,
}

impl Counts {
    /// From `   0.384s] 3/13 tests run: 1 passed (1 leaky), 2 failed, 2 skipped`.
    fn parse(summary: &str) -> Option<Self> {
        let (run, counts) = summary.split_once(" run: ")?;
        let run = run.rsplit(']').next().unwrap_or_default().trim();
        // With a slash, not all were run.
        let run = run.split(' ').next().and_then(|count| count.parse().ok());
        let mut tally = Tally::default();
        for count in counts.split(", ") {
            let mut words = count.split(' ');
            let number = words.next().and_then(|number| number.parse::<u64>().ok());
            match (number, words.next()) {
                (Some(number), Some("passed")) => tally.passed = number,
                (Some(number), Some("failed" | "exec" | "timed")) => {
                    tally.failed = tally.failed.saturating_add(number);
                }
                (Some(number), Some("skipped")) => tally.skipped = number,
                _ => {}
            }
        }
        Some(Self { run, tally })
    }
}

/// What a line says of a test.
struct Told {
    id: String,
    outcome: Outcome,
    duration: Option<Duration>,
}

fn is_start(line: &str) -> bool {
    let Some((word, rest)) = line.trim_start().split_once(' ') else { return false };
    match word {
        "Nextest" => rest.starts_with("run ID "),
        "Starting" => rest.contains(" across ") && line.starts_with("    Starting"),
        _ => false,
    }
}

/// What a line like `        PASS [   0.005s] ( 2/13) foo tests::name` says. Lines that tests printed
/// are indented further.
fn parse_result(line: &str) -> Option<Told> {
    let (status, rest) = line.split_once(" [")?;
    let width = status.chars().count();
    if width < STATUS_WIDTH || (width > STATUS_WIDTH && status.starts_with(' ')) {
        return None;
    }
    let outcome = parse_status(status.trim_start())?;
    let (time, rest) = rest.split_once("] ")?;
    let name = match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(") ")?.1,
        None => rest.trim_start(),
    };
    let (binary, test) = name.split_once(' ')?;
    let seconds = time.trim().strip_suffix('s').and_then(|time| time.parse().ok());
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Some(Told { id: id(&[binary, test])?, outcome, duration })
}

/// What became of a test, or of one try; `None` for what is no end.
fn parse_status(status: &str) -> Option<Outcome> {
    let tried = status.strip_prefix("TRY ").and_then(|tried| tried.split_once(' '));
    match tried.map_or(status, |(_, status)| status) {
        "PASS" | "LEAK" | "TIMEOUT-PASS" | "TMPASS" => Some(Outcome::Passed),
        "SKIP" => Some(Outcome::Skipped),
        "FAIL" | "FAIL + LEAK" | "FL+LK" | "LEAK-FAIL" | "LKFAIL" | "TIMEOUT" | "TMT" | "XFAIL"
        | "ABORT" => Some(Outcome::Failed),
        flaky if flaky.starts_with("FLAKY ") => Some(Outcome::Passed),
        flaky if flaky.starts_with("FLKY-FL ") => Some(Outcome::Failed),
        signal if signal.starts_with("SIG") => Some(Outcome::Failed),
        // What a try is called that a signal ended: its name without the first letters.
        signal if signal.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            tried.filter(|_| !matches!(signal, "SLOW" | "TRMNTG")).map(|_| Outcome::Failed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
