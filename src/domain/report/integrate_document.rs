//! The JSON document of `integrate`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{SCHEMA, seconds};
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::integrate::{
    Ejection, EjectionReason, FailingSet, ForecastKind, Integration, IntegrationOutcome,
    MatrixCell, MergeRemarks, PathResolution, Refusal, ResolutionLabel, ValidationSummary,
    ValidationVerdict,
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
    /// New branch that was asked for in its place; null otherwise.
    pub branch: Option<String>,
    /// Where the target stood.
    pub old: Oid,
    /// Where it, or the new branch, was put; null unless it landed.
    pub new: Option<Oid>,
    /// Commit with everything in `merged`; null when nothing was merged.
    pub candidate: Option<Oid>,
    /// What makes trees that need a merge.
    pub engine: String,
    /// What made the trees of the candidate, with how many.
    pub engines: BTreeMap<String, usize>,
    /// Tasks that were ready, in merge order.
    pub order: Vec<TaskId>,
    /// Why this order.
    pub order_reason: String,
    /// Tasks in the candidate, in merge order.
    pub merged: Vec<TaskId>,
    /// Tasks that were left out.
    pub ejected: Vec<EjectedEntry>,
    /// The smallest sets of tasks that break a validation, in the order in which they were found.
    pub culprits: Vec<CulpritEntry>,
    /// Paths of the candidate that did not merge by themselves.
    pub resolved: Vec<ResolvedEntry>,
    /// What else is to be said of merges of the candidate.
    pub notes: Vec<String>,
    /// Predicted conflicts by pair.
    pub matrix: Vec<MatrixEntry>,
    /// Predicted conflicts of each task (`a`) with the target, in a dry run, and with the branches
    /// named by `--with` (`b`); null where that was not asked for.
    pub against: Option<Vec<MatrixEntry>>,
    /// Commands that had to pass on the candidate.
    pub validation: Vec<ValidationEntry>,
    /// Runs of validations in all, on the candidate, on parts of it and on the target.
    pub validations_run: usize,
    /// Number that `undo` takes; null unless it landed.
    pub operation: Option<u64>,
    /// What others got of it; null unless that was asked for and it landed.
    pub publication: Option<Publication>,
}

/// A push that was asked for, and a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Publication {
    /// Name or address of the other repository.
    pub remote: String,
    /// Branch there.
    pub branch: String,
    /// It holds what landed.
    pub pushed: bool,
    /// The push or the pull request was tried and failed.
    pub failed: bool,
    /// Address of the pull request; null where none was made.
    pub pull_request: Option<String>,
    /// Commands that are left to do by hand.
    pub commands: Vec<String>,
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
    /// Those of them of which a resolution was tried and refused.
    pub refused: Vec<String>,
    /// Excerpts of the conflict.
    pub hunks: Vec<String>,
    /// What fails with it: tests by name, or the validation where it does not say.
    pub tests: Vec<String>,
    /// One sentence where the fields do not say it all.
    pub note: Option<String>,
}

/// A set of tasks that breaks a validation: without any one of them it passes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CulpritEntry {
    /// The tasks, in merge order.
    pub tasks: Vec<TaskId>,
    /// Name of the validation.
    pub validation: String,
    /// What fails: tests by name, or the validation where it does not say.
    pub tests: Vec<String>,
    /// How often it fails with them, 0 to 1; null where it always does.
    pub rate: Option<f64>,
    /// The last of the shortest failing part of the train, since no smaller set was found to fail.
    pub by_prefix: bool,
}

/// A path that did not merge by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResolvedEntry {
    /// Task with which it collided.
    pub task: TaskId,
    /// The path.
    pub path: String,
    /// By what it was resolved.
    pub by: ResolutionLabel,
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
    /// Excerpts of the conflict, of the first conflicts of an answer; empty where none were asked for.
    #[serde(default)]
    pub hunks: Vec<String>,
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
    /// It was not run: the same tree passed it before in the same surroundings.
    pub cached: bool,
    /// Path of the output of its last run that failed, else of its last run; null when nothing ran.
    pub log: Option<String>,
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
        branch: spec.branch.clone(),
        old: landed.map_or(integration.base, |(old, _, _)| old),
        new: landed.map(|(_, new, _)| new),
        candidate: integration.train().last().map(|(_, commit)| *commit),
        engine: spec.engine.clone(),
        engines: integration.engines().into_iter().map(|(e, n)| (e.to_owned(), n)).collect(),
        order: spec.members.iter().map(|member| member.task.clone()).collect(),
        order_reason: spec.order_reason.clone(),
        merged: integration.train().into_iter().map(|(task, _)| task.clone()).collect(),
        ejected: integration.ejected().iter().map(EjectedEntry::from).collect(),
        culprits: integration.failing_sets.iter().map(CulpritEntry::from).collect(),
        resolved: resolved(integration),
        notes: integration.remarks().iter().flat_map(|(_, r)| r.notes.clone()).collect(),
        matrix: spec.matrix.iter().map(MatrixEntry::from).collect(),
        against: None,
        validation: integration
            .summaries()
            .into_iter()
            .map(|summary| validation_entry(integration, summary))
            .collect(),
        validations_run: integration.validations_run(),
        operation: landed.map(|(_, _, operation)| operation),
        publication: None,
    }
}

fn resolved(integration: &Integration) -> Vec<ResolvedEntry> {
    integration.remarks().into_iter().flat_map(resolved_entries).collect()
}

/// What did not merge by itself of this task's work.
pub(super) fn resolved_entries<'r>(
    (task, remarks): (&'r TaskId, &'r MergeRemarks),
) -> impl Iterator<Item = ResolvedEntry> + 'r {
    let entry = |one: &PathResolution| ResolvedEntry {
        task: task.clone(),
        path: one.path.clone(),
        by: one.label,
    };
    remarks.resolved.iter().map(entry)
}

impl From<&FailingSet> for CulpritEntry {
    fn from(set: &FailingSet) -> Self {
        Self {
            tasks: set.members.clone(),
            validation: set.validation.clone(),
            tests: set.failing_names(),
            rate: set.rates.map(|rates| rates.with),
            by_prefix: set.by_prefix,
        }
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
            refused: ejection.refused,
            hunks: ejection.hunks,
            tests: ejection.tests,
            note: ejection.note,
        }
    }
}

impl From<&MatrixCell> for MatrixEntry {
    fn from(cell: &MatrixCell) -> Self {
        let MatrixCell { a, b, forecast, paths, note } = cell.clone();
        Self { a, b, forecast, paths, note, hunks: Vec::new() }
    }
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
        Refusal::RedBase { .. }
        | Refusal::CheckFails { .. }
        | Refusal::TargetMoved { .. }
        | Refusal::TargetGone
        | Refusal::BranchTaken { .. } => None,
    }
}

fn validation_entry(integration: &Integration, summary: ValidationSummary<'_>) -> ValidationEntry {
    ValidationEntry {
        name: summary.name.to_owned(),
        command: command_of(integration, summary.name).to_owned(),
        outcome: summary.verdict,
        ending: summary.ending.to_owned(),
        duration_s: seconds(summary.duration.as_secs_f64()),
        failing: summary.failing,
        tainted: summary.tainted.to_vec(),
        cached: summary.cached,
        log: summary.log.map(str::to_owned),
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
