//! The tests of a module one by one, over all attempts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::message::message_in;
use super::read::SuiteReading;
use crate::domain::integrate::{TestFormat, TestReading, ToldCase};

/// How a case came out in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseOutcome {
    /// Well.
    Passed,
    /// A test that failed.
    Failed,
    /// Something else that failed: a build, a crash, a time limit.
    Broken,
    /// It was not executed.
    Skipped,
}

/// A try that failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailedTry {
    /// The line that says most.
    pub message: String,
    /// What was printed; bounded.
    pub output: String,
}

/// One test, or one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// What it belongs to: a file, a binary, a module.
    pub class: String,
    /// Its name in there.
    pub name: String,
    /// How it came out in the end.
    pub outcome: CaseOutcome,
    /// How long it took, where that is known.
    pub duration: Option<Duration>,
    /// Tries that failed, in order. Where the outcome is a failure the last of them is the final one;
    /// where it is not, the test is flaky.
    pub tries: Vec<FailedTry>,
    /// Why it was not executed, where that is known.
    pub why_skipped: Option<String>,
}

impl CaseResult {
    /// It stands for a whole module, or for a whole part of it.
    pub fn is_whole(&self, module: &str) -> bool {
        self.class == module && self.name == module
    }
}

/// The tests of a module. A module that says nothing by test is one case, and so is what failed in
/// one beside tests. Of tests that are only counted, not named, there is no case.
pub fn cases(module: &str, attempts: &[SuiteReading]) -> Vec<CaseResult> {
    let Some(last) = attempts.last() else { return Vec::new() };
    let named: Vec<&TestReading> =
        attempts.iter().filter_map(|attempt| attempt.tests.as_ref()).collect();
    let mut cases = by_test(module, last, &named);
    let explained =
        cases.iter().any(|case| matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Broken));
    if cases.is_empty() || (last.cause.is_some() && !explained) {
        cases.insert(0, whole(module, attempts, last));
    }
    cases
}

fn by_test(module: &str, last: &SuiteReading, attempts: &[&TestReading]) -> Vec<CaseResult> {
    let ids: BTreeSet<&String> = attempts
        .iter()
        .flat_map(|tests| {
            let results = &tests.results;
            results.passed.iter().chain(&results.failed).chain(&results.skipped)
        })
        .collect();
    let mut formats: BTreeMap<&String, TestFormat> = BTreeMap::new();
    let mut outcomes: BTreeMap<&String, CaseOutcome> = BTreeMap::new();
    let mut tries: BTreeMap<&String, Vec<FailedTry>> = BTreeMap::new();
    let mut durations: BTreeMap<&String, Duration> = BTreeMap::new();
    let mut told: BTreeMap<&String, &ToldCase> = BTreeMap::new();
    for tests in attempts {
        for (set, outcome) in [
            (&tests.results.passed, CaseOutcome::Passed),
            (&tests.results.failed, CaseOutcome::Failed),
            (&tests.results.skipped, CaseOutcome::Skipped),
        ] {
            outcomes.extend(set.iter().map(|id| (id, outcome)));
            formats.extend(set.iter().map(|id| (id, tests.results.format)));
        }
        durations.extend(tests.durations.iter().map(|(id, duration)| (id, *duration)));
        told.extend(&tests.told);
        for id in &tests.results.failed {
            let output = tests.outputs.get(id).cloned().unwrap_or_default();
            let failed = FailedTry { message: message_in(&output), output };
            tries.entry(id).or_default().push(failed);
        }
        for id in &tests.flaky {
            let message = "failed before it passed".to_owned();
            tries.entry(id).or_default().push(FailedTry { message, output: String::new() });
        }
    }
    // Named only where they fail, tests that passed in the end are not named again.
    let passed = last.cause.is_none();
    let last_failed = last.tests.as_ref().map(|tests| &tests.results.failed);
    let case = |id: &String| {
        let format = formats.get(id).copied().unwrap_or(TestFormat::Junit);
        let told = told.get(id);
        let (class, name) = match told {
            Some(told) if told.class.is_empty() => (module.to_owned(), told.name.clone()),
            Some(told) => (told.class.clone(), told.name.clone()),
            None => split(module, format, id),
        };
        let known = outcomes.get(id).copied().unwrap_or(CaseOutcome::Passed);
        let fails_still = last_failed.is_some_and(|failed| failed.contains(id));
        let outcome = match known {
            CaseOutcome::Failed if passed && !fails_still => CaseOutcome::Passed,
            CaseOutcome::Failed if told.is_some_and(|told| told.is_error) => CaseOutcome::Broken,
            CaseOutcome::Failed
            | CaseOutcome::Passed
            | CaseOutcome::Broken
            | CaseOutcome::Skipped => known,
        };
        CaseResult {
            class,
            name,
            outcome,
            duration: durations.get(id).copied(),
            tries: tries.get(id).cloned().unwrap_or_default(),
            why_skipped: told.and_then(|told| told.why_skipped.clone()),
        }
    };
    ids.into_iter().map(case).collect()
}

