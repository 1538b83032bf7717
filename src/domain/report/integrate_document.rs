//! The JSON document of `integrate`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{SCHEMA, seconds};
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::integrate::{
    Ejection, EjectionReason, ForecastKind, Integration, IntegrationOutcome, MatrixCell, Refusal,
    ValidationRun, ValidationVerdict,
};

/// What `integrate` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IntegrateDocument {
    /// Always 1.
    pub schema: u32,
    /// Name of the run.
    pub run: RunId,
    /// How it ended; null while it is under way.
    pub result: Option<IntegrationResult>,
    /// Why nothing landed although something was ready.
    pub refusal: Option<String>,
    /// The command that resolves a refusal.
    pub resolve: Option<String>,
    /// Branch to land on.
    pub target: String,
    /// Where it stood.
    pub old: Oid,
    /// Where it was put; null unless it landed.
    pub new: Option<Oid>,
    /// Commit with everything in `merged`; null when nothing was merged.
    pub candidate: Option<Oid>,
    /// What made the trees.
    pub engine: String,
    /// Tasks that were ready, in merge order.
    pub order: Vec<TaskId>,
    /// Why this order.
    pub order_reason: String,
    /// Tasks in the candidate, in merge order.
    pub merged: Vec<TaskId>,
    /// Tasks that were left out.
    pub ejected: Vec<EjectedEntry>,
    /// Predicted conflicts by pair.
    pub matrix: Vec<MatrixEntry>,
    /// Commands that had to pass on the candidate.
    pub validation: Vec<ValidationEntry>,
    /// Number that `undo` takes; null unless it landed.
    pub operation: Option<u64>,
}

/// How an integration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationResult {
    /// The target moved.
    Landed,
    /// Merged in memory only, as asked.
    DryRun,
    /// Nothing was ready, or everything ready was left out.
    NothingToLand,
    /// Something was ready and the target was not moved.
    Refused,
}

/// A task that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EjectedEntry {
    /// The task.
    pub id: TaskId,
    /// Why.
    pub reason: EjectionReason,
    /// The other tasks concerned; empty when it collides with the target itself.
    pub with: Vec<TaskId>,
    /// Paths in conflict.
    pub paths: Vec<String>,
    /// Excerpts of the conflict.
    pub hunks: Vec<String>,
    /// Names of failing validations.
    pub tests: Vec<String>,
    /// One sentence where the fields do not say it all.
    pub note: Option<String>,
}

/// A predicted conflict or its absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatrixEntry {
    /// The one that stands first in the file.
    pub a: String,
    /// The other.
    pub b: String,
    /// The prediction.
    pub forecast: ForecastKind,
    /// Paths concerned.
    pub paths: Vec<String>,
    /// Why nothing could be predicted.
    pub note: Option<String>,
}

/// A command that had to pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValidationEntry {
    /// Its name.
    pub name: String,
    /// The command.
    pub command: String,
    /// How it came out.
    pub outcome: ValidationVerdict,
    /// How it ended, in words.
    pub ending: String,
    /// How long it took, seconds.
    pub duration_s: f64,
    /// Names of the tests that failed; null where it does not say.
    pub failing: Option<Vec<String>>,
    /// Tracked files it changed: such a tree never lands.
    pub tainted: Vec<String>,
}

