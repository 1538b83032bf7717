//! How each validation of the candidate came out in the end, for reports.

use std::collections::BTreeSet;
use std::time::Duration;

use super::ejection::Refusal;
use super::state::{Integration, IntegrationOutcome};
use super::validation::{Failure, ValidationRun, ValidationVerdict};
use crate::domain::id::Oid;

/// One validation of one commit, over all its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationSummary<'a> {
    /// Its name.
    pub name: &'a str,
    /// How it came out.
    pub verdict: ValidationVerdict,
    /// How its last run that failed ended, else its last run.
    pub ending: &'a str,
    /// How long its first run took.
    pub duration: Duration,
    /// What failed, where it says which tests; `None` where it does not say.
    pub failing: Option<Vec<String>>,
    /// Tracked files it changed.
    pub tainted: &'a [String],
    /// Last lines of its last run that failed.
    pub last_lines: &'a [String],
    /// It passed before on the same tree, and was not run.
    pub cached: bool,
    /// Where the output is of its last run that failed, else of its last run.
    pub log: Option<&'a str>,
}

impl Integration {
    /// How validations of the candidate came out; of the last commit that was validated, when the
    /// candidate was not.
    pub fn summaries(&self) -> Vec<ValidationSummary<'_>> {
        let head = self.head();
        let validated = self.runs_on(head).next().is_some();
        let last = self.runs.last().map(|(commit, _)| *commit);
        let commit = if validated { head } else { last.unwrap_or(head) };
        let names = self.spec.validations.iter().map(|validation| validation.name.as_str());
        names.filter_map(|name| self.summary(commit, name)).collect()
    }

    /// Runs of validations in all, the target's included.
    pub fn validations_run(&self) -> usize {
        self.runs.iter().filter(|(_, run)| !run.cached).count()
    }

    fn summary<'a>(&'a self, commit: Oid, name: &'a str) -> Option<ValidationSummary<'a>> {
        let runs: Vec<&ValidationRun> =
            self.runs_on(commit).filter(|run| run.name == *name).collect();
        let (first, last) = (runs.first()?, runs.last()?);
        let red = runs.iter().rev().find(|run| !run.is_green());
        let shown = red.unwrap_or(last);
        let failures: BTreeSet<Failure> = runs.iter().flat_map(|run| run.failures()).collect();
        Some(ValidationSummary {
            name,
            verdict: self.verdict_over(&runs, &failures),
            ending: &shown.ending,
            duration: first.duration,
            failing: failures.iter().map(|failure| failure.test().cloned()).collect(),
            tainted: &shown.tainted,
            last_lines: &shown.last_lines,
            cached: first.cached,
            log: shown.log.as_deref(),
        })
    }

    fn verdict_over(
        &self,
        runs: &[&ValidationRun],
        failures: &BTreeSet<Failure>,
    ) -> ValidationVerdict {
        if failures.is_empty() {
            return ValidationVerdict::Passed;
        }
        let name = &runs[0].name;
        let is_outright = self.is_outright(name);
        let on_base = |failure: &Failure| {
            self.tally(self.base, name, std::slice::from_ref(failure)).is_all_red()
        };
        if !is_outright && failures.iter().all(on_base) {
            return ValidationVerdict::Baseline;
        }
        let (landed, fails) = match &self.outcome {
            Some(IntegrationOutcome::Landed { .. }) => (true, false),
            Some(IntegrationOutcome::Refused(Refusal::CheckFails { .. })) => (false, is_outright),
            Some(
                IntegrationOutcome::DryRun
                | IntegrationOutcome::NothingToLand
                | IntegrationOutcome::Refused(_),
            )
            | None => (false, false),
        };
        // What landed although a run of it was red was judged to be a flake.
        if landed || (!fails && runs.iter().any(|run| run.is_green())) {
            ValidationVerdict::Flaky
        } else {
            ValidationVerdict::Failed
        }
    }
}
