//! Vitest's text, of its `default`, `verbose`, `tree`, `basic` and `dot` reporters: complete when as
//! many tests are named as its last lines count, every file was run, and nothing failed beside tests.
//! By default only tests that failed are named, and others of the same file where that is printed.
//!
//! Ids: `<file> › describe › test`, with what vitest calls the project before the file; the second test
//! of one name is marked ` #2`. A group whose hook failed, or a file that could not be run, is listed as
//! failed. The time behind a name is left out.

use super::collected::{Collected, Namesakes, Outcome, prefix};
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::vitest_line::{Numbers, Said, Title, is_rule, parse};
use super::{Tally, TestFormat, TestReading};

/// `None` when vitest did not say that it began, and came to its numbers.
pub(super) fn read(text: &str) -> Option<TestReading> {
    let mut log = Log::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => log.take(&line),
            Line::Cut => log.cut(),
        }
    }
    log.close();
    log.spoke.then(|| log.collected.finish(TestFormat::Vitest))
}

#[derive(Default)]
struct Log {
    collected: Collected,
    spoke: bool,
    /// The run that began last.
    run: Option<Run>,
}

#[derive(Default)]
struct Run {
    place: Place,
    namesakes: Namesakes,
    passed: u64,
    failed: u64,
    /// Names of tests that failed, as they are told of one after another.
    told: Vec<String>,
    output: Excerpt,
    /// Tests that failed and are told of.
    listed: u64,
    /// Numbers of files and tests, the last that were seen.
    files: Option<Numbers>,
    tests: Option<Numbers>,
    /// Both, and the time behind them. Tests may print such, too: the last are the run's.
    ended: Option<(Numbers, Numbers)>,
}

/// Where in the output.
#[derive(Default)]
enum Place {
    /// Between files.
    #[default]
    Outside,
    /// What a test printed.
    Console,
    /// In a file, below these groups.
    File(String, Vec<String>),
    /// Where failures are told, of tests or else of groups and files.
    Failures { of_tests: bool },
}

impl Log {
    fn take(&mut self, line: &str) {
        let said = parse(line);
        if matches!(said, Said::Begin) {
            self.close();
            self.run = Some(Run::default());
            return;
        }
        let Some(run) = &mut self.run else { return };
        if is_fatal(line) {
            self.collected.note_gap();
        }
        match said {
            Said::Failures { of_tests } => {
                run.tell(&mut self.collected);
                run.place = Place::Failures { of_tests };
            }
            Said::Files(numbers) => {
                run.tell(&mut self.collected);
                run.place = Place::Outside;
                (run.files, run.tests) = (Some(numbers), None);
            }
            Said::Tests(numbers) => run.tests = Some(numbers),
            Said::Start => run.ended = run.files.take().zip(run.tests.take()).or(run.ended.take()),
            Said::Begin
            | Said::Console
            | Said::File(_)
            | Said::Test(_)
            | Said::Failure(_)
            | Said::Other => run.take_inner(line, said, &mut self.collected),
        }
    }

    /// Something was left out.
    fn cut(&mut self) {
        self.collected.note_gap();
        if let Some(run) = &mut self.run {
            run.tell(&mut self.collected);
            run.place = Place::Outside;
        }
    }

    /// A run is over.
    fn close(&mut self) {
        let Some(mut run) = self.run.take() else { return };
        run.tell(&mut self.collected);
        let Some((files, tests)) = run.ended else { return self.collected.note_gap() };
        self.spoke = true;
        let passed = tests.passed + tests.expected;
        let all_ran = files.sum() == files.total && tests.sum() == tests.total;
        if !all_ran || (run.passed, run.failed.max(run.listed)) != (passed, tests.failed) {
            self.collected.note_gap();
        }
        let executed = tests.passed.saturating_add(tests.failed);
        self.collected.count(Tally {
            passed: tests.passed,
            failed: tests.failed,
            skipped: tests.total.saturating_sub(executed),
        });
    }
}

