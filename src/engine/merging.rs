//! Merging members into the train, and what becomes of one that collides.

use std::sync::Arc;

use super::between_steps::is_interrupted;
use super::error::EngineError;
use super::guard::{self, Doing, Findings};
use super::integrate::{IntegrateRefusal, IntegrateRequest};
use super::journal::Journal;
use super::making::{Made, Maker, merge_request};
use super::resolve::{
    Answers, ByHand, Collision, Conductor, DeskPlace, Mediator, Reach, Resolution, Resolved,
    Unresolved,
};
use super::site::Site;
use super::start_commit::{Started, started};
use crate::adapters::git::{Expected, RefUpdate};
use crate::adapters::host::signals::Signals;
use crate::adapters::store::CostSample;
use crate::domain::id::Oid;
use crate::domain::integrate::{
    Ejection, Integration, IntegrationEvent, MergeRemarks, MergeRequest, Next,
};
use crate::domain::run::Event;

/// What merging needs beside the journal.
pub(super) struct Merging<'a> {
    pub(super) site: &'a Site,
    pub(super) signals: &'a mut Signals,
    pub(super) request: &'a IntegrateRequest,
    /// What the resolver answered in this integration.
    pub(super) answers: &'a Arc<Answers>,
}

/// Makes the merges that are asked for one after the other, as long as nothing else is. They change
/// nothing that anybody sees, so their facts are stored together, and made again after a crash.
pub(super) async fn merge_train(
    journal: &mut Journal,
    merging: &mut Merging<'_>,
    maker: &mut Maker,
) -> Result<Result<(), IntegrateRefusal>, EngineError> {
    let Some(mut ahead) = journal.state().integrations.last().cloned() else { return Ok(Ok(())) };
    let (mut facts, mut merges, mut last) = (Vec::new(), 0.0, None);
    let (mut refusal, mut seconds) = (None, 0.0);
    while let Next::Merge(wanted) = ahead.next() {
        if is_interrupted(journal, merging.signals).await? {
            refusal = Some(IntegrateRefusal::Interrupted);
            break;
        }
        let before = merging.site.clock.elapsed();
        let made = maker.make(&ahead, &wanted)?;
        // How long a resolver takes says nothing of merges.
        seconds += (merging.site.clock.elapsed() - before).as_secs_f64();
        let fact = match made {
            Made::Collides(ejection) => {
                // What a resolver does takes long: what is known until then is not lost.
                record_all(journal, &mut facts)?;
                match settled(journal, merging, maker, (&ahead, &wanted), ejection).await? {
                    Ok(fact) => fact,
                    Err(found) => {
                        refusal = Some(found);
                        break;
                    }
                }
            }
            Made::Commit { commit, remarks, engine } => merged(&wanted, commit, (remarks, engine)),
            Made::Out(ejection) => out(&wanted, ejection),
        };
        if let IntegrationEvent::Merged { commit, trial: false, .. } = &fact {
            last = Some(*commit);
        }
        ahead.apply(&fact, journal.now());
        facts.push(fact);
        merges += 1.0;
    }
    if let Some(commit) = last.filter(|_| !ahead.spec.dry_run) {
        keep_candidate(merging.site, journal, commit)?;
    }
    record_all(journal, &mut facts)?;
    let now = journal.now();
    if merges > 0.0 {
        journal.store.observe_cost("merge", CostSample { quantity: merges, seconds, at: now })?;
    }
    Ok(refusal.map_or(Ok(()), Err))
}

fn record_all(journal: &mut Journal, facts: &mut Vec<IntegrationEvent>) -> Result<(), EngineError> {
    let events: Vec<Event> = facts.drain(..).map(|event| Event::Integration { event }).collect();
    let now = journal.now();
    if events.is_empty() { Ok(()) } else { journal.record(events, now) }
}

/// The fact of a merge.
pub(super) fn merged(
    wanted: &MergeRequest,
    commit: Oid,
    (remarks, engine): (MergeRemarks, Option<String>),
) -> IntegrationEvent {
    let MergeRequest { onto, member, trial } = wanted;
    let task = member.task.clone();
    IntegrationEvent::Merged { task, commit, onto: Some(*onto), trial: *trial, remarks, engine }
}

