//! Worktrees of a test run: on no branch, out of the user's sight, the same places in every run, and
//! used again as soon as one is over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::attempt::chain;
use super::create::absolute;
use super::error::EngineError;
use super::occupied::unfinished;
use super::site::Site;
use crate::adapters::git::GitError;
use crate::adapters::store::Store;
use crate::adapters::worktree::pool::{self, HandedBack, Keeping};
use crate::adapters::worktree::{self, Checkout, RemoveMode, RemoveOutcome, Trash};
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
pub(super) fn leave(site: &Site, spec: &RunSpec, (task, start): (usize, Oid)) -> Vec<String> {
    let path = Path::new(&spec.places[task].worktree);
    let rules = &spec.worktree;
    let renewed = Checkout::at(&site.repo, path)
        .and_then(|checkout| checkout.renew_at(start, &rules.caches, rules.submodules));
    let left = match renewed {
        Ok(()) if spec.plan.decision.verdict == Verdict::Sequential => return Vec::new(),
        Ok(()) => {
            let width = u32::try_from(spec.plan.decision.width).unwrap_or(u32::MAX);
            handed_back(site, spec, (path, rules.pool.max(width)))
        }
        Err(error) => Err(error),
    };
    let why = left.err().map(|error| chain(&error));
    why.map(|why| removed(site, spec, path, &why)).into_iter().collect()
}

/// At the end of the run: as many worktrees wait as the settings say, and nothing else is there.
pub(super) fn close(site: &Site, spec: &RunSpec) -> Vec<String> {
    let rules = &spec.worktree;
    let places: BTreeSet<&str> = spec.places.iter().map(|place| place.worktree.as_str()).collect();
    let mut notes = Vec::new();
    for path in places.into_iter().map(Path::new) {
        let closed = || -> Result<(), GitError> {
            if site.repo.worktree_at(path)?.is_none() {
                return Ok(());
            }
            let checkout = Checkout::at(&site.repo, path)?;
            if rules.pool > 0 {
                checkout.renew_at(spec.base, &rules.caches, rules.submodules)?;
            }
            handed_back(site, spec, (path, rules.pool))
        };
        if let Err(error) = closed() {
            notes.push(removed(site, spec, path, &chain(&error)));
        }
    }
    let trash = Trash::begin();
    let trimmed = pool::trim(&site.repo, rules.pool, &trash).map(|_| ());
    let emptied = trash.finish().failed.map_or(Ok(()), Err);
    let folder = spec
        .places
        .first()
        .map_or(Ok(()), |place| pool::forget_test_folder(&site.repo, Path::new(&place.worktree)));
    let failed = [trimmed, emptied, folder].into_iter().filter_map(Result::err);
    notes.extend(failed.map(|error| {
        let why = chain(&error);
        format!("not everything that tests left could be taken away: {why}; `wt-orch clean` does")
    }));
    notes
}

/// Into the pool, or away; where `size` of them wait already, away.
fn handed_back(site: &Site, spec: &RunSpec, (path, size): (&Path, u32)) -> Result<(), GitError> {
    let trash = Trash::begin();
    let keeping = Keeping { size, caches: &spec.worktree.caches };
    let handed = pool::hand_back(&site.repo, path, keeping, &trash);
    let emptied = trash.finish().failed;
    match handed? {
        HandedBack::Waits | HandedBack::Enough | HandedBack::Unfit => emptied.map_or(Ok(()), Err),
    }
}

/// Takes away a worktree that is not what it was; the sentence that says so.
fn removed(site: &Site, spec: &RunSpec, path: &Path, why: &str) -> String {
    let shown = path.display();
    match worktree::remove(&site.repo, path, RemoveMode::Force) {
        Ok(RemoveOutcome::Removed | RemoveOutcome::Pooled) => {
            format!("the worktree `{shown}` could not be made what it was, and was removed: {why}")
        }
        Ok(RemoveOutcome::Kept { reason, .. }) => {
            format!("the worktree `{shown}` stays, as {reason}; `wt-orch clean {}`", spec.run)
        }
        Err(error) => format!(
            "the worktree `{shown}` could not be removed: {}; `wt-orch clean {}` does",
            chain(&error),
            spec.run
        ),
    }
}
