//! What a run has for its target: which branches are ready, what of the target they stand on, and
//! how they are predicted to merge.

use super::error::EngineError;
use super::forecast::told;
use super::landing::has_landed;
use super::later_runs::later_maker;
use super::site::Site;
use crate::adapters::git::{ForecastTip, Repo};
use crate::adapters::store::Store;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{IntegrationSpec, MatrixCell, Member, Strategy};
use crate::domain::report::race_winner;
use crate::domain::run::{RunKind, RunSpec, RunState};

/// What is ready to land, what is not, and what is to be said about it.
#[derive(Default)]
pub(super) struct Found {
    pub(super) members: Vec<Member>,
    pub(super) unfinished: Vec<TaskId>,
    pub(super) notes: Vec<String>,
}

/// Tasks that succeeded and whose work the target does not hold yet. The branches are asked, not
/// the journal: commits that somebody added count, and what was deleted is left out.
/// Of a race only the winner, or the arm that is asked for, is looked at.
pub(super) fn ready(
    (site, store): (&Site, &Store),
    state: &RunState,
    (target, arm): (Oid, Option<&TaskId>),
) -> Result<Found, EngineError> {
    let mut found = Found::default();
    let landing = match state.spec.kind {
        RunKind::Split => None,
        RunKind::Race(_) => Some(arm.cloned().or_else(|| race_winner(state))),
        RunKind::Test(_) => Some(None),
    };
    for (index, record) in state.tasks.iter().enumerate() {
        let task = state.task(index);
        let meant = landing.as_ref().is_none_or(|arm| arm.as_ref() == Some(&task.id));
        if task.work.is_gate() || record.is_left_out() || !meant {
            continue;
        }
        let (Some(start), Some(tip), true) = (record.start, record.tip, record.state.succeeded())
        else {
            found.unfinished.push(task.id.clone());
            continue;
        };
        let Some(branch) = state.spec.places[index].branch.clone() else { continue };
        let Some(head) = site.repo.branch_tip(&branch)? else {
            if !record.changed.is_empty() && !has_landed(&site.repo, state, (index, tip), target)? {
                found.unfinished.push(task.id.clone());
                found.notes.push(format!(
                    "`{}` is left out: its branch `{branch}` is gone; `git branch {branch} {}` \
                     brings it back",
                    task.id,
                    tip.short()
                ));
            }
            continue;
        };
        if head != tip
            && let Some(later) = later_maker((site, store), state, (index, head))?
        {
            if !record.changed.is_empty() && !has_landed(&site.repo, state, (index, tip), target)? {
                found.unfinished.push(task.id.clone());
                found.notes.push(format!(
                    "`{}` is left out: its branch `{branch}` is gone, and run `{later}` made another \
                     of that name; `wt-orch clean {later}`, then `git branch {branch} {}` brings it \
                     back",
                    task.id,
                    tip.short()
                ));
            }
            continue;
        }
        let landed = has_landed(&site.repo, state, (index, head), target)?;
        let unchanged = head == tip && record.changed.is_empty();
        if landed || unchanged || site.repo.is_ancestor(head, target)? {
            continue;
        }
        if head != tip {
            found.notes.push(format!(
                "`{branch}` moved after task `{}` was over: what it holds now ({}) is merged, which \
                 the task's own check has not seen",
                task.id,
                head.short()
            ));
        }
        found.members.push(Member {
            task: task.id.clone(),
            start: delta_start(site, start, head, target)?,
            tip: head,
            branch,
            title: task.title.clone(),
            needs: record.needs.clone(),
            replay: state.is_lane() && !state.is_apart(),
            priority: task.priority,
        });
    }
    if state.is_lane() && !state.is_apart() {
        // Each was made on top of the one before.
        let ended = |member: &Member| state.record(&member.task).map(|r| r.finished_seq);
        found.members.sort_by_key(ended);
    }
    Ok(found)
}

/// Where a branch's own work begins: at the task's start, or, on a branch that was rewritten or into
/// which the target was merged since, where it leaves the target.
fn delta_start(site: &Site, start: Oid, head: Oid, target: Oid) -> Result<Oid, EngineError> {
    let Some(fork) = site.repo.merge_base(head, target)? else { return Ok(start) };
    let moved = !site.repo.is_ancestor(start, head)? || site.repo.is_ancestor(start, fork)?;
    Ok(if moved { fork } else { start })
}

/// Merging a branch brings everything below it along: commits of the base that the target does not
/// hold (because their landing was undone, or the target is another branch) would land as well.
pub(super) fn foreign_base(
    site: &Site,
    run: &RunSpec,
    spec: &IntegrationSpec,
) -> Result<Option<String>, EngineError> {
    let (base, target) = (run.base, &spec.target);
    let deltas = spec.strategy == Strategy::Squash || spec.members.iter().all(|m| m.replay);
    if deltas || site.repo.is_ancestor(base, spec.old)? {
        return Ok(None);
    }
    let fork = site.repo.merge_base(base, spec.old)?;
    let commits = match fork {
        Some(fork) => site.repo.commits_between(fork, base)?.len(),
        None => return Ok(None),
    };
    let short = base.short();
    Ok(Some(format!(
        "`{target}` does not hold the base {short} of this run: {commits} of its commits land along \
         with the tasks; `wt-orch undo` takes it back, `[integrate] strategy = \"squash\"` lands \
         the tasks' own changes only"
    )))
}

/// The predicted conflicts between every two members. Nothing is written.
///
/// # Errors
/// Git.
pub(super) fn forecast_of(repo: &Repo, members: &[Member]) -> Result<Vec<MatrixCell>, EngineError> {
    let tips: Vec<ForecastTip> = members
        .iter()
        .map(|member| ForecastTip { start: Some(member.start), tip: member.tip })
        .collect();
    let cells = repo.forecast_matrix(&tips)?.into_iter().map(|(i, j, forecast)| {
        let (forecast, paths, note) = told(forecast);
        let name = |at: usize| members[at].task.to_string();
        MatrixCell { a: name(i), b: name(j), forecast, paths, note }
    });
    Ok(cells.collect())
}