fn out(wanted: &MergeRequest, ejection: Ejection) -> IntegrationEvent {
    IntegrationEvent::Ejected { ejection, onto: Some(wanted.onto), trial: wanted.trial }
}

/// Keeps the train's objects from being collected while they are validated. No task's refs can be below
/// it: ids start with a letter or a digit.
fn keep_candidate(site: &Site, journal: &Journal, commit: Oid) -> Result<(), EngineError> {
    let _any_value_is_replaced = site.repo.update_ref(&RefUpdate {
        name: format!("refs/wt-orch/{}/_candidate", journal.run()),
        new: Some(commit),
        expected: Expected::Any,
        message: "wt-orch: candidate".to_owned(),
    })?;
    Ok(())
}

/// What becomes of a merge that collides, as far as the settings go.
async fn settled(
    journal: &mut Journal,
    merging: &mut Merging<'_>,
    maker: &mut Maker,
    (ahead, wanted): (&Integration, &MergeRequest),
    mut ejection: Ejection,
) -> Result<Result<IntegrationEvent, IntegrateRefusal>, EngineError> {
    if let Some(Started { tree, commit, remarks }) =
        started(&merging.site.repo, journal.state(), (ahead, wanted))?
    {
        let commit = maker.commit(ahead, wanted, (tree, commit))?;
        return Ok(Ok(merged(wanted, commit, (remarks, None))));
    }
    Ok(match resolved(journal, merging, (ahead, wanted)).await? {
        Resolution::Resolved(Resolved { tree, labels, notes }) => {
            let commit = maker.commit(ahead, wanted, (tree, wanted.member.tip))?;
            let remarks = MergeRemarks { resolved: labels, notes };
            Ok(merged(wanted, commit, (remarks, None)))
        }
        Resolution::Unresolved(Unresolved { refused, notes }) => {
            ejection.refused = refused;
            let notes: Vec<String> = notes.into_iter().chain(ejection.note.take()).collect();
            ejection.note = (!notes.is_empty()).then(|| notes.join("; "));
            Ok(out(wanted, ejection))
        }
        Resolution::LeftByHand { worktree, paths } => {
            let left = ByHand { task: wanted.member.task.clone(), worktree };
            Err(IntegrateRefusal::LeftByHand { left, paths })
        }
        Resolution::Interrupted => Err(IntegrateRefusal::Interrupted),
    })
}

async fn resolved(
    journal: &mut Journal,
    merging: &mut Merging<'_>,
    (ahead, wanted): (&Integration, &MergeRequest),
) -> Result<Resolution, EngineError> {
    let MergeRequest { onto, member, trial } = wanted;
    let (run_spec, spec) = (journal.state().spec.clone(), ahead.spec.clone());
    let below = ahead.merged_into(*onto);
    let others = spec.members.iter().filter(|m| below.contains(&&m.task));
    let collision = Collision {
        target: spec.target.clone(),
        so_far: format!("`{}` so far", spec.target),
        member: member.clone(),
        others: others.cloned().collect(),
        request: merge_request(&spec, *onto, member),
    };
    let Merging { site, signals, request, answers } = merging;
    let reach = match (spec.dry_run, request.by_hand && !trial) {
        (true, _) => Reach::Memory,
        (false, true) => Reach::Hand,
        (false, false) => Reach::Rules,
    };
    let conductor = Conductor::new();
    let (reins, rules) = (conductor.reins(), &request.resolution);
    let terms = &request.terms;
    let place = DeskPlace::of_integration(site, &run_spec);
    let mediator = Mediator { site, spec: &run_spec, rules, reach, terms, answers, reins, place };
    let (guard, findings) = Findings::guarded(site, journal.state());
    let work = guard::watched(guard, None, Doing::Setup, mediator.resolve(collision));
    let done = conductor.conduct(work, signals, journal).await?;
    findings.record(journal)?;
    done.unwrap_or(Ok(Resolution::Interrupted))
}
