//! Bringing a task's worktree to its start commit.

use std::path::Path;
use std::sync::Arc;

use super::attempt::chain;
use super::site::Site;
use super::space::below_reserve;
use crate::adapters::git::{
    Expected, GitError, MergeOutcome, MergeRequest, NewCommit, RefOutcome, RefUpdate,
};
use crate::adapters::worktree::{
    self, Checkout, EnsureOutcome, RemoveMode, WorktreeOptions, WorktreeSpec,
};
use crate::domain::id::{Oid, TaskId};
use crate::domain::run::{Event, ProvisionFailure, RunSpec, WorktreeRules};

/// One worktree to be made or reset.
pub(super) struct Job {
    pub(super) site: Site,
    pub(super) spec: Arc<RunSpec>,
    pub(super) task: usize,
    pub(super) attempt: u32,
    pub(super) from: Vec<(TaskId, Oid)>,
    /// Start of an earlier attempt from the same commits.
    pub(super) known_start: Option<Oid>,
    /// Whose leftovers are found at the task's place, as (task, attempt), when what is there is the
    /// run's own: an earlier attempt's, or in a lane those of the task before.
    pub(super) predecessor: Option<(usize, u32)>,
}

/// Does all of them, fresh worktrees together; one fact each. Doing it twice is safe: what an
/// interrupted try left is found and reset, after its content was saved under a ref of ours.
pub(super) fn provision(jobs: Vec<Job>) -> Vec<Event> {
    let Some(clock) = jobs.first().map(|job| job.site.clock) else { return Vec::new() };
    let before = clock.elapsed();
    let mut facts = Vec::new();
    let mut fresh = Vec::new();
    for job in jobs {
        match begin(&job) {
            Ok((start, Room::PutBack { saved })) => {
                facts.push((job, Ok(Ready { start, saved, by_git: None })));
            }
            Ok((start, Room::Free { saved })) => {
                fresh.push((job, Ready { start, saved, by_git: None }));
            }
            Err(failure) => facts.push((job, Err(failure))),
        }
    }
    if let Some((first, _)) = fresh.first() {
        let repo = first.site.repo.clone();
        let specs = fresh.iter().map(|(job, ready)| job.worktree(ready.start)).collect();
        let made = worktree::provision_all(&repo, specs);
        for ((job, mut ready), made) in fresh.into_iter().zip(made) {
            let made = made.map(|made| {
                ready.by_git = made.by_git;
                ready
            });
            let other = |error| ProvisionFailure::Other { message: chain(&error) };
            facts.push((job, made.map_err(other)));
        }
    }
    // What was made together took each of them an equal part of the time.
    let seconds = (clock.elapsed() - before).as_secs_f64() / facts.len().max(1) as f64;
    facts.into_iter().map(|(job, outcome)| job.fact(outcome, seconds)).collect()
}

/// A worktree at its start.
struct Ready {
    start: Oid,
    saved: Option<Oid>,
    /// Why git wrote its files.
    by_git: Option<String>,
}

impl Job {
    fn worktree(&self, start: Oid) -> WorktreeSpec {
        let place = &self.spec.places[self.task];
        WorktreeSpec {
            path: Path::new(&place.worktree).to_owned(),
            branch: place.branch.clone(),
            start,
            lock_reason: None,
            options: options(&self.spec.worktree),
        }
    }

    fn fact(&self, outcome: Result<Ready, ProvisionFailure>, seconds: f64) -> Event {
        let task = self.spec.plan.tasks[self.task].task.id.clone();
        let attempt = self.attempt;
        match outcome {
            Ok(Ready { start, saved, by_git }) => Event::Provisioned {
                task,
                attempt,
                start,
                unvalidated: !self.from.is_empty()
                    && self.from.iter().all(|(_, tip)| *tip != start),
                saved,
                by_git,
                seconds,
            },
            Err(failure) => Event::ProvisionFailed { task, attempt, failure },
        }
    }
}

/// What the run's worktrees are like.
pub(super) fn options(rules: &WorktreeRules) -> WorktreeOptions {
    WorktreeOptions { submodules: rules.submodules, ..WorktreeOptions::default() }
}

/// Finds the start and makes room; nothing is written where a worktree is to be made.
fn begin(job: &Job) -> Result<(Oid, Room), ProvisionFailure> {
    let other = |message| ProvisionFailure::Other { message };
    let start = start_commit(job).map_err(|error| other(chain(&error)))??;
    let room = make_room(job, start).map_err(other)?;
    if let Room::Free { .. } = room {
        let worktree = Path::new(&job.spec.places[job.task].worktree);
        if let Some(message) = below_reserve(worktree, &job.spec.worktree) {
            return Err(other(message));
        }
    }
    Ok((start, room))
}

/// Ref that keeps what a task's attempt left behind.
pub(super) fn keep_ref(spec: &RunSpec, task: usize, attempt: u32) -> String {
    let id = &spec.plan.tasks[task].task.id;
    format!("refs/wt-orch/{}/{id}/attempt-{attempt}", spec.run)
}

