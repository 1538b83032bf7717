//! The commit that a task starts from.

use super::provision::Job;
use crate::adapters::git::{Expected, GitError, MergeOutcome, MergeRequest, NewCommit, RefUpdate};
use crate::domain::id::{Oid, TaskId};
use crate::domain::run::ProvisionFailure;

/// The base, the one tip, or the merge of several tips, made in memory.
pub(super) fn start_commit(job: &Job) -> Result<Result<Oid, ProvisionFailure>, GitError> {
    if let Some(start) = job.known_start {
        return Ok(Ok(start));
    }
    let repo = &job.site.repo;
    let mut merged: Option<(TaskId, Oid)> = None;
    for (task, tip) in &job.from {
        let Some((first, head)) = &merged else {
            merged = Some((task.clone(), *tip));
            continue;
        };
        if repo.is_ancestor(*tip, *head)? {
            continue;
        }
        if repo.is_ancestor(*head, *tip)? {
            merged = Some((task.clone(), *tip));
            continue;
        }
        let request = MergeRequest { base: None, ours: *head, theirs: *tip };
        let tree = match repo.merge(request)? {
            MergeOutcome::Clean { tree, .. } => tree,
            MergeOutcome::Conflict { paths, .. } => {
                let between = (colliding(job, task, *tip)?.unwrap_or(first.clone()), task.clone());
                return Ok(Err(ProvisionFailure::StartConflict { between, paths }));
            }
            MergeOutcome::Unrelated => {
                let message = format!("`{first}` and `{task}` have no common ancestor");
                return Ok(Err(ProvisionFailure::Other { message }));
            }
            MergeOutcome::TimedOut { limit, engine } => {
                let seconds = limit.as_secs();
                let message =
                    format!("{engine} did not merge `{first}` and `{task}` within {seconds} s");
                return Ok(Err(ProvisionFailure::Other { message }));
            }
            MergeOutcome::NeedsGit { reason } => {
                let message =
                    format!("merging `{first}` and `{task}` needs git 2.38 or newer: {reason}");
                return Ok(Err(ProvisionFailure::Other { message }));
            }
        };
        let id = &job.spec.plan.tasks[job.task].task.id;
        let commit = repo.commit_tree(&NewCommit {
            tree,
            parents: vec![*head, *tip],
            message: format!("Start of task `{id}`: merge `{task}`\n"),
            author_of: None,
        })?;
        merged = Some((first.clone(), commit));
    }
    let start = merged.map_or(job.spec.base, |(_, start)| start);
    if job.from.len() > 1 {
        let id = &job.spec.plan.tasks[job.task].task.id;
        let update = RefUpdate {
            name: format!("refs/wt-orch/{}/{id}/start", job.spec.run),
            new: Some(start),
            expected: Expected::Any,
            message: "wt-orch: start of a task".to_owned(),
        };
        let _any_value_is_replaced = repo.update_ref(&update)?;
    }
    Ok(Ok(start))
}

/// Among the commits merged before `task`, the first that conflicts with it alone.
fn colliding(job: &Job, task: &TaskId, tip: Oid) -> Result<Option<TaskId>, GitError> {
    for (other, other_tip) in job.from.iter().take_while(|(other, _)| other != task) {
        let request = MergeRequest { base: None, ours: *other_tip, theirs: tip };
        if matches!(job.site.repo.merge(request)?, MergeOutcome::Conflict { .. }) {
            return Ok(Some(other.clone()));
        }
    }
    Ok(None)
}
