//! `cargo nextest run`: complete when as many tests ended as the summary says were run, and none was
//! left out because another failed (which nextest does without `--no-fail-fast`).
//!
//! Ids: `<binary-id> <test>`, as in the JUnit reports of nextest.

use std::collections::BTreeMap;

use super::cargo::parse_failure;
use super::collected::{Collected, Outcome, id};
use super::lines::{Line, lines};
use super::{TestFormat, TestResults};

/// Columns that what became of a test is right-aligned in.
const STATUS_WIDTH: usize = 12;

/// `None` when nextest did not begin to run tests.
pub(super) fn parse(text: &str) -> Option<TestResults> {
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
}

impl Run {
    fn take(&mut self, line: &str) {
        if let Some((name, outcome)) = parse_result(line) {
            self.last.insert(name, outcome);
        } else if is_start(line) {
            // One run begins with several such lines.
            if !self.open || !self.last.is_empty() {
                self.close();
            }
            (self.spoke, self.open) = (true, true);
        } else if let Some(summary) = line.trim_start().strip_prefix("Summary [") {
            if self.open && !self.is_all(summary) {
                self.collected.note_gap();
            }
            self.open = false;
        } else if let Some(error) = line.strip_prefix("error: ")
            && parse_failure(error).is_none()
        {
            self.collected.note_gap();
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            self.collected.note_gap();
        }
        for (id, outcome) in std::mem::take(&mut self.last) {
            self.collected.record(&[&id], outcome);
        }
    }

    /// Whether the summary counts the tests that were listed, from
    /// `   0.384s] 3/13 tests run: 1 passed (1 leaky), 2 failed, 2 skipped`.
    fn is_all(&self, summary: &str) -> bool {
        let Some((run, counts)) = summary.split_once(" run: ") else { return false };
        let run = run.rsplit(']').next().unwrap_or_default().trim();
        // With a slash, not all were run.
        let run = run.split(' ').next().and_then(|count| count.parse().ok());
        let (mut passed, mut others) = (0_usize, 0_usize);
        for count in counts.split(", ") {
            let mut words = count.split(' ');
            let number = words.next().and_then(|number| number.parse::<usize>().ok());
            match (number, words.next()) {
                (Some(number), Some("passed")) => passed = number,
                (Some(number), Some("failed" | "exec" | "timed")) => {
                    others = others.saturating_add(number);
                }
                _ => {}
            }
        }
        let listed = |outcome| self.last.values().filter(|found| **found == outcome).count();
        let (well, badly) = (listed(Outcome::Passed), listed(Outcome::Failed));
        run == Some(well + badly) && passed == well && others == badly
    }
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
fn parse_result(line: &str) -> Option<(String, Outcome)> {
    let (status, rest) = line.split_once(" [")?;
    let width = status.chars().count();
    if width < STATUS_WIDTH || (width > STATUS_WIDTH && status.starts_with(' ')) {
        return None;
    }
    let outcome = parse_status(status.trim_start())?;
    let (_, rest) = rest.split_once("] ")?;
    let name = match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(") ")?.1,
        None => rest.trim_start(),
    };
    let (binary, test) = name.split_once(' ')?;
    Some((id(&[binary, test])?, outcome))
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