/// The base, the one tip, or the merge of several tips, made in memory.
fn start_commit(job: &Job) -> Result<Result<Oid, ProvisionFailure>, GitError> {
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

/// What was found at a task's place.
enum Room {
    /// A worktree of the run's own, which is at the start again.
    PutBack { saved: Option<Oid> },
    /// Nothing, or nothing any more.
    Free { saved: Option<Oid> },
}

fn make_room(job: &Job, start: Oid) -> Result<Room, String> {
    let place = &job.spec.places[job.task];
    let path = Path::new(&place.worktree);
    let Some((task, attempt)) = job.predecessor else { return Ok(Room::Free { saved: None }) };
    let keep = keep_ref(&job.spec, task, attempt);
    let there = job.site.repo.worktree_at(path).map_err(|error| chain(&error))?;
    if there.is_some_and(|known| path.exists() && known.prunable.is_none()) {
        if task != job.task && job.attempt > 1 {
            // The branch is the task's own, whoever had the lane last.
            keep_old_branch(job, start).map_err(|error| chain(&error))?;
        }
        let found = put_back(job, start, &keep)?;
        // What another task left in the lane is kept, but is none of this task's work.
        return Ok(Room::PutBack { saved: found.filter(|_| task == job.task) });
    }
    let saved = set_aside(job, &keep).map_err(|error| chain(&error))?;
    Ok(Room::Free { saved })
}

fn put_back(job: &Job, start: Oid, keep: &str) -> Result<Option<Oid>, String> {
    let place = &job.spec.places[job.task];
    let checkout = Checkout::at(&job.site.repo, Path::new(&place.worktree));
    let checkout = checkout.map_err(|error| chain(&error))?;
    let outcome = checkout.ensure_at(&place.branch, start, Some(keep));
    match outcome.map_err(|error| chain(&error))? {
        EnsureOutcome::Ready { saved, .. } => {
            let filled = checkout.ensure_submodules(job.spec.worktree.submodules);
            filled.map_err(|error| chain(&error))?;
            Ok(saved.map(|saved| saved.commit))
        }
        EnsureOutcome::Gone { reason } => {
            Err(format!("`{}` is no worktree any more: {reason}", place.worktree))
        }
        EnsureOutcome::Elsewhere { worktree } => Err(format!(
            "its branch `{}` is checked out in `{}`; switch that worktree to another branch",
            place.branch,
            worktree.display()
        )),
        EnsureOutcome::WouldLose { paths, .. } => {
            Err(format!("`{}` holds unsaved work: {}", place.worktree, paths.join(", ")))
        }
    }
}

/// Keeps what an earlier attempt has on the task's branch.
fn keep_old_branch(job: &Job, start: Oid) -> Result<(), GitError> {
    let repo = &job.site.repo;
    let Some(tip) = repo.branch_tip(&job.spec.places[job.task].branch)? else { return Ok(()) };
    if !repo.is_ancestor(tip, start)? {
        keep_work(job, tip, &keep_ref(&job.spec, job.task, job.attempt - 1))?;
    }
    Ok(())
}

/// The folder of an earlier try is gone: what its branch holds is kept under a ref of ours, and
/// branch and registration make room.
fn set_aside(job: &Job, keep: &str) -> Result<Option<Oid>, GitError> {
    let place = &job.spec.places[job.task];
    let repo = &job.site.repo;
    let path = Path::new(&place.worktree);
    // What is kept there makes the new worktree refuse, with the reason.
    let _kept = worktree::remove(repo, path, RemoveMode::OnlyIfClean)?;
    let Some(tip) = repo.branch_tip(&place.branch)? else { return Ok(None) };
    let saved = keep_work(job, tip, keep)?;
    let branch = format!("refs/heads/{}", place.branch);
    // Lost only to somebody who moved the branch meanwhile; making the worktree then says so.
    let _reported_later = repo.update_ref(&RefUpdate {
        name: branch,
        new: None,
        expected: Expected::At(tip),
        message: "wt-orch: work of an earlier attempt".to_owned(),
    })?;
    Ok(saved)
}

/// Keeps a commit of an earlier attempt, unless the task starts from it anyway. Never over something
/// that is kept already.
fn keep_work(job: &Job, tip: Oid, keep: &str) -> Result<Option<Oid>, GitError> {
    let held = job.from.iter().any(|(_, commit)| *commit == tip) || tip == job.spec.base;
    if held {
        return Ok(None);
    }
    for number in 1.. {
        let name = if number == 1 { keep.to_owned() } else { format!("{keep}-{number}") };
        let outcome = job.site.repo.update_ref(&RefUpdate {
            name,
            new: Some(tip),
            expected: Expected::Absent,
            message: "wt-orch: work of an earlier attempt".to_owned(),
        })?;
        match outcome {
            RefOutcome::Lost { now } if now != Some(tip) => {}
            RefOutcome::Moved | RefOutcome::Lost { .. } => break,
        }
    }
    Ok(Some(tip))
}
