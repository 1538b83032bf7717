//! Driving an integration: asks the state machine what is next, does it, records what came of it.

use std::sync::Arc;

use super::candidates::{Found, forecast_of, foreign_base, ready};
use super::clean::sweep;
use super::error::EngineError;
use super::guard::{self, Doing, Guard};
use super::jobs::{open_jobs, remove_jobs};
use super::journal::Journal;
use super::landing;
use super::observations::store_conflicts;
use super::site::Site;
use super::validate::{Bench, clear_validations, validate};
use crate::adapters::git::{Expected, MergeOutcome, MergeRequest, NewCommit, RefUpdate};
use crate::adapters::host::signals::Signals;
use crate::adapters::process::adopt_orphans;
use crate::adapters::store::{CostSample, Operation, OperationState};
use crate::adapters::worktree::Trash;
use crate::domain::id::Oid;
use crate::domain::integrate::{
    Ejection, EjectionReason, Integration, IntegrationEvent, IntegrationSpec, Member, Next,
    Strategy, merge_order,
};
use crate::domain::run::{Event, RunSpec, RunState};

/// What to integrate, and how.
#[derive(Debug, Clone)]
pub struct IntegrateRequest {
    /// Branch to land on, instead of the run's target.
    pub onto: Option<String>,
    /// Merge in memory and report only.
    pub dry_run: bool,
    /// How work is combined.
    pub strategy: Strategy,
    /// How often a target that moved is merged again.
    pub target_retries: u32,
}

/// Why an integration does not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntegrateRefusal {
    /// The run has no target and none was named.
    NoTarget,
    /// The target is no branch.
    UnknownTarget {
        /// The name.
        branch: String,
    },
    /// No task of the run is ready.
    NothingReady {
        /// Why, where there is something to say.
        notes: Vec<String>,
    },
    /// A signal came; nothing was landed.
    Interrupted,
}

/// Integrates the run of `journal`. The last integration of its state tells what came of it.
///
/// # Errors
/// Git, the database, or a worktree for the validations.
pub async fn integrate(
    site: &Site,
    journal: &mut Journal,
    request: &IntegrateRequest,
) -> Result<Result<(), IntegrateRefusal>, EngineError> {
    let landed_before = settle_landed(site, journal)?;
    let run_spec = journal.state().spec.clone();
    clear_validations(site, &run_spec).await?;
    // What cannot be deleted is in nobody's way; `clean` says why.
    let _emptied = sweep(site, &run_spec.places)?.map(Trash::finish);
    let (spec, mut notes) = match prepare(site, journal.state(), request)? {
        Ok(prepared) => prepared,
        Err(IntegrateRefusal::NothingReady { .. }) if landed_before => return Ok(Ok(())),
        Err(refusal) => return Ok(Err(refusal)),
    };
    notes.extend(foreign_base(site, &journal.state().spec, &spec)?);
    record(journal, IntegrationEvent::Started { spec: Box::new(spec) })?;
    let now = journal.now();
    journal.record(notes.into_iter().map(|message| Event::Warned { message }).collect(), now)?;
    let (site, unguarded) = site.clone().guarded();
    let unguarded = unguarded.map(|message| Event::Warned { message });
    journal.record(unguarded.into_iter().collect(), now)?;
    let mut signals = Signals::listen()
        .map_err(|source| EngineError::System { what: "listen for signals", source })?;
    let run = journal.run();
    adopt_orphans();
    let site = Site { jobs: open_jobs(&site, journal).await?, ..site };
    let mut bench = Bench::new(&site, run.as_str());
    let result = steps(&site, journal, &mut bench, &mut signals).await;
    if let Err(message) = bench.remove() {
        let message = format!("the validation worktree could not be removed: {message}");
        let now = journal.now();
        journal.record(vec![Event::Warned { message }], now)?;
    }
    remove_jobs(&site, &journal.state().spec);
    store_conflicts(journal)?;
    result
}

