//! Everything that one attempt of a suite said.

use super::cause::{FailureCause, SuiteEnd};
use super::excerpt::excerpt;
use crate::domain::integrate::{
    LEFT_OUT, TestReading, is_cut_short, read_junit, read_output, trouble_in,
};

/// Lines of the log that are kept.
const LAST_LINES: usize = 40;
/// Bytes of a line that are kept.
const LINE_MAX: usize = 1000;

/// Where it is read from.
#[derive(Debug, Clone, Copy)]
pub struct SuiteSaid<'a> {
    /// How the command ended.
    pub end: SuiteEnd,
    /// Its log, which may have been cut in the middle ([`LEFT_OUT`]).
    pub log: &'a str,
    /// The JUnit XML that this attempt left.
    pub report: Option<&'a str>,
}

/// All that is known of an attempt. It is not stored: [`Self::results`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteReading {
    /// How the command ended.
    pub end: SuiteEnd,
    /// What it said by test; `None` where it said nothing that can be read.
    pub tests: Option<TestReading>,
    /// Why it failed; `None` where it passed.
    pub cause: Option<FailureCause>,
    /// Why the report is of no use, where there is one that cannot be read.
    pub unreadable: Option<String>,
    /// What does not fit together, in sentences.
    pub notes: Vec<String>,
    /// The end of its log, bounded.
    pub last_lines: Vec<String>,
}

/// Reads an attempt. The exit code decides whether it passed. Results by test are taken from the
/// report where there is one, else from the log; numbers from the log where its program printed them,
/// as these are what people compare with.
pub fn read_suite(said: &SuiteSaid<'_>) -> SuiteReading {
    let (mut notes, mut unreadable) = (Vec::new(), None);
    let spoken = read_output(said.log);
    let reported = said.report.and_then(|report| {
        let read = read_junit(report);
        read.map_err(|why| unreadable = Some(why)).ok()
    });
    let mut tests = match (reported, spoken) {
        (Some(reported), spoken) => Some(joined(reported, spoken, said.log)),
        (None, spoken) => spoken,
    };
    if let Some(tests) = &mut tests {
        tests.results.complete &= said.end.is_own();
    }
    let failed = tests.as_ref().map_or(0, failures);
    let cause = match said.end {
        SuiteEnd::Code { code: 0 } => {
            if failed > 0 {
                let tests = if failed == 1 { "test is" } else { "tests are" };
                notes.push(format!(
                    "{failed} failed {tests} named, yet it exited with 0, which decides"
                ));
            }
            None
        }
        SuiteEnd::Code { .. } if failed > 0 => Some(FailureCause::Tests { failed }),
        SuiteEnd::Code { code } => Some(match trouble_in(said.log) {
            Some(trouble) => FailureCause::Trouble { trouble },
            None => FailureCause::Unexplained { code },
        }),
        end @ (SuiteEnd::Signal { .. }
        | SuiteEnd::TimedOut
        | SuiteEnd::Stalled
        | SuiteEnd::OutOfMemory
        | SuiteEnd::Stopped
        | SuiteEnd::NotRun) => Some(FailureCause::Ended { end }),
    };
    let last_lines = last_lines(said.log);
    SuiteReading { end: said.end, tests, cause, unreadable, notes, last_lines }
}

/// Failures that are told, or only counted.
fn failures(tests: &TestReading) -> u64 {
    let listed = u64::try_from(tests.results.failed.len()).unwrap_or(u64::MAX);
    tests.tally.failed.max(listed)
}

/// The report, with what only the log tells.
fn joined(mut reported: TestReading, spoken: Option<TestReading>, log: &str) -> TestReading {
    // A report does not show that tests were left out, or that something else failed.
    reported.results.complete &= !is_cut_short(log);
    let Some(spoken) = spoken else { return reported };
    reported.groups.extend(spoken.groups);
    if spoken.tally_is_told && !log.contains(LEFT_OUT) {
        reported.tally = spoken.tally;
    }
    for id in &reported.results.failed {
        if !reported.outputs.contains_key(id)
            && let Some(output) = spoken.outputs.get(id)
        {
            reported.outputs.insert(id.clone(), output.clone());
        }
    }
    reported
}

fn last_lines(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().map(str::trim_end).collect();
    let full = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    let lines = lines.get(full.saturating_sub(LAST_LINES)..full).unwrap_or_default();
    lines.iter().map(|line| excerpt(line, LINE_MAX)).collect()
}

#[cfg(test)]
mod tests;
