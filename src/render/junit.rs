//! A run as one JUnit XML document.
//!
//! It keeps to the schema of Jenkins' xUnit plugin (`junit-10.xsd`), which is the strictest one in
//! common use that knows of tests that were tried again; `tests/it/junit.rs` holds it to that. It is
//! made of stored facts alone, so that it is the same whenever it is made.

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite,
};

use crate::domain::report::ModuleResult;
use crate::domain::suite::{CaseOutcome, CaseResult, FailedTry};
use crate::domain::time::Timestamp;

/// What a document holds.
#[derive(Debug, Clone)]
pub struct JunitRun {
    /// Its name, with that of the run.
    pub name: String,
    /// Time in which the run was at work.
    pub wall: Duration,
    /// In the order of the run.
    pub suites: Vec<JunitSuite>,
}

/// A module, or the tasks of a run.
#[derive(Debug, Clone)]
pub struct JunitSuite {
    /// Its name.
    pub name: String,
    /// When it began.
    pub started: Option<Timestamp>,
    /// How long it took.
    pub duration: Duration,
    /// Facts about it, by name.
    pub properties: Vec<(String, String)>,
    /// Its tests.
    pub cases: Vec<CaseResult>,
}

impl JunitSuite {
    /// The suite of a module, of which these are the cases.
    pub fn of_module(module: &ModuleResult, cases: Vec<CaseResult>) -> Self {
        let mut properties = vec![
            ("command".to_owned(), module.command.clone()),
            ("outcome".to_owned(), module.outcome.word().to_owned()),
            ("attempts".to_owned(), module.attempts.to_string()),
        ];
        // Of what was not built, say, there are none to name.
        if let Some(results) = module.results.as_ref().filter(|said| said.tally.tests() > 0) {
            let named = if results.complete { "all" } else { "some" };
            properties.push(("tests named".to_owned(), named.to_owned()));
            let tests = results.tally.tests().to_string();
            properties.push(("tests counted".to_owned(), tests));
        }
        if let Some(results) = &module.results {
            properties.extend(results.notes.iter().map(|note| ("note".to_owned(), note.clone())));
        }
        if let Some(predicted) = module.predicted {
            let seconds = format!("{:.3}", predicted.as_secs_f64());
            properties.push(("predicted seconds".to_owned(), seconds));
        }
        let (name, duration) = (module.name.clone(), module.duration);
        Self { name, started: None, duration, properties, cases }
    }
}

/// The document.
pub fn junit_xml(run: &JunitRun) -> String {
    let mut report = Report::new(clean(&run.name));
    report.set_time(run.wall);
    report.add_test_suites(run.suites.iter().map(suite));
    // Writing to memory does not fail, as long as names hold no character that XML lacks.
    let text = report.to_string().unwrap_or_default();
    // The schema has this number on suites only.
    text.replacen(&format!(" skipped=\"{}\"", report.skipped), "", 1)
}

fn suite(suite: &JunitSuite) -> TestSuite {
    let mut written = TestSuite::new(clean(&suite.name));
    written.set_time(suite.duration);
    // The type is one of a crate that is no dependency: it is known by what reads it.
    written.timestamp = suite.started.and_then(|at| at.to_rfc3339().parse().ok());
    written.add_properties(
        suite.properties.iter().map(|(name, value)| Property::new(clean(name), clean(value))),
    );
    written.add_test_cases(suite.cases.iter().map(case));
    written
}

fn case(case: &CaseResult) -> TestCase {
    let mut written = TestCase::new(clean(&case.name), status(case));
    written.set_classname(clean(&case.class));
    if let Some(duration) = case.duration {
        written.set_time(duration);
    }
    written
}

fn status(case: &CaseResult) -> TestCaseStatus {
    let kind = match case.outcome {
        CaseOutcome::Passed => {
            let mut status = TestCaseStatus::success();
            let tries = case.tries.iter().map(|failed| rerun(NonSuccessKind::Failure, failed));
            status.add_reruns(tries);
            return status;
        }
        CaseOutcome::Skipped => {
            let mut status = TestCaseStatus::skipped();
            if let Some(why) = &case.why_skipped {
                status.set_message(clean(why));
            }
            return status;
        }
        CaseOutcome::Failed => NonSuccessKind::Failure,
        CaseOutcome::Broken => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    let (last, before) = match case.tries.split_last() {
        Some((last, before)) => (Some(last), before),
        None => (None, &[][..]),
    };
    status.set_type(type_of(kind));
    if let Some(last) = last {
        status.set_message(clean(&last.message)).set_description(clean(&last.output));
    }
    status.add_reruns(before.iter().map(|failed| rerun(kind, failed)));
    status
}

fn rerun(kind: NonSuccessKind, failed: &FailedTry) -> TestRerun {
    let mut rerun = TestRerun::new(kind);
    rerun.set_type(type_of(kind)).set_message(clean(&failed.message));
    if !failed.output.is_empty() {
        rerun.set_stack_trace(clean(&failed.output));
    }
    rerun
}

/// Readers want a word for the kind of failure, and some refuse a rerun without.
fn type_of(kind: NonSuccessKind) -> &'static str {
    match kind {
        NonSuccessKind::Failure => "failure",
        NonSuccessKind::Error => "error",
    }
}

/// Without characters that XML 1.0 lacks, and without escape sequences of terminals.
fn clean(text: &str) -> String {
    // With the sequences, tabs would go too.
    let text = quick_junit::XmlString::new(text.replace('\t', "    ")).into_string();
    text.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}

#[cfg(test)]
mod tests;
