//! pytest: complete when the numbers of its last line are those of the tests named. That takes `-v`
//! (or `-rA`): with dots, only tests that failed are named, in the short summary. Files that could
//! not be collected, `-x`, a coverage that is too low and crashes leave results incomplete.
//!
//! Ids: pytest's own (`tests/test_a.py::TestB::test_c[x]`). A test that passed and whose teardown
//! failed has failed; one that passed although it was expected to fail has passed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::collected::{Collected, Outcome, id};
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::pytest_line::{
    Counts, Word, parse_duration, parse_rerun, parse_summary, parse_title, parse_verbose, title_of,
};
use super::{Tally, TestFormat, TestReading};

/// `None` when pytest did not speak.
pub(super) fn parse(text: &str) -> Option<TestReading> {
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
    /// What was told of tests that failed, by its title, in order.
    told: Vec<(String, Excerpt)>,
    /// Tests that were tried again.
    again: BTreeSet<String>,
    /// Seconds, of all phases.
    seconds: BTreeMap<String, f64>,
}

/// What is being said of a session.
#[derive(Debug, Default, Clone, Copy)]
enum Section {
    /// A line, or dots, for every test.
    #[default]
    Progress,
    /// What tests printed, and why they failed.
    Details,
    /// What other tests printed.
    Passes,
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
        } else if ["FAILURES", "ERRORS"].iter().any(|title| is_title(line, '=', title)) {
            self.section = Section::Details;
        } else if is_title(line, '=', "PASSES") || is_durations(line) {
            self.section = Section::Passes;
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
                } else if let Some(name) = parse_rerun(line) {
                    self.again.extend(id(&[name]));
                }
            }
            Section::Details => self.tell(line),
            Section::Passes => {
                if let Some((name, seconds)) = parse_duration(line)
                    && let Some(name) = id(&[name])
                {
                    *self.seconds.entry(name).or_default() += seconds;
                }
            }
            Section::Summary => self.take_summary(line),
        }
    }

    fn tell(&mut self, line: &str) {
        if let Some(title) = parse_title(line) {
            self.told.push((title.to_owned(), Excerpt::default()));
        } else if let Some((_, output)) = self.told.last_mut() {
            output.push(line);
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
            skipped: counts.skipped,
        };
        if named != *counts {
            self.collected.note_gap();
        }
        let count = |count: usize| count.try_into().unwrap_or(u64::MAX);
        self.collected.count(Tally {
            passed: count(counts.passed + counts.unexpected),
            failed: count(counts.failed + counts.errors),
            skipped: count(counts.skipped),
        });
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
        self.told.clear();
        self.again.clear();
        self.seconds.clear();
        self.section = Section::Progress;
    }

    fn record(&mut self) {
        self.open = false;
        self.section = Section::Progress;
        self.match_outputs();
        for name in std::mem::take(&mut self.again) {
            self.collected.note_flaky(&[&name]);
        }
        for (name, seconds) in std::mem::take(&mut self.seconds) {
            if let Ok(duration) = Duration::try_from_secs_f64(seconds) {
                self.collected.time(&[&name], duration);
            }
        }
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

impl Run {
    /// Titles hold no file: of several tests of one title, the one is taken whose file is named in
    /// what is told, else the first.
    fn match_outputs(&mut self) {
        let mut waiting: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, word) in &self.said {
            if matches!(word, Word::Failed | Word::Error) {
                waiting.entry(title_of(name)).or_default().push(name.clone());
            }
        }
        for (title, output) in std::mem::take(&mut self.told) {
            let of_phase = title.strip_prefix("ERROR at ").and_then(|rest| rest.split_once(" of "));
            let name = of_phase.map_or(title.as_str(), |(_, name)| name);
            let Some(names) = waiting.get_mut(name) else { continue };
            let names_it = |id: &String| {
                id.split_once("::").is_some_and(|(file, _)| output.mentions(&format!("{file}:")))
            };
            let at = names.iter().position(names_it).unwrap_or(0);
            if at < names.len() {
                self.collected.print(&[&names.swap_remove(at)], output);
            }
        }
    }
}

fn is_durations(line: &str) -> bool {
    line.starts_with('=') && line.contains(" slowest ") && line.contains("durations")
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
