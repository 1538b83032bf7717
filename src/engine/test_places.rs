//! Worktrees of a test run: on no branch, out of the user's sight, the same places in every run, and
//! used again as soon as one is over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::attempt::chain;
use super::clean::pool_in_the_way;
use super::create::absolute;
use super::error::EngineError;
use super::occupied::unfinished;
use super::own_starts::forget_starts;
use super::site::Site;
use crate::adapters::git::GitError;
use crate::adapters::store::Store;
use crate::adapters::worktree::pool::{self, HandedBack, Keeping};
use crate::adapters::worktree::{Checkout, Trash, remove_empty_above};
use crate::config::Template;
use crate::domain::id::{Oid, RunId};
use crate::domain::plan::{Plan, Verdict};
use crate::domain::run::{RunSpec, TaskPlace};

/// Name of the one worktree of a sequential run.
const LANE: &str = "lane";

/// The first set of places at which nothing stands and to which no other run will come.
pub(super) fn test_places(
    site: &Site,
    (store, run): (&Store, &RunId),
    plan: &Plan,
    worktree_path: &Template,
) -> Result<Vec<TaskPlace>, EngineError> {
    let above = folder_of_all(site, worktree_path);
    let mut taken: BTreeSet<PathBuf> =
        site.repo.worktrees()?.into_iter().map(|known| known.path).collect();
    for other in unfinished(store, run)? {
        taken.extend(other.spec.places.iter().map(|place| PathBuf::from(&place.worktree)));
    }
    let is_free = |place: &TaskPlace| {
        let path = Path::new(&place.worktree);
        !taken.contains(path) && path.symlink_metadata().is_err()
    };
    let mut number = 1;
    loop {
        let places = places_in(&above.join(pool::test_folder_name(&site.repo, number)), plan);
        if number == u32::MAX || places.iter().all(is_free) {
            return Ok(places);
        }
        number += 1;
    }
}

fn places_in(folder: &Path, plan: &Plan) -> Vec<TaskPlace> {
    let lane = plan.decision.verdict == Verdict::Sequential;
    let place = |name: &str| TaskPlace {
        branch: None,
        worktree: folder.join(name).to_string_lossy().into_owned(),
        port: None,
        temporary: None,
    };
    let tasks = plan.tasks.iter().map(|planned| planned.task.id.as_str());
    tasks.map(|id| place(if lane { LANE } else { id })).collect()
}

/// The folder in which the worktrees of all tasks of all runs lie.
fn folder_of_all(site: &Site, worktree_path: &Template) -> PathBuf {
    let repo = site.repo.name();
    let one = absolute(site, &worktree_path.expand(&repo, "run", "task"));
    let other = absolute(site, &worktree_path.expand(&repo, "other", "another"));
    let both = one.components().zip(other.components());
    both.take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
}

/// After a task: its worktree is made what it was, and in a run of several at once waits for the next
/// task. Returns what there is to say.
///
/// # Errors
/// The task put a link, or another thing that is no folder, where its worktree stood. Whoever comes
/// next takes it away, so that a second time finds the same.
pub(super) fn leave(
    site: &Site,
    spec: &RunSpec,
    (task, start): (usize, Oid),
) -> Result<Option<String>, String> {
    let path = Path::new(&spec.places[task].worktree);
    if let Some(other) = pool::test_place_taken(&site.repo, path) {
        return Err(taken(&other));
    }
    // Nothing is there to be made what it was.
    if path.symlink_metadata().is_err() && matches!(is_there(site, path), Ok(true)) {
        let whose = spec.plan.tasks[task].task.id.as_str();
        return Ok(Some(match clear(site, path) {
            Ok(()) => format!("`{whose}` took its worktree away; the next module gets a new one"),
            Err(error) => not_removed(spec, path, &error),
        }));
    }
    let width = u32::try_from(spec.plan.decision.width).unwrap_or(u32::MAX);
    let lane = spec.plan.decision.verdict == Verdict::Sequential;
    let left = || -> Result<(), GitError> {
        if !is_there(site, path)? {
            // Whoever was killed after this, and before it was told.
            return Ok(());
        }
        renew(site, spec, (path, start))?;
        if lane { Ok(()) } else { hand_back(site, spec, (path, spec.worktree.pool.max(width))) }
    };
    Ok(left().err().map(|error| removed(site, spec, path, &chain(&error))))
}

/// At the end of a run that is over: what [`close`] does, and nothing holds the commit any more that was
/// made of the working tree.
pub(super) fn end(site: &Site, spec: &RunSpec) -> Vec<String> {
    let mut notes = close(site, spec);
    if let Err(error) = forget_starts(site, &spec.run) {
        let why = chain(&error);
        notes.push(format!(
            "a commit of the working tree is still held: {why}; `wt-orch clean {}` lets it go",
            spec.run
        ));
    }
    notes
}