/// An integration that was interrupted between moving the target and saying so: `recover` has found
/// its operation done, so it landed.
fn settle_landed(site: &Site, journal: &mut Journal) -> Result<bool, EngineError> {
    let Some(integration) = journal.state().integrations.last() else { return Ok(false) };
    if integration.finished.is_some() || integration.spec.dry_run {
        return Ok(false);
    }
    let (old, new) = (integration.base, integration.head());
    let reference = format!("refs/heads/{}", integration.spec.target);
    let run = journal.run();
    let is_its_landing = |operation: &Operation| {
        operation.state == OperationState::Done
            && !operation.undone
            && operation.undoes.is_none()
            && operation.run.as_ref() == Some(&run)
            && (operation.reference.as_str(), operation.new) == (reference.as_str(), new)
    };
    let Some(operation) = journal.store.operations()?.into_iter().find(is_its_landing) else {
        return Ok(false);
    };
    let holds = site.repo.ref_target(&reference)?;
    if !holds.map_or(Ok(false), |tip| site.repo.is_ancestor(new, tip))? {
        return Ok(false);
    }
    record(
        journal,
        IntegrationEvent::Landed { old, new, operation: operation.id, checkout: None },
    )?;
    record(journal, IntegrationEvent::Finished)?;
    Ok(true)
}

async fn steps(
    site: &Site,
    journal: &mut Journal,
    bench: &mut Bench,
    signals: &mut Signals,
) -> Result<Result<(), IntegrateRefusal>, EngineError> {
    loop {
        let Some(integration) = journal.state().integrations.last() else { return Ok(Ok(())) };
        match integration.next() {
            Next::Done => return Ok(Ok(())),
            Next::Record(events) => {
                for event in events {
                    record(journal, event)?;
                }
            }
            Next::Merge { onto, member } => merge_step(site, journal, onto, &member)?,
            Next::Validate { commit } => {
                record(journal, IntegrationEvent::ValidationRequested { commit })?;
                let Some(event) = validated(journal, bench, signals, commit).await? else {
                    return Ok(Err(IntegrateRefusal::Interrupted));
                };
                record(journal, event)?;
            }
            Next::Land { old, new } => landing::land_step(site, journal, old, new)?,
        }
    }
}

/// Stores one fact of the integration.
pub(super) fn record(journal: &mut Journal, event: IntegrationEvent) -> Result<(), EngineError> {
    let now = journal.now();
    journal.record(vec![Event::Integration { event }], now)
}

fn prepare(
    site: &Site,
    state: &RunState,
    request: &IntegrateRequest,
) -> Result<Result<(IntegrationSpec, Vec<String>), IntegrateRefusal>, EngineError> {
    let spec = &state.spec;
    let Some(target) = request.onto.clone().or_else(|| spec.target.clone()) else {
        return Ok(Err(IntegrateRefusal::NoTarget));
    };
    let Some(old) = site.repo.branch_tip(&target)? else {
        return Ok(Err(IntegrateRefusal::UnknownTarget { branch: target }));
    };
    let Found { members, unfinished, notes } = ready(site, state, old)?;
    if members.is_empty() {
        return Ok(Err(IntegrateRefusal::NothingReady { notes }));
    }
    let matrix = forecast_of(&site.repo, &members)?;
    let (members, order_reason) = if state.is_lane() {
        (members, "in the order in which they ran in their lane".to_owned())
    } else {
        merge_order(members, &matrix)
    };
    let prepared = IntegrationSpec {
        target,
        old,
        members,
        unfinished,
        strategy: request.strategy,
        validations: spec.plan.validations.clone(),
        matrix,
        order_reason,
        engine: site.repo.merge_engine().to_string(),
        dry_run: request.dry_run,
        target_retries: request.target_retries,
    };
    Ok(Ok((prepared, notes)))
}

fn merge_step(
    site: &Site,
    journal: &mut Journal,
    onto: Oid,
    member: &Member,
) -> Result<(), EngineError> {
    let clock = site.clock;
    let before = clock.elapsed();
    let Some(integration) = journal.state().integrations.last() else { return Ok(()) };
    let event = merged(site, &journal.state().spec, integration, onto, member)?;
    let seconds = (clock.elapsed() - before).as_secs_f64();
    let now = journal.now();
    journal.store.observe_cost("merge", CostSample { quantity: 1.0, seconds, at: now })?;
    record(journal, event)
}

