//! `python -m unittest`: complete with `-v`, when as many tests are named as its last lines count and
//! every module could be loaded. Without, tests that failed are known.
//!
//! Ids: the dotted path of the test. A test of which a part (`subTest`) failed has failed; so has one
//! that passed although it was expected to fail.

use super::collected::{Collected, Outcome, id};
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::{Tally, TestFormat, TestReading};

/// `None` when unittest's last lines are not there.
pub(super) fn parse(text: &str) -> Option<TestReading> {
    let mut run = Run::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => run.take(&line),
            Line::Cut => {
                run.collected.note_gap();
                run.forget();
            }
        }
    }
    run.spoke.then(|| run.collected.finish(TestFormat::Unittest))
}

#[derive(Default)]
struct Run {
    collected: Collected,
    spoke: bool,
    /// Of this session.
    tests: Vec<(String, Outcome)>,
    /// The test whose result is still to come.
    pending: Option<String>,
    /// What is told of a test that failed.
    told: Option<(String, Excerpt)>,
    outputs: Vec<(String, Excerpt)>,
    /// The line above was a row of `=`.
    after_row: bool,
    /// Tests that the last line but one counts.
    ran: Option<u64>,
    gap: bool,
}

impl Run {
    fn take(&mut self, line: &str) {
        let after_row = std::mem::replace(&mut self.after_row, is_row(line, '='));
        if self.after_row {
            self.close_told();
        } else if after_row && let Some((word, name)) = line.split_once(": ") {
            self.take_failure(word, name);
        } else if let Some(ran) = parse_ran(line) {
            self.close_told();
            self.ran = Some(ran);
        } else if let Some(ran) = self.ran {
            if let Some(numbers) = Numbers::parse(line) {
                self.finish(ran, &numbers);
            }
        } else if let Some((_, output)) = &mut self.told {
            if !is_row(line, '-') {
                output.push(line);
            }
        } else {
            self.take_progress(line);
        }
    }

    fn take_failure(&mut self, word: &str, name: &str) {
        let is_success = word == "UNEXPECTED SUCCESS";
        if !matches!(word, "FAIL" | "ERROR") && !is_success {
            return;
        }
        self.gap |= name.contains("(unittest.loader._FailedTest")
            || ["setUpClass (", "setUpModule ("].iter().any(|start| name.starts_with(start))
            || ["tearDownClass (", "tearDownModule ("].iter().any(|start| name.starts_with(start));
        let Some(id) = parse_name(name) else { return };
        self.tests.push((id.clone(), Outcome::Failed));
        if !is_success {
            self.told = Some((id, Excerpt::default()));
        }
    }

    fn close_told(&mut self) {
        self.outputs.extend(self.told.take());
    }

    /// From `test_a (tests.A.test_a) ... ok`. The first line of a description may stand between, and
    /// what the test printed before the result.
    fn take_progress(&mut self, line: &str) {
        if let Some((before, result)) = line.rsplit_once(" ... ") {
            self.pending = parse_name(before).or(self.pending.take());
            self.take_result(result);
        } else if let Some(before) = line.strip_suffix(" ...") {
            self.pending = parse_name(before).or(self.pending.take());
        } else if let Some(id) = parse_name(line).filter(|_| line.ends_with(')')) {
            self.pending = Some(id);
        } else {
            self.take_result(line);
        }
    }

    fn take_result(&mut self, result: &str) {
        let outcome = match result {
            "ok" => Outcome::Passed,
            "FAIL" | "ERROR" | "unexpected success" => Outcome::Failed,
            "expected failure" => Outcome::Skipped,
            _ if result.starts_with("skipped ") => Outcome::Skipped,
            _ => return,
        };
        self.tests.extend(self.pending.take().map(|id| (id, outcome)));
    }

    fn finish(&mut self, ran: u64, numbers: &Numbers) {
        self.tests.sort();
        self.tests.reverse();
        // The worst of each.
        self.tests.dedup_by(|a, b| a.0 == b.0);
        let count = |outcome| {
            let found = self.tests.iter().filter(|(_, found)| *found == outcome).count();
            u64::try_from(found).unwrap_or(u64::MAX)
        };
        let (failed, listed) = (count(Outcome::Failed), self.tests.len().try_into().ok());
        if self.gap || listed != Some(ran) || count(Outcome::Skipped) != numbers.skipped {
            self.collected.note_gap();
        }
        self.collected.count(Tally {
            passed: ran.saturating_sub(failed).saturating_sub(numbers.skipped),
            failed: numbers.failed,
            skipped: numbers.skipped,
        });
        self.spoke = true;
        for (id, outcome) in std::mem::take(&mut self.tests) {
            self.collected.record(&[&id], outcome);
        }
        for (id, output) in std::mem::take(&mut self.outputs) {
            self.collected.print(&[&id], output);
        }
        self.forget();
    }

    fn forget(&mut self) {
        let collected = std::mem::take(&mut self.collected);
        *self = Self { collected, spoke: self.spoke, ..Self::default() };
    }
}

/// A long row of one character.
fn is_row(line: &str, row: char) -> bool {
    line.len() == 70 && line.chars().all(|c| c == row)
}

/// The id from `test_a (tests.A.test_a)`, or of old ones `test_a (tests.A)`; what tells the parts of
/// a test apart may follow.
fn parse_name(text: &str) -> Option<String> {
    let (name, rest) = text.trim_start().split_once(" (")?;
    let (path, _) = rest.split_once(')')?;
    let is_name = |text: &str| !text.is_empty() && !text.contains([' ', '(', '\'']);
    if !is_name(name) || !is_name(path) {
        return None;
    }
    let is_own = path == name || path.ends_with(&format!(".{name}"));
    let path = path.strip_prefix("unittest.loader._FailedTest.").unwrap_or(path);
    let path = if is_own { path.to_owned() } else { format!("{path}.{name}") };
    id(&[&path])
}

/// From `Ran 8 tests in 0.001s`.
fn parse_ran(line: &str) -> Option<u64> {
    let (count, rest) = line.strip_prefix("Ran ")?.split_once(' ')?;
    let is_end = rest.starts_with("tests in ") || rest.starts_with("test in ");
    count.parse().ok().filter(|_| is_end)
}

/// What the last line counts.
struct Numbers {
    failed: u64,
    skipped: u64,
}

impl Numbers {
    /// From `FAILED (failures=2, errors=1, skipped=1)`, `OK`, `OK (skipped=1)`, `NO TESTS RAN`.
    fn parse(line: &str) -> Option<Self> {
        let (word, counts) = line.split_once(" (").unwrap_or((line, ""));
        if !matches!(word, "OK" | "FAILED" | "NO TESTS RAN") {
            return None;
        }
        let mut numbers = Self { failed: 0, skipped: 0 };
        for count in counts.trim_end_matches(')').split(", ") {
            let Some((what, number)) = count.split_once('=') else { continue };
            let number = u64::from(number.parse::<u32>().ok()?);
            match what {
                "failures" | "errors" | "unexpected successes" => numbers.failed += number,
                "skipped" | "expected failures" => numbers.skipped += number,
                _ => {}
            }
        }
        Some(numbers)
    }
}

#[cfg(test)]
mod tests;