/// The module as one case.
fn whole(module: &str, attempts: &[SuiteReading], last: &SuiteReading) -> CaseResult {
    let failed = attempts.iter().filter_map(|attempt| {
        let cause = attempt.cause.as_ref()?;
        Some(FailedTry { message: cause.to_string(), output: attempt.last_lines.join("\n") })
    });
    let outcome = if last.cause.is_some() { CaseOutcome::Broken } else { CaseOutcome::Passed };
    CaseResult {
        class: module.to_owned(),
        name: module.to_owned(),
        outcome,
        duration: None,
        tries: failed.collect(),
        why_skipped: None,
    }
}

/// Class and name of a test, from its id in that format.
fn split(module: &str, format: TestFormat, id: &str) -> (String, String) {
    let parts = match format {
        TestFormat::Cargo if id.starts_with("doc ") => id.split_once(" - "),
        TestFormat::Cargo | TestFormat::Nextest | TestFormat::Go => id.rsplit_once(' '),
        TestFormat::Pytest => {
            // Parameters may hold anything.
            let named = id.split_once('[').map_or(id, |(named, _)| named);
            named.rfind("::").and_then(|at| Some((id.get(..at)?, id.get(at + 2..)?)))
        }
        TestFormat::Jest | TestFormat::Node | TestFormat::Mocha | TestFormat::Vitest => {
            id.rsplit_once(" › ")
        }
        TestFormat::Unittest => id.rsplit_once('.'),
        // Of a report it is not known who wrote it.
        TestFormat::Junit => id.split_once(' '),
    };
    let (class, name) = parts.unwrap_or((module, id));
    let class = match format {
        TestFormat::Cargo => target(module, class),
        TestFormat::Junit
        | TestFormat::Nextest
        | TestFormat::Pytest
        | TestFormat::Go
        | TestFormat::Jest
        | TestFormat::Node
        | TestFormat::Unittest
        | TestFormat::Mocha
        | TestFormat::Vitest => class.to_owned(),
    };
    (class, name.to_owned())
}

/// A target of cargo in one word, as nextest has it: `foo` for `foo src/lib.rs`, and of the module
/// `foo` `foo::it` for `it tests/it.rs`.
fn target(module: &str, class: &str) -> String {
    match class.split_once(' ') {
        Some((name, "src/lib.rs")) => name.to_owned(),
        Some((name, "src/main.rs")) => format!("{module}::bin/{name}"),
        // One that ran again has a number, too.
        Some((_, file)) if !file.ends_with(".rs") => class.to_owned(),
        Some((name, file)) if file.starts_with("src/bin/") => format!("{module}::bin/{name}"),
        Some((name, file)) if file.starts_with("tests/") => format!("{module}::{name}"),
        Some(_) | None => class.to_owned(),
    }
}

#[cfg(test)]
mod tests;
