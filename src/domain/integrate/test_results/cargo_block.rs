//! What one test binary of Rust's harness writes, from `running N tests` to `test result: …`.

use std::time::Duration;

use super::Tally;
use super::collected::Outcome;
use super::excerpt::Excerpt;

/// The output of one test binary so far.
#[derive(Debug)]
pub(super) struct Block {
    announced: usize,
    listed: Vec<(String, Outcome)>,
    /// Of the tests listed.
    counts: Counts,
    section: Section,
    /// Names of the last list of failures.
    failures: Vec<String>,
    /// What tests printed, in the order in which it is repeated.
    outputs: Vec<(String, Excerpt)>,
    /// The last of them is being repeated.
    repeats: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Section {
    /// One line for every test, or dots.
    Listing,
    /// What tests printed, and names of those that failed.
    Details { in_list: bool },
}

/// What a block said.
pub(super) struct Ended {
    pub(super) tests: Vec<(String, Outcome)>,
    /// The numbers at its end are those of the tests listed.
    pub(super) whole: bool,
    /// Those numbers.
    pub(super) tally: Option<Tally>,
    /// How long they took, as it says itself.
    pub(super) took: Option<Duration>,
    /// What tests printed.
    pub(super) outputs: Vec<(String, Excerpt)>,
}

impl Block {
    /// From the line `running N tests`.
    pub(super) fn parse_start(line: &str) -> Option<Self> {
        let (count, word) = line.strip_prefix("running ")?.split_once(' ')?;
        let announced = count.parse().ok()?;
        matches!(word, "test" | "tests").then(|| Self {
            announced,
            listed: Vec::new(),
            counts: Counts::default(),
            section: Section::Listing,
            failures: Vec::new(),
            outputs: Vec::new(),
            repeats: false,
        })
    }

    /// All tests have ended: what follows repeats what they printed.
    pub(super) fn is_in_details(&self) -> bool {
        self.section != Section::Listing
    }

    /// Takes the next line; whether it ends the block.
    pub(super) fn take(&mut self, line: &str) -> bool {
        if let Some(counts) = line.strip_prefix("test result: ").and_then(Counts::parse) {
            // A test may have printed such a line itself: what is repeated does not end the block.
            return self.section == Section::Listing
                || self.is_whole(&counts)
                || (counts.failed > 0 && counts.failed == self.failures.len());
        }
        if self.is_in_details() {
            self.repeat(line);
        }
        match &mut self.section {
            _ if line == "failures:" => {
                self.failures.clear();
                self.section = Section::Details { in_list: true };
            }
            Section::Listing if line == "successes:" => {
                self.section = Section::Details { in_list: false };
            }
            Section::Listing => {
                if let Some((name, outcome)) = parse_test(line) {
                    *self.counts.of(outcome) += 1;
                    self.listed.push((name, outcome));
                }
            }
            Section::Details { in_list } if *in_list => match line.strip_prefix("    ") {
                Some(name) => self.failures.push(bare_name(name).to_owned()),
                None => *in_list = line.is_empty() && self.failures.is_empty(),
            },
            Section::Details { .. } => {}
        }
        false
    }

    /// Takes a line of what a test printed.
    fn repeat(&mut self, line: &str) {
        let name = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"));
        if let Some(name) = name {
            self.outputs.push((bare_name(name).to_owned(), Excerpt::default()));
            self.repeats = true;
        } else if line == "failures:" || line == "successes:" {
            self.repeats = false;
        } else if self.repeats
            && let Some((_, output)) = self.outputs.last_mut()
        {
            output.push(line);
        }
    }

    /// With the line that ended it, where one did.
    pub(super) fn finish(mut self, last: Option<&str>) -> Ended {
        let counts = last.and_then(|line| Counts::parse(line.strip_prefix("test result: ")?));
        let whole = counts.as_ref().is_some_and(|counts| self.is_whole(counts));
        if !whole {
            self.listed.extend(self.failures.into_iter().map(|name| (name, Outcome::Failed)));
        }
        let tally = counts.map(|counts| counts.tally());
        let took = last.and_then(parse_time);
        Ended { tests: self.listed, whole, tally, took, outputs: self.outputs }
    }

    fn is_whole(&self, counts: &Counts) -> bool {
        self.announced == self.listed.len() && self.counts == *counts
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Counts {
    fn of(&mut self, outcome: Outcome) -> &mut usize {
        match outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed => &mut self.failed,
            Outcome::Skipped => &mut self.skipped,
        }
    }

    fn tally(&self) -> Tally {
        let count = |count: usize| count.try_into().unwrap_or(u64::MAX);
        Tally {
            passed: count(self.passed),
            failed: count(self.failed),
            skipped: count(self.skipped),
        }
    }

    /// From `FAILED. 3 passed; 4 failed; 2 ignored; 0 measured; …`.
    fn parse(text: &str) -> Option<Self> {
        let (_, text) = text.split_once(". ")?;
        let mut counts = Self::default();
        for part in text.split("; ") {
            let Some((count, word)) = part.split_once(' ') else { continue };
            let slot = counts.of(match word {
                "passed" | "measured" => Outcome::Passed,
                "failed" => Outcome::Failed,
                "ignored" => Outcome::Skipped,
                _ => continue,
            });
            *slot = slot.checked_add(count.parse().ok()?)?;
        }
        Some(counts)
    }
}

/// From `…; finished in 0.33s`.
fn parse_time(line: &str) -> Option<Duration> {
    let (_, time) = line.rsplit_once("; finished in ")?;
    Duration::try_from_secs_f64(time.strip_suffix('s')?.parse().ok()?).ok()
}

/// From `test NAME ... RESULT`, also behind what a test printed without a newline.
fn parse_test(line: &str) -> Option<(String, Outcome)> {
    let at = if line.starts_with("test ") { 0 } else { line.rfind("test ")? };
    let (name, result) = line.get(at + "test ".len()..)?.split_once(" ... ")?;
    let name = bare_name(name);
    if name.is_empty() || (at > 0 && name.contains(' ')) {
        return None;
    }
    let (word, rest) = result.split_once([' ', ',']).unwrap_or((result, ""));
    // Behind the word there may be the time it took.
    let alone = rest.is_empty() || rest.starts_with(['<', '(']);
    let outcome = match word {
        "ok" if alone => Outcome::Passed,
        "FAILED" if alone => Outcome::Failed,
        "ignored" => Outcome::Skipped,
        "bench:" => Outcome::Passed,
        _ => return None,
    };
    Some((name.to_owned(), outcome))
}

/// Without what lists of failures leave out.
fn bare_name(name: &str) -> &str {
    let endings = [" - should panic", " - compile fail", " - compile"];
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}
