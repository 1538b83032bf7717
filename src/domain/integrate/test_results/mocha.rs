//! Mocha's `spec` reporter, and others of its that end with the same numbers (`dot`, `min`): complete
//! when the tree names as many tests as its last lines count. A hook that failed left tests out, and
//! so may `--bail`, which is told nowhere: results that end with the first failure are incomplete.
//!
//! Ids: names from the outside in, with `›` between; the second test of one name is marked ` #2`, as
//! files are not named. A hook that failed is listed as mocha calls it. The time behind a name is left out.

use std::collections::BTreeMap;

use super::collected::{Collected, Namesakes, Outcome};
use super::lines::{Line, lines};
use super::mocha_failures::{Block, Failures};
use super::mocha_tree::{Mark, Tree};
use super::{Tally, TestFormat, TestReading};

/// `None` when mocha's last lines are not there: trees with ticks are printed by many.
pub(super) fn parse(text: &str) -> Option<TestReading> {
    let mut log = Log::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => log.take(&line),
            Line::Cut => log.cut(),
        }
    }
    if let Some(numbers) = log.numbers.take() {
        log.summarize(numbers);
    }
    log.close();
    log.spoke.then(|| log.collected.finish(TestFormat::Mocha))
}

#[derive(Default)]
struct Log {
    collected: Collected,
    spoke: bool,
    namesakes: Namesakes,
    after_blank: bool,
    /// What was named since the last run ended.
    tree: Tree,
    /// The numbers that are being told.
    numbers: Option<Numbers>,
    /// The end of the run, as it seems: tests may print such, too, and the last is the run's.
    end: Option<End>,
}

/// Numbers, and what follows them.
struct End {
    numbers: Numbers,
    /// They are those of the tree.
    matches: bool,
    /// They are not taken for what a test printed.
    settled: bool,
    failures: Failures,
}

#[derive(Debug, Clone, Copy)]
struct Numbers {
    passing: u64,
    pending: Option<u64>,
    failing: Option<u64>,
}

impl Log {
    fn take(&mut self, line: &str) {
        let after_blank = std::mem::replace(&mut self.after_blank, line.is_empty());
        if let Some(numbers) = self.numbers.take() {
            if line.is_empty() {
                return self.summarize(numbers);
            }
            self.numbers = numbers.with(line);
            if self.numbers.is_some() {
                return;
            }
        }
        if after_blank && let Some(passing) = passing(line) {
            self.numbers = Some(Numbers { passing, pending: None, failing: None });
            return;
        }
        if let Some(end) = &mut self.end {
            let told = end.failures.take(line);
            if end.settled {
                if told || !is_of_tree(line) {
                    return;
                }
                self.close();
            }
        }
        if begins_script(line) {
            self.close();
        } else if ends_another(line) && self.end.is_none() {
            self.tree = Tree::default();
        } else if is_of_tree(line) && !self.tree.take(line, after_blank) {
            self.collected.note_gap();
        }
    }

    /// Something was left out.
    fn cut(&mut self) {
        self.collected.note_gap();
        (self.numbers, self.after_blank) = (None, false);
        self.tree.forget_place();
    }

    fn summarize(&mut self, numbers: Numbers) {
        if self.end.as_ref().is_some_and(|end| end.settled) {
            self.close();
        }
        let failing = numbers.failing.unwrap_or(0);
        let matches = (self.tree.passed, self.tree.failed) == (numbers.passing, failing);
        let settled = matches || (self.tree.passed, self.tree.failed) == (0, 0);
        self.end = Some(End { numbers, matches, settled, failures: Failures::new(failing) });
    }

    /// A run is over.
    fn close(&mut self) {
        let tree = std::mem::take(&mut self.tree);
        let Some(end) = self.end.take() else {
            if (tree.passed, tree.failed) != (0, 0) && self.spoke {
                self.collected.note_gap();
            }
            return;
        };
        self.spoke = true;
        if !end.matches || tree.may_leave_out() {
            self.collected.note_gap();
        }
        let numbers = end.numbers.tally();
        self.collected.count(numbers);
        let mut failed = self.record_tree(&tree, numbers.skipped);
        for block in end.failures.finish() {
            self.record_block(block, &mut failed);
        }
        // Not told of: their part of the log was left out, unless tests printed the marks.
        for (_, known) in failed.into_values().filter(|_| end.matches) {
            self.collected.record(&[&known], Outcome::Failed);
        }
    }