impl Run {
    fn take_inner(&mut self, line: &str, said: Said<'_>, collected: &mut Collected) {
        match &mut self.place {
            Place::Failures { of_tests } => {
                let of_tests = *of_tests;
                if let Said::Failure(title) = said {
                    self.take_failure(&title, of_tests, collected);
                } else if is_rule(line) {
                    self.tell(collected);
                } else if !self.told.is_empty() {
                    self.output.push(line);
                }
            }
            Place::Console if !line.is_empty() => {}
            Place::Console => self.place = Place::Outside,
            Place::Outside | Place::File(..) => match said {
                Said::Console => self.place = Place::Console,
                Said::File(file) => {
                    self.place = match prefix(file) {
                        Some(file) => Place::File(file, Vec::new()),
                        None => {
                            collected.note_gap();
                            Place::Outside
                        }
                    };
                }
                Said::Test(title) => self.take_test(&title, collected),
                Said::Begin
                | Said::Failures { .. }
                | Said::Files(_)
                | Said::Tests(_)
                | Said::Start
                | Said::Failure(_)
                | Said::Other => {}
            },
        }
    }

    /// A line of a file's tests, or one that names the file itself.
    fn take_test(&mut self, title: &Title<'_>, collected: &mut Collected) {
        let names = match (&mut self.place, title.level) {
            (_, 0) if title.names_file() => title.names().collect::<Vec<_>>().join(BETWEEN),
            // Older ones name the file once more.
            (Place::File(file, _), 1) if title.begins_with(file) => {
                title.names().collect::<Vec<_>>().join(BETWEEN)
            }
            (Place::File(file, groups), level) if level > 0 => {
                groups.truncate(level - 1);
                if title.is_group() {
                    if let Some(name) = prefix(title.group())
                        && groups.len() + 1 == level
                    {
                        groups.push(name);
                    }
                    return;
                }
                if groups.len() + 1 != level {
                    // Its groups are not named: what failed is told of at the end.
                    return;
                }
                let own = title.names().collect::<Vec<_>>().join(BETWEEN);
                let groups = groups.iter().map(String::as_str);
                [file.as_str()]
                    .into_iter()
                    .chain(groups)
                    .chain([own.as_str()])
                    .collect::<Vec<_>>()
                    .join(BETWEEN)
            }
            (Place::File(..) | Place::Outside | Place::Console | Place::Failures { .. }, _) => {
                return;
            }
        };
        // Without an outcome it was left out, as `--bail` does.
        let (Some(outcome), Some(id)) = (title.outcome, self.namesakes.next(&names)) else {
            return collected.note_gap();
        };
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed => {
                self.failed += 1;
                self.namesakes.note_failed(&names, &id);
            }
            Outcome::Skipped => {}
        }
        collected.record(&[&id], outcome);
        if let Some(duration) = title.duration {
            collected.time(&[&id], duration);
        }
        if title.retried && outcome == Outcome::Passed {
            collected.note_flaky(&[&id]);
        }
    }

    fn take_failure(&mut self, title: &Title<'_>, of_tests: bool, collected: &mut Collected) {
        // Those that failed for one reason are named together.
        if !self.output.is_empty() {
            self.tell(collected);
        }
        let names = title.names().collect::<Vec<_>>().join(BETWEEN);
        let id = names.split_once(" [ ").map_or(names.as_str(), |(file, _)| file);
        let mut id = id;
        if of_tests {
            self.listed += 1;
            match self.namesakes.tell(id) {
                Some(known) => id = known,
                // Two tests of one name and two reasons of one test look the same.
                None if collected.failed(&[id]) => collected.note_gap(),
                None => {}
            }
        } else {
            collected.note_gap();
        }
        collected.record(&[id], Outcome::Failed);
        self.told.push(id.to_owned());
    }

    /// What was told is about these tests.
    fn tell(&mut self, collected: &mut Collected) {
        let output = std::mem::take(&mut self.output);
        for id in self.told.drain(..) {
            collected.print(&[&id], output.clone());
        }
    }
}

/// What stands between the parts of an id.
const BETWEEN: &str = " › ";

/// What makes vitest fail beside tests.
pub(super) fn is_fatal(line: &str) -> bool {
    (line.starts_with("Vitest caught ") && line.contains(" unhandled error")) || is_coverage(line)
}

/// A coverage that is too low, as vitest and nyc say it.
pub(super) fn is_coverage(line: &str) -> bool {
    line.starts_with("ERROR: Coverage for ") && line.contains(" does not meet ")
}

#[cfg(test)]
mod tests;
