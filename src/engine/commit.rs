//! Committing what a task left, and putting back what a check changed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::attempt::chain;
use super::guard::Guard;
use super::provision::keep_ref;
use super::site::Site;
use super::suite_results::{results_in, suite_reading};
use super::{test_places, test_reports};
use crate::adapters::git;
use crate::adapters::host::shortage::shortage_told;
use crate::adapters::worktree::{Checkout, CommitOutcome, CommitRequest, Saved};
use crate::domain::diagnostic::some_of;
use crate::domain::id::Oid;
use crate::domain::race::Changes;
use crate::domain::run::{ChangeKind, Event, PathChange, RunSpec, Shortage};
use crate::domain::suite::SuiteEnd;

/// One task's work to be committed.
pub(super) struct Job {
    pub(super) site: Site,
    pub(super) spec: Arc<RunSpec>,
    pub(super) task: usize,
    pub(super) attempt: u32,
    /// Commit its work began at.
    pub(super) start: Oid,
    /// Commit that what it changed counts from: an arm of a race begins with some of its work.
    pub(super) counts_from: Oid,
    /// The attempt failed: keep its work under a ref of ours and leave its branch alone.
    pub(super) keep: bool,
    pub(super) guard: Arc<Guard>,
    /// How the command of a suite ended; `None` where it is none.
    pub(super) suite: Option<SuiteEnd>,
}

/// Does it; a second time finds nothing left to commit. Before a worktree of tests is made what it was,
/// what they said is read.
pub(super) fn commit(job: &Job) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(end) = job.suite {
        let (site, spec, at) = (&job.site, &job.spec, (job.task, job.attempt));
        let kept = test_reports::keep(site, spec, at);
        let reading = suite_reading(site, spec, at, (end, kept));
        let results = Box::new(results_in(site, spec, job.task, &reading));
        let task = spec.plan.tasks[job.task].task.id.clone();
        events.push(Event::SuiteFinished { task, attempt: job.attempt, results });
    }
    events.push(done(job));
    events
}

fn done(job: &Job) -> Event {
    let task = job.spec.plan.tasks[job.task].task.id.clone();
    let attempt = job.attempt;
    let clock = &job.site.clock;
    let before = clock.elapsed();
    match with_patience(|| committed(job)) {
        Ok(done) => Event::Committed {
            task,
            attempt,
            tip: done.tip,
            changed: done.changed,
            leftovers: done.leftovers,
            notes: done.notes,
            carried: done.carried,
            changes: done.changes.map(Box::new),
            seconds: (clock.elapsed() - before).as_secs_f64(),
        },
        Err(message) => Event::CommitFailed { task, attempt, message },
    }
}

/// Pauses before further tries of what the machine had no room for. Whoever takes that room runs
/// beside it and ends; the task's work is done and must not be lost for it.
const PAUSES_MS: [u64; 6] = [50, 100, 200, 400, 800, 1600];

fn with_patience<T>(mut work: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let remedy = |message: &str| shortage_told(message).and_then(Shortage::remedy);
    for pause in PAUSES_MS {
        match work() {
            Err(message) if remedy(&message).is_some() => {
                std::thread::sleep(Duration::from_millis(pause));
            }
            done => return done,
        }
    }
    work().map_err(|message| match remedy(&message) {
        Some(remedy) => format!("{message}; {remedy}"),
        None => message,
    })
}

struct Done {
    tip: Oid,
    changed: Vec<PathChange>,
    leftovers: bool,
    notes: Vec<String>,
    carried: Vec<String>,
    changes: Option<Changes>,
}

