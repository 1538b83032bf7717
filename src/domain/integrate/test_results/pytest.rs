//! pytest: complete when the numbers of its last line are those of the tests named. That takes `-v`
//! (or `-rA`): with dots, only tests that failed are named, in the short summary. Files that could
//! not be collected, `-x`, a coverage that is too low and crashes leave results incomplete.
//!
//! Ids: pytest's own (`tests/test_a.py::TestB::test_c[x]`). A test that passed and whose teardown
//! failed has failed; one that passed although it was expected to fail has passed.

use std::collections::BTreeSet;

use super::collected::{Collected, Outcome, id};
use super::lines::{Line, lines};
use super::pytest_line::{Counts, Word, parse_summary, parse_verbose};
use super::{TestFormat, TestResults};

/// `None` when pytest did not speak.
pub(super) fn parse(text: &str) -> Option<TestResults> {
    let mut run = Run::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => run.take(&line),
            Line::Cut => run.collected.note_gap(),
        }
    }
    run.close();
    run.spoke.then(|| run.collected.finish(TestFormat::Pytest))
}

#[derive(Default)]
struct Run {
    collected: Collected,
    spoke: bool,
    /// A session was begun that has not come to its last line.
    open: bool,
    section: Section,
    /// What was said in this session, once of each test and word.
    said: BTreeSet<(String, Word)>,
}

/// What is being said of a session.
#[derive(Debug, Default, Clone, Copy)]
enum Section {
    /// A line, or dots, for every test.
    #[default]
    Progress,
    /// What tests printed, and why they failed.
    Details,
    /// The short summary.
    Summary,
}

impl Run {
    fn take(&mut self, line: &str) {
        if is_title(line, '=', "test session starts") {
            self.close();
            (self.spoke, self.open) = (true, true);
        } else if is_title(line, '=', "short test summary info") {
            self.section = Section::Summary;
        } else if ["FAILURES", "ERRORS", "PASSES"].iter().any(|title| is_title(line, '=', title)) {
            self.section = Section::Details;
        } else if let Some(counts) = Counts::parse(line) {
            self.finish_session(&counts);
        } else if is_fatal(line) {
            self.collected.note_gap();
        } else {
            self.take_test(line);
        }
    }

    fn take_test(&mut self, line: &str) {
        match self.section {
            Section::Progress => {
                if let Some((name, word)) = parse_verbose(line) {
                    self.say(name, word);
                }
            }
            Section::Details => {}
            Section::Summary => self.take_summary(line),
        }
    }

    fn take_summary(&mut self, line: &str) {
        let said = &self.said;
        let is_known = |name: &str| {
            let known = |word| said.contains(&(name.to_owned(), word));
            known(Word::Failed) || known(Word::Error)
        };
        let Some(told) = parse_summary(line, is_known) else { return };
        if told.is_file {
            self.collected.note_gap();
        } else {
            self.say(told.name, told.word);
        }
    }

    fn say(&mut self, name: &str, word: Word) {
        match id(&[name]) {
            Some(name) => drop(self.said.insert((name, word))),
            None => self.collected.note_gap(),
        }
    }

    fn finish_session(&mut self, counts: &Counts) {
        let said = |word| self.said.iter().filter(|(_, said)| *said == word).count();
        let named = Counts {
            passed: said(Word::Passed),
            failed: said(Word::Failed),
            errors: said(Word::Error),
            unexpected: said(Word::UnexpectedPass),
        };
        if named != *counts {
            self.collected.note_gap();
        }
        self.spoke = true;
        self.record();
    }

    /// Outside a session that was begun, other tools may have written what looks alike.
    fn close(&mut self) {
        if self.open {
            self.collected.note_gap();
            self.record();
        }
        self.said.clear();
        self.section = Section::Progress;
    }

    fn record(&mut self) {
        self.open = false;
        self.section = Section::Progress;
        for (name, word) in std::mem::take(&mut self.said) {
            let outcome = match word {
                Word::Passed | Word::UnexpectedPass => Outcome::Passed,
                Word::Failed | Word::Error => Outcome::Failed,
                Word::Skipped | Word::ExpectedFailure => Outcome::Skipped,
            };
            self.collected.record(&[&name], outcome);
        }
    }
}

/// A title between two rows of a character.
fn is_title(line: &str, row: char, title: &str) -> bool {
    line.starts_with(row) && line.trim_matches(row).trim() == title
}

/// How such lines begin.
const FATAL: [&str; 6] = [
    "ERROR: Coverage failure",
    "ERROR: file or directory not found",
    "ERROR: not found: ",
    "FAIL Required test coverage",
    "Fatal Python error: ",
    "INTERNALERROR>",
];

/// What makes pytest fail beside tests, or end early.
pub(super) fn is_fatal(line: &str) -> bool {
    (line.starts_with("!!!") && line.ends_with("!!!"))
        || FATAL.iter().any(|start| line.starts_with(start))
        || (line.starts_with("[gw") && line.contains("] node down: "))
}

#[cfg(test)]
mod tests;