/// Landing.md rule 2: a task contributes `start → tip`. A branch is merged with its history; where
/// that history holds work the task does not need (one lane) or is not wanted (squash), only the
/// delta is merged, with `start` as merge base.
fn merged(
    site: &Site,
    spec: &RunSpec,
    integration: &Integration,
    onto: Oid,
    member: &Member,
) -> Result<IntegrationEvent, EngineError> {
    let repo = &site.repo;
    let task = member.task.clone();
    let delta = member.replay || integration.spec.strategy == Strategy::Squash;
    if member.replay && onto == member.start && integration.spec.strategy == Strategy::Merge {
        // The lane continues exactly here: its own commits are what lands.
        return Ok(IntegrationEvent::Merged { task, commit: member.tip });
    }
    let base = delta.then_some(member.start);
    let request = MergeRequest { base, ours: onto, theirs: member.tip };
    let tree = match repo.merge(request)? {
        MergeOutcome::Clean { tree, .. } => tree,
        MergeOutcome::Conflict { paths, hunks, .. } => {
            let (ours, theirs) = (format!("`{}` so far", integration.spec.target), &task);
            let labelled = |text: String| {
                text.replacen("<<<<<<< ours", &format!("<<<<<<< {ours}"), 1).replacen(
                    ">>>>>>> theirs",
                    &format!(">>>>>>> task `{theirs}`"),
                    1,
                )
            };
            let hunks = hunks.into_iter().map(|hunk| labelled(hunk.text)).collect();
            let ejection = integration.conflict(&task, paths, hunks);
            return Ok(IntegrationEvent::Ejected { ejection });
        }
        MergeOutcome::Unrelated => {
            let note = Some("it has no common ancestor with the target".to_owned());
            let plain = Ejection::plain(task, EjectionReason::Conflict);
            return Ok(IntegrationEvent::Ejected { ejection: Ejection { note, ..plain } });
        }
        MergeOutcome::TimedOut { limit, engine } => {
            let note = Some(format!("{engine} did not merge it within {} s", limit.as_secs()));
            let plain = Ejection::plain(task, EjectionReason::Conflict);
            return Ok(IntegrationEvent::Ejected { ejection: Ejection { note, ..plain } });
        }
        MergeOutcome::NeedsGit { reason } => {
            let plain = Ejection::plain(task, EjectionReason::NeedsGit);
            let note = Some(format!("install git 2.38 or newer: {reason}"));
            return Ok(IntegrationEvent::Ejected { ejection: Ejection { note, ..plain } });
        }
    };
    if tree == repo.tree_of(onto)? {
        // Its work is there already, in other commits.
        return Ok(IntegrationEvent::Merged { task, commit: onto });
    }
    let title = member.title.as_deref().unwrap_or(member.task.as_str());
    let (parents, subject) = if delta {
        (vec![onto], title.to_owned())
    } else {
        (vec![onto, member.tip], format!("Merge task `{task}`: {title}"))
    };
    let commit = repo.commit_tree(&NewCommit {
        tree,
        parents,
        message: format!("{subject}\n\nTask: {task}\nRun: {}\n", spec.run),
        author_of: delta.then_some(member.tip),
    })?;
    // Keeps the train's objects from being collected while they are validated.
    let _any_value_is_replaced = repo.update_ref(&RefUpdate {
        name: format!("refs/wt-orch/{}/candidate", spec.run),
        new: Some(commit),
        expected: Expected::Any,
        message: "wt-orch: candidate".to_owned(),
    })?;
    Ok(IntegrationEvent::Merged { task, commit })
}

/// What the validations say of a commit; `None` when they were interrupted.
async fn validated(
    journal: &mut Journal,
    bench: &mut Bench,
    signals: &mut Signals,
    commit: Oid,
) -> Result<Option<IntegrationEvent>, EngineError> {
    let Some(integration) = journal.state().integrations.last() else { return Ok(None) };
    let validations = integration.spec.validations.clone();
    let spec = journal.state().spec.clone();
    let begun = bench.elapsed();
    let reins = bench.reins();
    let (tell, told) = std::sync::mpsc::channel();
    // The receiver lives as long as this function.
    let tell = move |finding| drop(tell.send(finding));
    let guard = Arc::new(Guard::new(bench.site().clone(), journal.state(), Box::new(tell)));
    let work = validate(bench, &spec, &validations, commit);
    let work = guard::watched(guard, None, Doing::Setup, work);
    let runs = reins.conduct(work, signals, journal).await?;
    let findings = told.try_iter().map(|finding| Event::SharedChanged { finding }).collect();
    let now = journal.now();
    journal.record(findings, now)?;
    let Some(runs) = runs else { return Ok(None) };
    let runs = runs.map_err(|message| EngineError::ValidationWorktree { message })?;
    let seconds = (bench.elapsed() - begun).as_secs_f64();
    let now = journal.now();
    journal.store.observe_cost("validate", CostSample { quantity: 1.0, seconds, at: now })?;
    Ok(Some(IntegrationEvent::ValidationFinished { commit, runs }))
}
