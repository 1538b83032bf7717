//! Refs that hold what the tasks of a run begin at where no branch may: commits of ours made of the
//! working tree or of patches, and what the user named and may take away meanwhile.

use super::error::EngineError;
use super::site::Site;
use crate::adapters::git::{Expected, GitError, RefUpdate};
use crate::adapters::store::Store;
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::run::RunSpec;

/// Where the refs of all runs are.
const PREFIX: &str = "refs/wt-orch/";

/// The folder of these refs in that of a run. No task's refs can be in it: ids start with a letter or
/// a digit.
const FOLDER: &str = "_begin";

/// Keeps these starts of a run from being collected. To be done before the journal names them as something
/// to begin at, and again by whoever goes on with a run that has none, of an older wt-orch.
///
/// # Errors
/// Git, also where one is gone.
pub(super) fn hold_starts(site: &Site, run: &RunId, starts: &[Oid]) -> Result<(), EngineError> {
    for &start in starts {
        let name = name_of(run, start);
        if site.repo.ref_target(&name)? == Some(start) {
            continue;
        }
        if site.repo.resolve_commit(&start.to_string())?.is_none() {
            return Err(EngineError::StartGone { run: run.clone(), commit: start });
        }
        let _any_value_is_replaced = site.repo.update_ref(&RefUpdate {
            name,
            new: Some(start),
            expected: Expected::Any,
            message: "wt-orch: begin".to_owned(),
        })?;
    }
    Ok(())
}

/// Holds again what tasks of a run that is over began at: they are about to do so once more.
///
/// # Errors
/// Git, also where one is gone.
pub fn hold_starts_again(site: &Site, spec: &RunSpec, tasks: &[TaskId]) -> Result<(), EngineError> {
    hold_starts(site, &spec.run, &spec.own_starts_of(|task| tasks.contains(task)))
}

/// Whether any is held.
///
/// # Errors
/// Git.
pub(super) fn holds_starts(site: &Site, run: &RunId) -> Result<bool, GitError> {
    Ok(!site.repo.refs_below(&format!("{PREFIX}{run}/{FOLDER}/"))?.is_empty())
}

/// Whether a ref is one of these.
pub(super) fn is_start(run: &RunId, name: &str) -> bool {
    name.starts_with(&format!("{PREFIX}{run}/{FOLDER}/"))
}

/// Lets them go: nobody will begin there.
///
/// # Errors
/// Git.
pub(super) fn forget_starts(site: &Site, run: &RunId) -> Result<(), GitError> {
    for (name, at) in site.repo.refs_below(&format!("{PREFIX}{run}/{FOLDER}/"))? {
        forget_start(site, &name, at)?;
    }
    Ok(())
}

/// Those of runs that are not stored, with their commits: their process was killed before it could
/// store one, or is just about to.
///
/// # Errors
/// Git or the database.
pub(super) fn unknown_starts(
    site: &Site,
    store: Option<&Store>,
) -> Result<Vec<(String, Oid)>, EngineError> {
    let mut found = site.repo.refs_below(PREFIX)?;
    let run_of = |name: &str| {
        let (run, rest) = name.strip_prefix(PREFIX)?.split_once('/')?;
        rest.strip_prefix(FOLDER)?.starts_with('/').then(|| run.to_owned())
    };
    found.retain(|(name, _)| run_of(name).is_some());
    if found.is_empty() {
        return Ok(found);
    }
    let rows = store.map_or_else(|| Ok(Vec::new()), Store::runs)?;
    let is_known = |run: String| rows.iter().any(|row| row.name.as_str() == run);
    found.retain(|(name, _)| !run_of(name).is_some_and(is_known));
    Ok(found)
}

/// Lets one go.
///
/// # Errors
/// Git.
pub(super) fn forget_start(site: &Site, name: &str, at: Oid) -> Result<(), GitError> {
    let _gone_or_moved = site.repo.update_ref(&RefUpdate {
        name: name.to_owned(),
        new: None,
        expected: Expected::At(at),
        message: "wt-orch: clean".to_owned(),
    })?;
    Ok(())
}

fn name_of(run: &RunId, start: Oid) -> String {
    format!("{PREFIX}{run}/{FOLDER}/{start}")
}
