//! Merging what a task starts from without a worktree.

use super::{Landed, StartJob};
use crate::adapters::git::{
    Expected, GitError, MergeOutcome, MergeRequest, NewCommit, RefUpdate, Repo,
};
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{Member, MergeRemarks};
use crate::domain::run::{ProvisionFailure, StartMerge};
use crate::engine::error::EngineError;
use crate::engine::resolve::driven;

/// How far it went.
pub(super) struct Merged {
    /// Merges that were resolved before, or came about by merge drivers of the user's.
    pub(super) remarkable: Vec<StartMerge>,
    pub(super) end: End,
}

/// Where it ended.
pub(super) enum End {
    /// All is merged.
    At(Oid),
    /// One collides.
    Collides(Box<Colliding>),
}

/// A merge that collides.
pub(super) struct Colliding {
    /// Place of the tip that collides with those before it.
    pub(super) at: usize,
    pub(super) request: MergeRequest,
    pub(super) between: (TaskId, TaskId),
    pub(super) paths: Vec<String>,
}

/// Merges one tip after the other, those that were resolved before as they were.
pub(super) fn merged(job: &StartJob) -> Result<Result<Merged, ProvisionFailure>, EngineError> {
    let repo = &job.site.repo;
    let mut remarkable = Vec::new();
    let mut head: Option<Oid> = None;
    for (at, member) in job.tips.iter().enumerate() {
        let (task, tip) = (&member.task, member.tip);
        let Some(ours) = head else {
            head = Some(tip);
            continue;
        };
        if repo.is_ancestor(tip, ours)? {
            continue;
        }
        if repo.is_ancestor(ours, tip)? {
            head = Some(tip);
            continue;
        }
        if let Some(merge) = known(job, (ours, tip)) {
            head = Some(merge.commit);
            remarkable.push(merge.clone());
            continue;
        }
        let request = MergeRequest { base: None, ours, theirs: tip };
        let first = &job.tips[0].task;
        let failed = |message| Ok(Err(ProvisionFailure::Other { message }));
        let tree = match repo.merge(request)? {
            MergeOutcome::Clean { tree, .. } => tree,
            MergeOutcome::Conflict { paths, .. } => {
                let between = (colliding(job, at)?.unwrap_or(first).clone(), task.clone());
                let end = End::Collides(Box::new(Colliding { at, request, between, paths }));
                return Ok(Ok(Merged { remarkable, end }));
            }
            MergeOutcome::Unrelated => {
                return failed(format!("`{first}` and `{task}` have no common ancestor"));
            }
            MergeOutcome::TimedOut { limit, engine } => {
                let seconds = limit.as_secs();
                return failed(format!(
                    "{engine} did not merge `{first}` and `{task}` within {seconds} s"
                ));
            }
            MergeOutcome::NeedsGit { reason } => {
                return failed(format!(
                    "merging `{first}` and `{task}` needs git 2.38 or newer: {reason}"
                ));
            }
        };
        let commit = commit(job, request, (tree, task))?;
        let resolved = driven(repo, request)?;
        if !resolved.is_empty() {
            let remarks = MergeRemarks { resolved, notes: Vec::new() };
            let with = task.clone();
            remarkable.push(StartMerge { ours, with, theirs: tip, commit, remarks });
        }
        head = Some(commit);
    }
    let start = head.unwrap_or(job.spec.base);
    keep(job, start)?;
    Ok(Ok(Merged { remarkable, end: End::At(start) }))
}

/// What these two became when they were resolved. What is merged into may have been made anew since, of
/// the same content.
fn known(job: &StartJob, (ours, theirs): (Oid, Oid)) -> Option<&StartMerge> {
    let tree = |commit: Oid| job.site.repo.tree_of(commit).ok();
    let of_it = |merge: &&StartMerge| {
        merge.theirs == theirs && (merge.ours == ours || tree(merge.ours) == tree(ours))
    };
    // Nothing keeps it for ever once the run's refs are gone.
    job.known.iter().filter(of_it).find(|merge| tree(merge.commit).is_some())
}

/// Among the tips merged before this one, the first that conflicts with it alone.
fn colliding(job: &StartJob, at: usize) -> Result<Option<&TaskId>, GitError> {
    for other in &job.tips[..at] {
        let request = MergeRequest { base: None, ours: other.tip, theirs: job.tips[at].tip };
        if matches!(job.site.repo.merge(request)?, MergeOutcome::Conflict { .. }) {
            return Ok(Some(&other.task));
        }
    }
    Ok(None)
}

/// The merge of a tip, whose tree is given.
pub(super) fn commit(
    job: &StartJob,
    request: MergeRequest,
    (tree, with): (Oid, &TaskId),
) -> Result<Oid, GitError> {
    let id = &job.spec.plan.tasks[job.task].task.id;
    job.site.repo.commit_tree(&NewCommit {
        tree,
        parents: vec![request.ours, request.theirs],
        message: format!("Start of task `{id}`: merge `{with}`\n"),
        author_of: None,
    })
}

/// Keeps a commit from being collected.
pub(super) fn keep(job: &StartJob, commit: Oid) -> Result<(), GitError> {
    let id = &job.spec.plan.tasks[job.task].task.id;
    let update = RefUpdate {
        name: format!("refs/wt-orch/{}/{id}/start", job.spec.run),
        new: Some(commit),
        expected: Expected::Any,
        message: "wt-orch: start of a task".to_owned(),
    };
    job.site.repo.update_ref(&update).map(|_any_value_is_replaced| ())
}

/// The last landing, where the target still holds it and with it the work of all of them: whoever landed
/// them has resolved their conflicts.
pub(super) fn landed(job: &StartJob) -> Result<Option<Oid>, EngineError> {
    let repo = &job.site.repo;
    let Some(Landed { landing: last, .. }) = job.landed.last() else { return Ok(None) };
    let Some(target) = &job.spec.target else { return Ok(None) };
    let Some(tip) = repo.branch_tip(target)? else { return Ok(None) };
    if !repo.is_ancestor(*last, tip)? {
        return Ok(None);
    }
    for member in &job.tips {
        if !holds(repo, *last, (job, member))? {
            return Ok(None);
        }
    }
    Ok(Some(*last))
}

/// Whether a landing of this very tip is in the last one: a task that ran again has more to give.
fn holds(repo: &Repo, last: Oid, (job, member): (&StartJob, &Member)) -> Result<bool, GitError> {
    let is_its = |landed: &&Landed| landed.task == member.task && landed.tip == member.tip;
    for landed in job.landed.iter().filter(is_its) {
        if repo.is_ancestor(landed.landing, last)? {
            return Ok(true);
        }
    }
    Ok(false)
}