/// The document of an integration of `run`.
pub fn from_integration(run: &RunId, integration: &Integration) -> IntegrateDocument {
    let spec = &integration.spec;
    let mut landed = None;
    let mut refusal = None;
    match &integration.outcome {
        Some(IntegrationOutcome::Landed { old, new, operation, .. }) => {
            landed = Some((*old, *new, *operation));
        }
        Some(IntegrationOutcome::Refused(found)) => refusal = Some(found),
        Some(IntegrationOutcome::DryRun | IntegrationOutcome::NothingToLand) | None => {}
    }
    IntegrateDocument {
        schema: SCHEMA,
        run: run.clone(),
        result: integration.outcome.as_ref().map(result_word),
        refusal: refusal.map(ToString::to_string),
        resolve: refusal.and_then(resolving_command).map(str::to_owned),
        target: spec.target.clone(),
        old: landed.map_or(integration.base, |(old, _, _)| old),
        new: landed.map(|(_, new, _)| new),
        candidate: integration.train.last().map(|(_, commit)| *commit),
        engine: spec.engine.clone(),
        order: spec.members.iter().map(|member| member.task.clone()).collect(),
        order_reason: spec.order_reason.clone(),
        merged: integration.train.iter().map(|(task, _)| task.clone()).collect(),
        ejected: integration.ejected.iter().map(EjectedEntry::from).collect(),
        matrix: spec.matrix.iter().map(MatrixEntry::from).collect(),
        validation: candidate_runs(integration)
            .into_iter()
            .map(|(run, verdict)| validation_entry(integration, run, verdict))
            .collect(),
        operation: landed.map(|(_, _, operation)| operation),
    }
}

impl From<&Ejection> for EjectedEntry {
    fn from(ejection: &Ejection) -> Self {
        let ejection = ejection.clone();
        Self {
            id: ejection.task,
            reason: ejection.reason,
            with: ejection.with,
            paths: ejection.paths,
            hunks: ejection.hunks,
            tests: ejection.tests,
            note: ejection.note,
        }
    }
}

impl From<&MatrixCell> for MatrixEntry {
    fn from(cell: &MatrixCell) -> Self {
        let MatrixCell { a, b, forecast, paths, note } = cell.clone();
        Self { a, b, forecast, paths, note }
    }
}

/// Validation of the candidate; of the last commit that was validated when the candidate was not.
/// A command that fails on the target as well is `baseline`.
pub(super) fn candidate_runs(
    integration: &Integration,
) -> Vec<(&ValidationRun, ValidationVerdict)> {
    let last = integration.validations.last().map_or(&[][..], |(_, runs)| runs);
    let runs = match integration.runs(integration.head()) {
        [] => last,
        runs => runs,
    };
    let red_before = |name: &str| {
        let before = integration.runs(integration.base).iter();
        before.filter(|run| run.verdict == ValidationVerdict::Failed).any(|run| run.name == name)
    };
    let verdict = |run: &ValidationRun| {
        let red = run.verdict == ValidationVerdict::Failed;
        if red && red_before(&run.name) { ValidationVerdict::Baseline } else { run.verdict }
    };
    runs.iter().map(|run| (run, verdict(run))).collect()
}

/// The command of a validation by its name.
pub(super) fn command_of<'a>(integration: &'a Integration, name: &str) -> &'a str {
    let declared = integration.spec.validations.iter().find(|declared| declared.name == name);
    declared.map_or("", |declared| declared.run.as_str())
}

/// The command that resolves a refusal, where one can be named.
pub(super) fn resolving_command(refusal: &Refusal) -> Option<&str> {
    match refusal {
        Refusal::Checkout { resolve, .. } => Some(resolve),
        Refusal::RedBase { .. } | Refusal::TargetMoved { .. } | Refusal::TargetGone => None,
    }
}

fn validation_entry(
    integration: &Integration,
    run: &ValidationRun,
    outcome: ValidationVerdict,
) -> ValidationEntry {
    ValidationEntry {
        name: run.name.clone(),
        command: command_of(integration, &run.name).to_owned(),
        outcome,
        ending: run.ending.clone(),
        duration_s: seconds(run.duration.as_secs_f64()),
        failing: (outcome == ValidationVerdict::Passed).then(Vec::new),
        tainted: run.tainted.clone(),
    }
}

fn result_word(outcome: &IntegrationOutcome) -> IntegrationResult {
    match outcome {
        IntegrationOutcome::Landed { .. } => IntegrationResult::Landed,
        IntegrationOutcome::DryRun => IntegrationResult::DryRun,
        IntegrationOutcome::NothingToLand => IntegrationResult::NothingToLand,
        IntegrationOutcome::Refused(_) => IntegrationResult::Refused,
    }
}
