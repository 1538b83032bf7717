//! The JSON document of `test`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{SCHEMA, seconds};
use super::suite_section::{ModuleOutcome, ModuleResult, SuiteSummary};
use crate::domain::id::{Oid, RunId};
use crate::domain::plan::Verdict;
use crate::domain::run::RunState;
use crate::domain::suite::{ModuleKind, SuiteResults};

/// What `test` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestDocument {
    /// Always 1.
    pub schema: u32,
    /// Name of the run; null where there was nothing to test, so that none was made.
    pub run: Option<RunId>,
    /// The commit that was tested, or the one that was made of the working tree.
    pub commit: Oid,
    /// Side by side or one after another; null without a run.
    pub verdict: Option<Verdict>,
    /// Slots; 1 when sequential, 0 without a run.
    pub width: usize,
    /// In the order of the run.
    pub modules: Vec<ModuleEntry>,
    /// Time in which the run was at work, seconds.
    pub wall_s: f64,
    /// What one after another would have taken, seconds.
    pub sequential_s_estimate: Option<f64>,
}

/// A module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModuleEntry {
    /// Its name.
    pub name: String,
    /// Who knows how to test it.
    pub kind: ModuleKind,
    /// What was run, as one types it.
    pub command: String,
    /// How it came out.
    pub outcome: ModuleOutcome,
    /// Why it failed, or was not run; null where it passed or is not over.
    pub reason: Option<String>,
    /// Tests, those that were skipped included, as its own program counts them; null where it says
    /// nothing by test.
    pub tests: Option<u64>,
    /// Tests that failed.
    pub failures: Option<u64>,
    /// Tests that were not executed, or expected to fail.
    pub skipped: Option<u64>,
    /// Tests that failed, then passed unchanged.
    pub flaky: Option<u64>,
    /// Every test that was meant to run did, and is named.
    pub complete: bool,
    /// Ids of tests that failed; the first hundred.
    pub failed: Vec<String>,
    /// Ids of tests that were flaky; the first hundred.
    pub flaky_tests: Vec<String>,
    /// What does not fit together, such as a report that was not written, in sentences.
    pub notes: Vec<String>,
    /// Attempts that were begun.
    pub attempts: u32,
    /// How long it took, seconds.
    pub duration_s: f64,
    /// What the plan expected of that, seconds.
    pub predicted_s: Option<f64>,
}

/// The document of a test run.
pub fn from_suites(state: &RunState, summary: &SuiteSummary) -> TestDocument {
    let decision = &state.spec.plan.decision;
    TestDocument {
        run: Some(state.spec.run.clone()),
        verdict: Some(decision.verdict),
        width: decision.width,
        modules: summary.modules.iter().map(module_entry).collect(),
        wall_s: seconds(summary.wall.as_secs_f64()),
        sequential_s_estimate: summary.sequential.map(|time| seconds(time.as_secs_f64())),
        ..nothing_tested(state.spec.base)
    }
}

/// The document where there was nothing to test.
pub fn nothing_tested(commit: Oid) -> TestDocument {
    TestDocument {
        schema: SCHEMA,
        run: None,
        commit,
        verdict: None,
        width: 0,
        modules: Vec::new(),
        wall_s: 0.0,
        sequential_s_estimate: None,
    }
}

fn module_entry(module: &ModuleResult) -> ModuleEntry {
    let results = module.results.as_ref();
    let told = results.filter(|results| results.format.is_some());
    let number = |of: fn(&SuiteResults) -> u64| told.map(of);
    let ids = |of: fn(&SuiteResults) -> Vec<String>| results.map_or(Vec::new(), of);
    ModuleEntry {
        name: module.name.clone(),
        kind: module.kind,
        command: module.command.clone(),
        outcome: module.outcome,
        reason: match module.outcome.is_failure() {
            true => Some(module.why()),
            false => module.trouble.clone(),
        },
        tests: number(|results| results.tally.tests()),
        failures: number(|results| results.tally.failed),
        skipped: number(|results| results.tally.skipped),
        flaky: number(|results| u64::try_from(results.flaky.len()).unwrap_or(u64::MAX)),
        complete: results.is_some_and(|results| results.complete),
        failed: ids(|results| results.failures.iter().map(|one| one.test.clone()).collect()),
        flaky_tests: ids(|results| results.flaky.clone()),
        notes: ids(|results| results.notes.clone()),
        attempts: module.attempts,
        duration_s: seconds(module.duration.as_secs_f64()),
        predicted_s: module.predicted.map(|time| seconds(time.as_secs_f64())),
    }
}