fn committed(job: &Job) -> Result<Done, String> {
    let place = &job.spec.places[job.task];
    let Some(branch) = &place.branch else {
        let left = test_places::leave(&job.site, &job.spec, (job.task, job.start))?;
        let notes = Vec::from_iter(left);
        let (changed, carried) = (Vec::new(), Vec::new());
        let (leftovers, changes) = (false, None);
        return Ok(Done { tip: job.start, changed, leftovers, notes, carried, changes });
    };
    let keep_ref = keep_ref(&job.spec, job.task, job.attempt);
    let checkout =
        Checkout::at(&job.site.repo, Path::new(&place.worktree)).map_err(|error| chain(&error))?;
    if job.keep {
        let saved = checkout.save(branch, job.start, &keep_ref).map_err(|error| chain(&error))?;
        let leftovers = saved.is_some();
        let tip = saved.map_or(job.start, |saved| saved.commit);
        let (changed, notes, carried) = (Vec::new(), Vec::new(), Vec::new());
        return Ok(Done { tip, changed, leftovers, notes, carried, changes: None });
    }
    let request =
        CommitRequest { branch: branch.clone(), start: job.start, message: message(job), keep_ref };
    let id = &job.spec.plan.tasks[job.task].task.id;
    let kept = |saved: Saved| format!("everything is kept as {} ({})", saved.commit, saved.name);
    match checkout.commit_all(&request).map_err(|error| chain(&error))? {
        CommitOutcome::Committed(done) => {
            let others = job.guard.take_back(job.task, (job.start, done.tip));
            let others = others.map_err(|error| chain(&error))?;
            let changed = match job.counts_from == job.start {
                true => done.changed,
                false => all_changed(job, done.tip)?,
            };
            let ignored = match changed.is_empty() {
                true => ignored_note(job, &checkout)?,
                false => None,
            };
            Ok(Done {
                tip: done.tip,
                changed: changed.into_iter().flat_map(path_changes).collect(),
                leftovers: done.committed_leftovers,
                notes: [done.notes, others, ignored.into_iter().collect()].concat(),
                carried: done.carried,
                changes: changes(job, done.tip)?,
            })
        }
        CommitOutcome::Unfinished { progress, saved } => {
            let place = &place.worktree;
            Err(format!(
                "it left a {progress} half done, which `git -C {place} status` shows; {}; \
                 `wt-orch retry {} {id}` starts it over",
                kept(saved),
                job.spec.run
            ))
        }
        CommitOutcome::Conflicted { paths, saved } => Err(format!(
            "it left conflicts that nobody has resolved: {}; {}; \
             `wt-orch retry {} {id}` starts it over",
            paths.join(", "),
            kept(saved),
            job.spec.run
        )),
        CommitOutcome::Astray { head, saved } => Err(format!(
            "its HEAD is at {}, which does not come after its start (`git diff {} {}` \
             shows what it changed); {}; `wt-orch retry {} {id}` starts it over",
            head.short(),
            job.start.short(),
            saved.commit.short(),
            kept(saved),
            job.spec.run
        )),
        CommitOutcome::Lost { reason, saved: Some(saved), .. } => {
            Err(format!("{reason}; {}", kept(saved)))
        }
        // Commits that were made before the worktree went count.
        CommitOutcome::Lost { reason, tip: Some(tip), saved: None } if tip != job.start => {
            Err(format!("{reason}; the commits that were made are on `{branch}` ({})", tip.short()))
        }
        CommitOutcome::Lost { reason, tip: Some(_) | None, saved: None } => {
            Err(format!("{reason}, and no commit was made"))
        }
    }
}

/// What an arm of a race changes in all: what it began with, too.
fn all_changed(job: &Job, tip: Oid) -> Result<Vec<git::PathChange>, String> {
    job.site.repo.changed_paths(job.counts_from, tip).map_err(|error| chain(&error))
}

/// What an arm of a race changes in all, its patch included.
fn changes(job: &Job, tip: Oid) -> Result<Option<Changes>, String> {
    if job.spec.kind.race().is_none() {
        return Ok(None);
    }
    let diff = job.site.repo.diff_text(job.counts_from, tip).map_err(|error| chain(&error))?;
    Ok(Some(Changes::of_diff(&diff)))
}

/// What an agent did instead of its work.
fn ignored_note(job: &Job, checkout: &Checkout) -> Result<Option<String>, String> {
    const NAMED: usize = 3;
    if !job.spec.plan.tasks[job.task].task.work.is_agent() {
        return Ok(None);
    }
    let paths = checkout.ignored().map_err(|error| chain(&error))?;
    let note = format!("only files that git ignores are there: {}", some_of(&paths, NAMED));
    Ok((!paths.is_empty()).then_some(note))
}

fn message(job: &Job) -> String {
    let task = &job.spec.plan.tasks[job.task].task;
    let subject = task.title.as_deref().unwrap_or(task.id.as_str());
    format!("{subject}\n\nTask: {}\nRun: {}\n", task.id, job.spec.run)
}

/// A rename is the end of one path and the beginning of another: both must be the task's to write.
fn path_changes(change: git::PathChange) -> Vec<PathChange> {
    let one = |path, change| vec![PathChange { path, change }];
    match change.kind {
        git::ChangeKind::Added => one(change.path, ChangeKind::Added),
        git::ChangeKind::Deleted => one(change.path, ChangeKind::Deleted),
        git::ChangeKind::Modified | git::ChangeKind::TypeChanged => {
            one(change.path, ChangeKind::Modified)
        }
        git::ChangeKind::Renamed { from } => vec![
            PathChange { path: from, change: ChangeKind::Deleted },
            PathChange { path: change.path, change: ChangeKind::Added },
        ],
    }
}

/// Tracked files that a check changed, and a HEAD or branch that it moved, which are put back: a check
/// vouches for the commit, so it must not alter what it looks at (landing.md rules 7 and 8).
pub(super) fn restore(
    site: &Site,
    spec: &RunSpec,
    task: usize,
    tip: Option<Oid>,
) -> Result<Vec<String>, String> {
    let Some(tip) = tip else { return Ok(Vec::new()) };
    let place = &spec.places[task];
    let path = Path::new(&place.worktree);
    let checkout = with_patience(|| Checkout::at(&site.repo, path).map_err(|error| chain(&error)))?;
    if !checkout.is_whole() {
        return Err(format!(
            "its worktree `{}` is gone: the check took it away; let it delete only what it made \
             itself, then `wt-orch retry {} {}`",
            place.worktree, spec.run, spec.plan.tasks[task].task.id
        ));
    }
    let changed = with_patience(|| {
        let changed = match &place.branch {
            Some(branch) => checkout.changed_on(branch, tip),
            None => checkout.changed_since(tip),
        };
        changed.map_err(|error| chain(&error))
    })?;
    if !changed.is_empty() {
        with_patience(|| {
            let restored = match &place.branch {
                Some(branch) => checkout.restore_on(branch, tip),
                None => checkout.restore(tip),
            };
            restored.map_err(|error| chain(&error))
        })?;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests;
