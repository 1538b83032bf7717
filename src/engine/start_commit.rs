//! The commit that a task starts from where it starts from the work of several (landing.md rule 3): their
//! merge, made in memory as far as that goes; what collides is resolved as it is while integrating.

mod in_memory;
mod integrated;

use std::sync::Arc;

pub(super) use self::integrated::{Started, started};

use self::in_memory::{Colliding, End, commit, keep};
use super::attempt::chain;
use super::error::EngineError;
use super::guard::{self, Doing, Guard};
use super::reins::Reins;
use super::resolve::{
    Answers, Collision, DeskPlace, Mediator, Reach, Resolution, Resolved, Unresolved,
};
use super::site::Site;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{Member, MergeRemarks, Terms};
use crate::domain::run::{ProvisionFailure, RunSpec, StartMerge};

/// A start that is to be found.
#[derive(Clone)]
pub(super) struct StartJob {
    pub(super) site: Site,
    pub(super) spec: Arc<RunSpec>,
    pub(super) task: usize,
    pub(super) attempt: u32,
    /// What it starts from, in the order in which it is merged.
    pub(super) tips: Vec<Member>,
    /// Merges that were resolved before, for whichever task.
    pub(super) known: Vec<StartMerge>,
    /// Those of them that are known to be this task's.
    pub(super) own: Vec<Oid>,
    /// What reached a branch, oldest first.
    pub(super) landed: Vec<Landed>,
    /// What the resolver answered so far, whichever task it was asked for.
    pub(super) answers: Arc<Answers>,
}

/// A tip whose work reached a branch.
#[derive(Clone)]
pub(super) struct Landed {
    pub(super) task: TaskId,
    pub(super) tip: Oid,
    /// Where the branch was moved to.
    pub(super) landing: Oid,
}

impl StartJob {
    /// Merges all of it. Whatever git alone could not merge is told at once, so that a resolver is asked
    /// only once; the reins reach it.
    pub(super) async fn merged(
        mut self,
        guard: Arc<Guard>,
        reins: Reins,
        tell: impl Fn(StartMerge),
    ) -> Result<Oid, ProvisionFailure> {
        loop {
            let merged = self.aside(in_memory::merged).await??;
            for merge in merged.remarkable {
                if !self.own.contains(&merge.commit) {
                    self.own.push(merge.commit);
                    self.known.push(merge.clone());
                    tell(merge);
                }
            }
            let colliding = match merged.end {
                End::At(start) => return Ok(start),
                End::Collides(colliding) => *colliding,
            };
            if let Some(landed) = self.aside(in_memory::landed).await? {
                return Ok(landed);
            }
            let work = self.resolved(&colliding, reins.clone());
            let resolution = guard::watched(guard.clone(), Some(self.task), Doing::Setup, work);
            let resolved = match resolution.await.map_err(|error| other(chain(&error)))? {
                Resolution::Resolved(resolved) => resolved,
                Resolution::Unresolved(Unresolved { notes, .. }) if !reins.is_stopped() => {
                    return Err(conflict(colliding, notes));
                }
                Resolution::Unresolved(_) | Resolution::Interrupted => {
                    return Err(ProvisionFailure::Stopped);
                }
                // Only `integrate` leaves anything to the user.
                Resolution::LeftByHand { .. } => return Err(conflict(colliding, Vec::new())),
            };
            let merge = self.aside(move |job| store(job, &colliding, resolved)).await?;
            self.own.push(merge.commit);
            self.known.push(merge.clone());
            tell(merge);
            if reins.is_stopped() {
                return Err(ProvisionFailure::Stopped);
            }
        }
    }

    async fn resolved(
        &self,
        colliding: &Colliding,
        reins: Reins,
    ) -> Result<Resolution, EngineError> {
        let spec = &self.spec;
        let id = &spec.plan.tasks[self.task].task.id;
        let collision = Collision {
            target: spec.target.as_ref().unwrap_or(&spec.base_name).clone(),
            so_far: format!("what `{id}` starts from"),
            member: self.tips[colliding.at].clone(),
            others: self.tips[..colliding.at].to_vec(),
            request: colliding.request,
        };
        let mediator = Mediator {
            site: &self.site,
            spec,
            rules: &spec.resolution,
            reach: Reach::Rules,
            terms: &Terms::default(),
            answers: &self.answers,
            reins,
            place: DeskPlace::of_start(&self.site, spec, id, self.attempt),
        };
        mediator.resolve(collision).await
    }

    /// Git is asked on a thread that may wait.
    async fn aside<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Self) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, ProvisionFailure> {
        let job = self.clone();
        let asked = self.site.aside(move |_| ask(&job)).await;
        asked.map_err(|error| other(chain(&error)))
    }
}

/// Makes the merge of what was resolved.
fn store(
    job: &StartJob,
    colliding: &Colliding,
    resolved: Resolved,
) -> Result<StartMerge, EngineError> {
    let Resolved { tree, labels, notes } = resolved;
    let (request, with) = (colliding.request, &job.tips[colliding.at].task);
    let commit = commit(job, request, (tree, with))?;
    keep(job, commit)?;
    let remarks = MergeRemarks { resolved: labels, notes };
    let (ours, theirs, with) = (request.ours, request.theirs, with.clone());
    Ok(StartMerge { ours, with, theirs, commit, remarks })
}

fn conflict(colliding: Colliding, notes: Vec<String>) -> ProvisionFailure {
    let Colliding { between, paths, .. } = colliding;
    ProvisionFailure::StartConflict { between, paths, notes }
}

fn other(message: String) -> ProvisionFailure {
    ProvisionFailure::Other { message }
}
