//! What was resolved when a task started is integrated as it is: its conflicts are not resolved a second
//! time, maybe otherwise (landing.md rule 2).

use super::super::error::EngineError;
use crate::adapters::git::{MergeOutcome, MergeRequest, NewCommit, Repo};
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{Integration, Member, MergeRemarks, MergeRequest as Wanted};
use crate::domain::run::{RunState, StartMerge, TaskRecord};

/// A member's work as it is in the start of another task.
pub(in crate::engine) struct Started {
    /// What the merge becomes by it.
    pub(in crate::engine) tree: Oid,
    /// The start, which holds the member's tip and is below whatever the other task does.
    pub(in crate::engine) commit: Oid,
    pub(in crate::engine) remarks: MergeRemarks,
}

/// How this merge was resolved for a task that starts from it: also where that did not succeed, since it
/// starts there again when it is retried.
///
/// # Errors
/// Git.
pub(in crate::engine) fn started(
    repo: &Repo,
    state: &RunState,
    (integration, wanted): (&Integration, &Wanted),
) -> Result<Option<Started>, EngineError> {
    for (index, record) in state.tasks.iter().enumerate() {
        for merge in &record.start_merges {
            let Some(others) = others(integration, wanted, (record, merge)) else { continue };
            let base = if wanted.member.task == merge.with {
                Some(merge.ours)
            } else {
                merged_again(repo, &others)?
            };
            let Some(base) = base else { continue };
            // Nothing keeps it for ever once the run's refs are gone.
            if repo.tree_of(merge.commit).is_err() {
                continue;
            }
            // What the member adds to the others, whatever else is merged so far.
            let theirs = merge.commit;
            let request = MergeRequest { base: Some(base), ours: wanted.onto, theirs };
            if let MergeOutcome::Clean { tree, .. } = repo.merge(request)? {
                let mut remarks = merge.remarks.clone();
                let task = &state.task(index).id;
                remarks.notes.push(format!("that was resolved when `{task}` started from it"));
                return Ok(Some(Started { tree, commit: merge.commit, remarks }));
            }
        }
    }
    Ok(None)
}

/// The tips of the others in a merge that holds the member as it is; `None` where it does not, or where
/// one of them is not merged so far.
fn others(
    integration: &Integration,
    wanted: &Wanted,
    (record, merge): (&TaskRecord, &StartMerge),
) -> Option<Vec<Oid>> {
    let below = integration.merged_into(wanted.onto);
    let last = record.from.iter().position(|(task, _)| *task == merge.with)?;
    let tip_of = |task: &TaskId| {
        let found = integration.spec.members.iter().find(|member| member.task == *task);
        found.map(|member: &Member| member.tip)
    };
    let (mut others, mut is_in_it) = (Vec::new(), false);
    for (task, tip) in &record.from[..=last] {
        if tip_of(task) != Some(*tip) {
            return None;
        }
        if *task == wanted.member.task {
            is_in_it = true;
        } else if below.contains(&task) {
            others.push(*tip);
        } else {
            return None;
        }
    }
    is_in_it.then_some(others)
}

/// These tips merged; `None` where they collide.
fn merged_again(repo: &Repo, tips: &[Oid]) -> Result<Option<Oid>, EngineError> {
    let Some((first, rest)) = tips.split_first() else { return Ok(None) };
    let mut head = *first;
    for tip in rest {
        if repo.is_ancestor(*tip, head)? {
            continue;
        }
        let request = MergeRequest { base: None, ours: head, theirs: *tip };
        let MergeOutcome::Clean { tree, .. } = repo.merge(request)? else { return Ok(None) };
        head = repo.commit_tree(&NewCommit {
            tree,
            parents: vec![head, *tip],
            message: "What a merge is compared with\n".to_owned(),
            author_of: None,
        })?;
    }
    Ok(Some(head))
}
