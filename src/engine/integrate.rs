//! Driving an integration: asks the state machine what is next, does it, records what came of it.

use std::sync::Arc;

use super::between_steps::is_interrupted;
use super::candidates::{Found, forecast_of, foreign_base, ready};
use super::clean::sweep;
use super::error::EngineError;
use super::jobs::{open_jobs, remove_jobs};
use super::journal::Journal;
use super::landing;
use super::making::Maker;
use super::merging::{Merging, merge_train};
use super::observations::store_conflicts;
use super::resolve::{Answers, ByHand, left_by_hand};
use super::site::Site;
use super::validate::{Crew, Turn, ValidateRules, clear_validations, flagged, ordered};
use crate::adapters::host::signals::Signals;
use crate::adapters::process::adopt_orphans;
use crate::adapters::store::{Operation, OperationState, Store};
use crate::adapters::worktree::Trash;
use crate::domain::id::Oid;
use crate::domain::integrate::{
    IntegrationEvent, IntegrationSpec, Next, Refusal, ResolutionRules, Strategy, Terms, merge_order,
};
use crate::domain::race::{RaceSpec, Reproduction};
use crate::domain::report::race_facts;
use crate::domain::run::{Event, RunState};
use crate::domain::task::ARM_VARIABLE;

/// What to integrate, and how.
#[derive(Debug, Clone)]
pub struct IntegrateRequest {
    /// Where to land, and what else was asked for in so many words.
    pub terms: Terms,
    /// Merge in memory and report only.
    pub dry_run: bool,
    /// How work is combined.
    pub strategy: Strategy,
    /// How often a target that moved is merged again.
    pub target_retries: u32,
    /// Whether each merge of git's is made once more by libgit2 and compared.
    pub verify_merge: bool,
    /// Runs of a flaky test, on each side, before it is judged.
    pub flake_runs: u32,
    /// What may resolve conflicts.
    pub resolution: ResolutionRules,
    /// Conflicts that nothing but a resolver could resolve are left to the user.
    pub by_hand: bool,
    /// Validations at once, 1 or more.
    pub slots: u32,
    /// What holds for validations.
    pub validating: ValidateRules,
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
    /// No arm of the race is proved.
    NoArmProved {
        /// The base has what the race is about, as far as that was asked.
        reproduced: bool,
        /// The command that holds a race of the same file.
        again: String,
    },
    /// A conflict was left to the user.
    LeftByHand {
        /// Which, and where.
        left: ByHand,
        /// What is in conflict.
        paths: Vec<String>,
    },
    /// One that was left before is not resolved.
    OpenByHand {
        /// Which, and where.
        left: ByHand,
    },
    /// What was ready could not land on this branch anyway.
    Obstacle {
        /// The branch.
        branch: String,
        /// Why.
        refusal: Refusal,
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
    if let Some(left) = left_by_hand(site, &run_spec)?.filter(|_| !request.dry_run) {
        return Ok(Err(IntegrateRefusal::OpenByHand { left }));
    }
    // What cannot be deleted is in nobody's way; `clean` says why.
    let _emptied = sweep(site, &run_spec.places)?.map(Trash::finish);
    let (spec, mut notes) = match prepare(site, &journal.store, journal.state(), request)? {
        Ok(prepared) => prepared,
        Err(
            IntegrateRefusal::NothingReady { .. }
            | IntegrateRefusal::Obstacle { refusal: Refusal::BranchTaken { .. }, .. },
        ) if landed_before => return Ok(Ok(())),
        Err(refusal) => return Ok(Err(refusal)),
    };
    notes.extend(foreign_base(site, &journal.state().spec, &spec)?);
    record(journal, IntegrationEvent::Started { spec: Box::new(spec) })?;
    let now = journal.now();
    journal.record(notes.into_iter().map(|message| Event::Warned { message }).collect(), now)?;
    warn_of_pinned(site, journal, request)?;
    let (site, unguarded) = site.clone().guarded();
    let unguarded = unguarded.map(|message| Event::Warned { message });
    journal.record(unguarded.into_iter().collect(), now)?;
    let mut signals = Signals::listen()
        .map_err(|source| EngineError::System { what: "listen for signals", source })?;
    adopt_orphans();
    let site = Site { jobs: open_jobs(&site, journal).await?, ..site };
    let mut crew = Crew::new(&site, journal.state(), request.validating.clone());
    let result = steps(&site, journal, &mut crew, &mut signals, request).await;
    let left = crew.close().await;
    let now = journal.now();
    journal.record(left.into_iter().map(|message| Event::Warned { message }).collect(), now)?;
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
    if old == new {
        // It merged nothing yet: what landed there was landed before it.
        return Ok(false);
    }
    let reference = format!("refs/heads/{}", integration.spec.destination());
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
    crew: &mut Crew,
    signals: &mut Signals,
    request: &IntegrateRequest,
) -> Result<Result<(), IntegrateRefusal>, EngineError> {
    let mut maker = Maker::new(site, journal.run(), request.verify_merge);
    let answers = Arc::new(Answers::default());
    loop {
        let Some(integration) = journal.state().integrations.last() else { return Ok(Ok(())) };
        match integration.next() {
            Next::Done => return Ok(Ok(())),
            Next::Record(events) => {
                for event in events {
                    record(journal, event)?;
                }
            }
            Next::Merge(_) => {
                let mut merging = Merging { site, signals, request, answers: &answers };
                if let Err(refusal) = merge_train(journal, &mut merging, &mut maker).await? {
                    if refusal == IntegrateRefusal::Interrupted {
                        crew.stop(journal, signals).await?;
                    }
                    return Ok(Err(refusal));
                }
            }
            Next::Validate(requests) => match crew.turn(journal, signals, &requests).await? {
                Turn::Went => {}
                Turn::Idle => return Ok(Ok(())),
                Turn::Interrupted => return Ok(Err(IntegrateRefusal::Interrupted)),
            },
            Next::Land { old, new } => {
                if crew.dismiss(journal, signals).await? == Turn::Interrupted
                    || is_interrupted(journal, signals).await?
                {
                    return Ok(Err(IntegrateRefusal::Interrupted));
                }
                landing::land_step(site, journal, old, new)?;
            }
        }
    }
}

/// Why an integration would not begin, as far as that is known before anything is merged.
///
/// # Errors
/// Git or the file system.
pub fn early_refusal(
    site: &Site,
    journal: &Journal,
    request: &IntegrateRequest,
) -> Result<Option<IntegrateRefusal>, EngineError> {
    Ok(ground((site, &journal.store), journal.state(), request)?.err())
}

/// Stores one fact of the integration.
pub(super) fn record(journal: &mut Journal, event: IntegrationEvent) -> Result<(), EngineError> {
    journal.note(Event::Integration { event })
}

/// Says which members change what validations take from the target.
fn warn_of_pinned(
    site: &Site,
    journal: &mut Journal,
    request: &IntegrateRequest,
) -> Result<(), EngineError> {
    let Some(integration) = journal.state().integrations.last() else { return Ok(()) };
    let spec = &integration.spec;
    if spec.dry_run || spec.validations.is_empty() {
        return Ok(());
    }
    let told = (&spec.members[..], &spec.validations[..]);
    let warnings = flagged(&site.repo, &request.validating.pins, told)?;
    let now = journal.now();
    journal.record(warnings, now)
}

/// What is to land, and on what.
struct Ground {
    target: String,
    old: Oid,
    found: Found,
}

/// Looks where the integration would stand, and whether it could land there.
fn ground(
    (site, store): (&Site, &Store),
    state: &RunState,
    request: &IntegrateRequest,
) -> Result<Result<Ground, IntegrateRefusal>, EngineError> {
    let terms = &request.terms;
    let Some(target) = terms.onto.clone().or_else(|| state.spec.target.clone()) else {
        return Ok(Err(IntegrateRefusal::NoTarget));
    };
    let Some(old) = site.repo.branch_tip(&target)? else {
        return Ok(Err(IntegrateRefusal::UnknownTarget { branch: target }));
    };
    let target = site.repo.branch_behind(&target)?;
    if let Some(race) = race_facts(state).filter(|_| terms.arm.is_none())
        && race.ranking().winner().is_none()
    {
        let reproduced = race.reproduction() != Some(Reproduction::NotReproduced);
        let again = state.spec.kind.race().map(RaceSpec::again).unwrap_or_default();
        return Ok(Err(IntegrateRefusal::NoArmProved { reproduced, again }));
    }
    let found = ready((site, store), state, (old, terms.arm.as_ref()))?;
    if found.members.is_empty() {
        return Ok(Err(IntegrateRefusal::NothingReady { notes: found.notes }));
    }
    let obstacle = match &terms.branch {
        _ if request.dry_run => None,
        Some(branch) => landing::branch_obstacle(site, branch)?,
        None => landing::obstacle(site, &target, old, &found.members)?,
    };
    if let Some(refusal) = obstacle {
        let branch = terms.branch.clone().unwrap_or(target);
        return Ok(Err(IntegrateRefusal::Obstacle { branch, refusal }));
    }
    Ok(Ok(Ground { target, old, found }))
}

/// What an integration would begin with, and what is to be said about it.
pub(super) fn prepare(
    site: &Site,
    store: &Store,
    state: &RunState,
    request: &IntegrateRequest,
) -> Result<Result<(IntegrationSpec, Vec<String>), IntegrateRefusal>, EngineError> {
    let (spec, terms) = (&state.spec, &request.terms);
    let Ground { target, old, found } = match ground((site, store), state, request)? {
        Ok(ground) => ground,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Found { members, unfinished, notes } = found;
    let matrix = forecast_of(&site.repo, &members)?;
    let is_race = spec.kind.race().is_some();
    let arms = members.iter().filter_map(|member| state.index(&member.task)).filter(|_| is_race);
    let arm_env = arms.flat_map(|arm| state.task(arm).env.keys().cloned());
    let arm_env = arm_env.filter(|name| name != ARM_VARIABLE).collect();
    let (members, order_reason) = if state.is_lane() && !state.is_apart() {
        (members, "in the order in which they ran in their lane".to_owned())
    } else {
        merge_order(members, &matrix)
    };
    let prepared = IntegrationSpec {
        target,
        branch: terms.branch.clone(),
        old,
        members,
        unfinished,
        strategy: request.strategy,
        validations: ordered(spec.plan.validations.clone(), store)?,
        matrix,
        order_reason,
        engine: site.repo.merge_engine().to_string(),
        dry_run: request.dry_run,
        target_retries: request.target_retries,
        slots: request.slots,
        flake_runs: request.flake_runs,
        arm: terms.arm.clone(),
        keep: terms.keep.clone(),
        allow_red_base: terms.allow_red_base,
        arm_env,
    };
    Ok(Ok((prepared, notes)))
}
