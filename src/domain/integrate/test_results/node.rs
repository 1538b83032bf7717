//! `node --test`: complete when as many tests ended as its last lines count, none was cancelled and
//! every file could be run.
//!
//! Ids: names from the outside in, with `›` between; the second test of one name is marked ` #2`, as
//! files are not named. A test that only holds others is not listed, unless it failed by itself. One
//! marked as `todo` counts as skipped, whatever became of it.

use std::time::Duration;

use super::collected::{Collected, Namesakes, Outcome, prefix};
use super::excerpt::Excerpt;
use super::{Tally, TestFormat, TestReading, node_spec, node_tap};

/// `None` when no run of node's tests came to its numbers, or said that it began.
pub(super) fn parse(text: &str) -> Option<TestReading> {
    let readings = [node_tap::parse(text), node_spec::parse(text)];
    readings.into_iter().flatten().reduce(TestReading::join)
}

/// A test that ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) duration: Option<Duration>,
    pub(super) output: Excerpt,
    /// It holds others.
    pub(super) holds: bool,
    /// It is a suite, as far as that is said.
    pub(super) is_suite: bool,
    /// It failed by itself, not only because one that it holds did.
    pub(super) fails_itself: bool,
}

/// What is known of a run of node.
#[derive(Debug, Default)]
pub(super) struct Session {
    collected: Collected,
    spoke: bool,
    /// Groups that are open, from the outside in, and whether a test was seen in each.
    groups: Vec<(String, bool)>,
    namesakes: Namesakes,
    /// Tests, and suites of which it is not said that they are.
    ended: u64,
    passed: Range,
    failed: Range,
    numbers: Numbers,
}

/// At least and at most.
#[derive(Debug, Default, Clone, Copy)]
struct Range(u64, u64);

impl Session {
    /// A test or suite begins at this depth.
    pub(super) fn open_group(&mut self, depth: usize, name: &str) {
        match prefix(name) {
            Some(name) => {
                self.groups.truncate(depth);
                self.groups.push((name, false));
            }
            None => self.collected.note_gap(),
        }
    }

    /// Whether one of this name is open at this depth and holds tests.
    pub(super) fn holds(&self, depth: usize, name: &str) -> bool {
        self.groups.get(depth).is_some_and(|(open, held)| *held && open == name)
    }

    /// Whether a test may stand at this depth: mocha's look the same, and are in no group of node's.
    pub(super) fn has_depth(&self, depth: usize) -> bool {
        depth <= self.groups.len()
    }

    /// A test ended at this depth. Returns its id where it is listed.
    pub(super) fn end(&mut self, depth: usize, ended: Ended) -> Option<String> {
        self.groups.truncate(depth);
        if let Some((_, held)) = self.groups.last_mut() {
            *held = true;
        }
        if ended.is_suite && !ended.holds {
            return None;
        }
        if !ended.is_suite {
            self.ended += 1;
            let range = match ended.outcome {
                Outcome::Passed => Some(&mut self.passed),
                Outcome::Failed => Some(&mut self.failed),
                Outcome::Skipped => None,
            };
            if let Some(range) = range {
                // Of what holds others it is not always known whether it is a test.
                range.0 += u64::from(!ended.holds);
                range.1 += 1;
            }
        }
        if ended.holds && !(ended.outcome == Outcome::Failed && ended.fails_itself) {
            return None;
        }
        let names: Vec<&str> = self.groups.iter().map(|(name, _)| name.as_str()).collect();
        let path = [names.as_slice(), &[&ended.name]].concat().join(" › ");
        let Some(id) = self.namesakes.next(&path) else {
            self.collected.note_gap();
            return None;
        };
        self.collected.record(&[&id], ended.outcome);
        if let Some(duration) = ended.duration {
            self.collected.time(&[&id], duration);
        }
        if ended.outcome == Outcome::Failed {
            self.print(&id, ended.output);
        }
        Some(id)
    }

    pub(super) fn print(&mut self, id: &str, output: Excerpt) {
        self.collected.print(&[id], output);
    }

    pub(super) fn note_gap(&mut self) {
        self.collected.note_gap();
    }

    /// Something was left out: what follows may belong to any group.
    pub(super) fn forget_place(&mut self) {
        self.collected.note_gap();
        self.groups.clear();
    }

    /// It said that it begins.
    pub(super) fn begin(&mut self) {
        self.spoke = true;
    }

    /// One of the numbers at the end, as `tests 11`. Returns whether it was the last of them.
    pub(super) fn take_number(&mut self, text: &str) -> bool {
        let Some((what, number)) = text.split_once(' ') else { return false };
        if what == "duration_ms" && self.numbers.tests.is_some() {
            self.conclude();
            return true;
        }
        if let Ok(number) = number.parse::<u32>() {
            self.numbers.take(what, number.into());
        }
        false
    }

    fn conclude(&mut self) {
        let numbers = std::mem::take(&mut self.numbers);
        let tests = numbers.tests.unwrap_or(0);
        let within = |Range(least, most): Range, number| least <= number && number <= most;
        let all = self.ended == tests || self.ended == tests + numbers.suites;
        let (passed, failed) = (self.passed, self.failed);
        if !all
            || numbers.cancelled > 0
            || !within(passed, numbers.passed)
            || !within(failed, numbers.failed)
        {
            self.collected.note_gap();
        }
        self.collected.count(Tally {
            passed: numbers.passed,
            failed: numbers.failed + numbers.cancelled,
            skipped: numbers.skipped,
        });
        (self.spoke, self.ended) = (true, 0);
        (self.passed, self.failed) = (Range::default(), Range::default());
        self.groups.clear();
    }

    pub(super) fn finish(mut self) -> Option<TestReading> {
        if self.ended > 0 {
            self.collected.note_gap();
        }
        self.spoke.then(|| self.collected.finish(TestFormat::Node))
    }
}

#[derive(Debug, Default)]
struct Numbers {
    tests: Option<u64>,
    suites: u64,
    passed: u64,
    failed: u64,
    cancelled: u64,
    skipped: u64,
}

impl Numbers {
    fn take(&mut self, what: &str, number: u64) {
        match what {
            "tests" => *self = Self { tests: Some(number), ..Self::default() },
            "suites" => self.suites = number,
            "pass" => self.passed = number,
            "fail" => self.failed = number,
            "cancelled" => self.cancelled = number,
            "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
