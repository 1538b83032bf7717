//! Results while they are gathered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::excerpt::Excerpt;
use super::{Tally, TestFormat, TestReading, TestResults, ToldCase};

/// Bytes of an id at most, and of every part that ids are made of: with longer ones, a small output
/// could make a lot of text.
const ID_MAX: usize = 2 * 1024;
/// Bytes of all ids at most.
const IDS_MAX: usize = 256 * 1024 * 1024;
/// Tests whose output is kept.
const OUTPUTS_MAX: usize = 1000;

/// How a test ended, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Skipped,
    Passed,
    Failed,
}

/// Outcomes by id. What does not fit is left out and makes the results incomplete.
#[derive(Debug, Default)]
pub(super) struct Collected {
    outcomes: BTreeMap<String, Outcome>,
    bytes: usize,
    /// Something is known to be missing.
    gap: bool,
    /// Numbers that the writer told.
    tally: Option<Tally>,
    durations: BTreeMap<String, Duration>,
    groups: BTreeMap<String, Duration>,
    flaky: BTreeSet<String>,
    outputs: BTreeMap<String, Excerpt>,
    told: BTreeMap<String, ToldCase>,
}

/// Tests of one name, as those of a table whose title is always the same: told apart by number, in the
/// order in which they are named. From the second on they are marked, as ` #2`.
#[derive(Debug, Default)]
pub(super) struct Namesakes {
    /// How often each name was seen.
    seen: BTreeMap<String, usize>,
    /// Ids of those that failed, by name.
    failed: BTreeMap<String, Vec<String>>,
    /// How many failures of each name were told.
    told: BTreeMap<String, usize>,
}

impl Namesakes {
    /// The id of the next test of this name; `None` where that is too long.
    pub(super) fn next(&mut self, name: &str) -> Option<String> {
        let name = prefix(name)?;
        let times = self.seen.entry(name.clone()).or_default();
        *times += 1;
        Some(if *times > 1 { format!("{name} #{times}") } else { name })
    }

    /// The test of this id failed, and why is told later.
    pub(super) fn note_failed(&mut self, name: &str, id: &str) {
        let known = self.failed.entry(name.to_owned()).or_default();
        if !known.iter().any(|known| known == id) {
            known.push(id.to_owned());
        }
    }

    /// The id of the test of this name of which is told now why it failed, which may be more than one
    /// reason. `None` where it is not known that one failed.
    pub(super) fn tell(&mut self, name: &str) -> Option<&str> {
        let failed = self.failed.get(name)?;
        let told = self.told.entry(name.to_owned()).or_default();
        *told += 1;
        failed.get(*told - 1).or(failed.last()).map(String::as_str)
    }

    /// What is named and told from now on is another file's, or the same once more.
    pub(super) fn begin_file(&mut self) {
        self.seen.clear();
        self.told.clear();
    }
}

impl Collected {
    /// Records one result of the test whose id has these parts; the worst of all stays. Returns
    /// whether there was one before.
    pub(super) fn record(&mut self, parts: &[&str], outcome: Outcome) -> bool {
        let Some(id) = id(parts) else {
            self.gap = true;
            return false;
        };
        if let Some(known) = self.outcomes.get_mut(&id) {
            *known = outcome.max(*known);
            return true;
        }
        self.bytes += id.len();
        if self.bytes > IDS_MAX {
            self.gap = true;
        } else {
            self.outcomes.insert(id, outcome);
        }
        false
    }

    /// Adds numbers of the writer's own.
    pub(super) fn count(&mut self, tally: Tally) {
        self.tally = Some(self.tally.unwrap_or_default().plus(tally));
    }

    /// How long a test took; of several times the last stays.
    pub(super) fn time(&mut self, parts: &[&str], duration: Duration) {
        if let Some(id) = id(parts) {
            self.durations.insert(id, duration);
        }
    }

    /// How long tests took together whose ids begin with these parts; several times add up.
    pub(super) fn time_group(&mut self, parts: &[&str], duration: Duration) {
        if let Some(id) = id(parts) {
            let known = self.groups.entry(id).or_default();
            *known = known.saturating_add(duration);
        }
    }

    /// A test failed first and then passed.
    pub(super) fn note_flaky(&mut self, parts: &[&str]) {
        self.flaky.extend(id(parts));
    }

    /// What a test printed, or why it failed; what is told first stays.
    pub(super) fn print(&mut self, parts: &[&str], output: Excerpt) {
        if let Some(id) = id(parts)
            && !output.is_empty()
            && self.outputs.len() < OUTPUTS_MAX
        {
            self.outputs.entry(id).or_insert(output);
        }
    }

    /// How a report words a test. Of several of one id, one with an error stays.
    pub(super) fn tell(&mut self, parts: &[&str], case: ToldCase) {
        let Some(id) = id(parts).filter(|id| self.outcomes.contains_key(id)) else { return };
        let known = self.told.entry(id).or_default();
        if !known.is_error {
            *known = case;
        }
    }

    /// Something is missing.
    pub(super) fn note_gap(&mut self) {
        self.gap = true;
    }

    pub(super) fn failed(&self, parts: &[&str]) -> bool {
        id(parts).is_some_and(|id| self.outcomes.get(&id) == Some(&Outcome::Failed))
    }

    pub(super) fn finish(self, format: TestFormat) -> TestReading {
        let mut results = TestResults {
            format,
            complete: false,
            passed: Default::default(),
            failed: Default::default(),
            skipped: Default::default(),
        };
        for (id, outcome) in self.outcomes {
            match outcome {
                Outcome::Skipped => results.skipped.insert(id),
                Outcome::Passed => results.passed.insert(id),
                Outcome::Failed => results.failed.insert(id),
            };
        }
        results.complete = !self.gap && results.executed().next().is_some();
        let listed = |ids: &BTreeSet<String>| ids.len().try_into().unwrap_or(u64::MAX);
        let found = Tally {
            passed: listed(&results.passed),
            failed: listed(&results.failed),
            skipped: listed(&results.skipped),
        };
        let outputs = self.outputs.into_iter().filter(|(id, _)| results.failed.contains(id));
        TestReading {
            tally: self.tally.unwrap_or(found),
            tally_is_told: self.tally.is_some(),
            durations: self.durations,
            groups: self.groups,
            flaky: self.flaky.into_iter().filter(|id| results.passed.contains(id)).collect(),
            outputs: outputs.map(|(id, output)| (id, output.finish())).collect(),
            told: self.told,
            results,
        }
    }
}

/// The parts that are not empty, with single blanks between; `None` where that gets too long.
pub(super) fn id(parts: &[&str]) -> Option<String> {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    let long = parts.iter().map(|part| part.len()).sum::<usize>() > ID_MAX;
    (!long && !parts.is_empty()).then(|| parts.join(" "))
}

/// A part that other ids will begin with, unless it is too long for that.
pub(super) fn prefix(text: &str) -> Option<String> {
    id(&[text])
}