/// When nobody drives the run any more: as many worktrees wait as the settings say, and nothing else is there.
/// Returns what there is to say.
pub(super) fn close(site: &Site, spec: &RunSpec) -> Vec<String> {
    let pool = spec.worktree.pool;
    let places: BTreeSet<&str> = spec.places.iter().map(|place| place.worktree.as_str()).collect();
    let mut notes = Vec::new();
    for path in places.into_iter().map(Path::new) {
        let closed = || -> Result<(), GitError> {
            free(site, path)?;
            if !is_there(site, path)? {
                return Ok(());
            }
            if pool == 0 {
                return clear(site, path);
            }
            renew(site, spec, (path, spec.base))?;
            hand_back(site, spec, (path, pool))
        };
        notes.extend(closed().err().map(|error| removed(site, spec, path, &chain(&error))));
    }
    let parent = spec.places.first().and_then(|place| Path::new(&place.worktree).parent());
    if let Some(other) = parent.and_then(|parent| pool::pool_taken(&site.repo, parent)) {
        notes.push(format!("`{}`: {}", other.display(), pool_in_the_way(&other)));
    }
    if let Err(error) = settle(site, spec) {
        let why = chain(&error);
        notes.push(format!(
            "not everything that tests left could be taken away: {why}; `wt-orch clean {}` does",
            spec.run
        ));
    }
    notes
}

fn taken(other: &Path) -> String {
    let other = other.display();
    format!(
        "`{other}`, where its worktree was, is no folder any more; a link there goes, and what it \
         leads to stays as it is"
    )
}

/// Whether git or the file system has anything at this place.
fn is_there(site: &Site, path: &Path) -> Result<bool, GitError> {
    Ok(path.symlink_metadata().is_ok() || site.repo.worktree_at(path)?.is_some())
}

/// Makes a worktree what it was; keeps nothing.
pub(super) fn renew(
    site: &Site,
    spec: &RunSpec,
    (path, commit): (&Path, Oid),
) -> Result<(), GitError> {
    let rules = &spec.worktree;
    let checkout = Checkout::at(&site.repo, path)?;
    checkout.renew_at(commit, &rules.caches, rules.submodules)?;
    checkout.ensure_submodules(rules.submodules)
}

/// Into the pool, or away; where `size` of them wait already, away.
fn hand_back(site: &Site, spec: &RunSpec, (path, size): (&Path, u32)) -> Result<(), GitError> {
    with_trash(|trash| {
        let keeping = Keeping { size, caches: &spec.worktree.caches };
        match pool::hand_back(&site.repo, path, keeping, trash)? {
            HandedBack::Waits | HandedBack::Enough | HandedBack::Unfit => Ok(()),
        }
    })
}

/// Takes away a link that tests put where a worktree stood: nothing is done where it leads.
pub(super) fn free(site: &Site, path: &Path) -> Result<(), GitError> {
    with_trash(|trash| pool::free_test_place(&site.repo, path, trash).map(|_| ()))
}

/// Takes away whatever is at a place.
pub(super) fn clear(site: &Site, path: &Path) -> Result<(), GitError> {
    with_trash(|trash| pool::clear_test_place(&site.repo, path, trash))
}

/// The pool has the size of the settings again, and a folder of places without worktrees goes.
fn settle(site: &Site, spec: &RunSpec) -> Result<(), GitError> {
    with_trash(|trash| pool::trim(&site.repo, spec.worktree.pool, trash).map(|_| ()))?;
    let Some(place) = spec.places.first() else { return Ok(()) };
    let place = Path::new(&place.worktree);
    pool::forget_test_folder(&site.repo, place)?;
    remove_empty_above(&site.repo, &[place], |folder| spec.has_made(folder))
}

/// Nothing is left to be deleted when this is over.
fn with_trash(act: impl FnOnce(&Trash) -> Result<(), GitError>) -> Result<(), GitError> {
    let trash = Trash::begin();
    let done = act(&trash);
    let emptied = trash.finish().failed;
    done.and(emptied.map_or(Ok(()), Err))
}

/// Takes away a worktree that is not what it was; the sentence that says so.
fn removed(site: &Site, spec: &RunSpec, path: &Path, why: &str) -> String {
    let shown = path.display();
    match clear(site, path) {
        Ok(()) => {
            format!("the worktree `{shown}` could not be made what it was, and was removed: {why}")
        }
        Err(error) => not_removed(spec, path, &error),
    }
}

fn not_removed(spec: &RunSpec, path: &Path, error: &GitError) -> String {
    let (shown, why) = (path.display(), chain(error));
    format!("the worktree `{shown}` could not be removed: {why}; `wt-orch clean {}` does", spec.run)
}