    /// Returns path and id of tests that failed, by number.
    fn record_tree(&mut self, tree: &Tree, pending: u64) -> BTreeMap<u64, (String, String)> {
        let mut failed = BTreeMap::new();
        for (path, mark) in tree.named() {
            // Lists that tests print look the same.
            if matches!(mark, Mark::Pending) && tree.pending != pending {
                continue;
            }
            let Some(id) = self.numbered(&path) else { continue };
            match mark {
                Mark::Passed(duration) => {
                    self.collected.record(&[&id], Outcome::Passed);
                    if let Some(duration) = duration {
                        self.collected.time(&[&id], *duration);
                    }
                }
                Mark::Failed(number) => {
                    failed.insert(*number, (path, id));
                }
                Mark::Pending => {
                    self.collected.record(&[&id], Outcome::Skipped);
                }
            }
        }
        failed
    }

    fn record_block(&mut self, block: Block, failed: &mut BTreeMap<u64, (String, String)>) {
        let known = failed.remove(&block.number);
        let is_named = known.is_some();
        let own = known.filter(|(path, _)| block.is_of(path)).map(|(_, id)| id);
        if own.is_none() && is_named {
            self.collected.note_gap();
        }
        let id = own.or_else(|| self.numbered(&block.path()));
        if let Some(id) = id {
            self.collected.record(&[&id], Outcome::Failed);
            self.collected.print(&[&id], block.output);
        }
    }

    fn numbered(&mut self, path: &str) -> Option<String> {
        let id = self.namesakes.next(path);
        if id.is_none() {
            self.collected.note_gap();
        }
        id
    }
}

impl Numbers {
    /// With the next line of them.
    fn with(self, line: &str) -> Option<Self> {
        let (number, word) = line.strip_prefix("  ")?.split_once(' ')?;
        let number = Some(number.parse::<u32>().ok()?.into());
        match word {
            "pending" if self.pending.is_none() && self.failing.is_none() => {
                Some(Self { pending: number, ..self })
            }
            "failing" if self.failing.is_none() => Some(Self { failing: number, ..self }),
            _ => None,
        }
    }

    fn tally(&self) -> Tally {
        Tally {
            passed: self.passing,
            failed: self.failing.unwrap_or(0),
            skipped: self.pending.unwrap_or(0),
        }
    }
}

/// From `  3 passing (20ms)`.
fn passing(line: &str) -> Option<u64> {
    let (number, rest) = line.strip_prefix("  ")?.split_once(" passing (")?;
    let time = rest.strip_suffix(')')?;
    let unit = time.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_time = unit.len() < time.len() && matches!(unit, "ms" | "s" | "m" | "h" | "d");
    is_time.then(|| number.parse::<u32>().ok().map(u64::from)).flatten()
}

/// Two blanks for each group that it is in.
fn is_of_tree(line: &str) -> bool {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    blanks >= 2 && blanks.is_multiple_of(2)
}

/// As npm and others print it above what a script prints: `> name@1.0.0 test`.
fn begins_script(line: &str) -> bool {
    line.strip_prefix("> ").and_then(|rest| rest.split_once(' ')).is_some_and(
        |(package, script)| package.rfind('@').is_some_and(|at| at > 0) && !script.contains(' '),
    )
}

/// The numbers of Jest and of node, whose trees look the same.
fn ends_another(line: &str) -> bool {
    line.starts_with("Test Suites: ") || line.starts_with("ℹ duration_ms ")
}

/// What makes mocha fail before any test.
pub(super) fn is_fatal(line: &str) -> bool {
    line.trim_start().starts_with("Exception during run: ")
}

#[cfg(test)]
mod tests;
