//! What stands where a task should work. It is never reused: it is named, with the command that
//! makes room without losing anything.

use std::path::{Path, PathBuf};

use super::error::EngineError;
use super::open::load_run;
use super::site::Site;
use crate::adapters::git::{BranchConflict, Repo, WorktreeInfo};
use crate::adapters::store::Store;
use crate::domain::id::RunId;
use crate::domain::plan::Plan;
use crate::domain::report::shell_word;
use crate::domain::run::{RunState, TaskPlace};

/// Something is where a task should work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupied {
    /// One sentence.
    pub what: String,
    /// The way out, which begins with a command in backticks.
    pub resolve: String,
    /// It is an arm of another race.
    pub(super) by_race: bool,
}

impl Occupied {
    /// By something that no run is known to have made.
    fn new(what: String, resolve: String) -> Self {
        Self { what, resolve, by_race: false }
    }
}

/// The first thing in the way of a run that is about to begin.
pub(super) fn occupied(
    site: &Site,
    store: &Store,
    run: &RunId,
    (plan, places): (&Plan, &[TaskPlace]),
) -> Result<Option<Occupied>, EngineError> {
    let look = Look { repo: &site.repo, worktrees: site.repo.worktrees()? };
    let others = unfinished(store, run)?;
    for (planned, place) in plan.tasks.iter().zip(places) {
        let task = planned.task.id.as_str();
        let on_branch = match &place.branch {
            Some(branch) => look.branch(task, branch)?,
            None => None,
        };
        let found = match on_branch {
            Some(found) => found,
            None => match look.folder(task, Path::new(&place.worktree)) {
                Some(found) => found,
                None => match claimed(task, place, &others) {
                    Some(claimed) => return Ok(Some(claimed)),
                    None => continue,
                },
            },
        };
        return Ok(Some(match earlier_run(store, run, place)? {
            Some((earlier, by_race)) => Occupied {
                what: format!("{}: it is of the run `{earlier}`", found.what),
                resolve: format!(
                    "`wt-orch clean {earlier}` removes what has landed or is empty; \
                     `wt-orch integrate {earlier}` lands the rest"
                ),
                by_race,
            },
            None => found,
        }));
    }
    Ok(None)
}

/// The other runs that go on, or may.
pub(super) fn unfinished(store: &Store, run: &RunId) -> Result<Vec<RunState>, EngineError> {
    let others = store.runs()?.into_iter().filter(|row| row.name != *run);
    // Whoever cannot be read cannot go on either.
    let states = others.filter_map(|row| load_run(store, &row.name).ok());
    Ok(states.map(|(_, state)| state).filter(|state| !state.phase.is_over()).collect())
}

/// A place where nothing stands, which a task of another run will come to.
fn claimed(task: &str, place: &TaskPlace, others: &[RunState]) -> Option<Occupied> {
    let same = |theirs: &TaskPlace| are_one(theirs, place);
    let other = others.iter().find(|state| state.spec.places.iter().any(same))?;
    let run = &other.spec.run;
    Some(Occupied {
        what: format!("the place of task `{task}` is taken by the run `{run}`, which is not over"),
        resolve: format!(
            "`wt-orch status {run}` shows how far it is; `wt-orch abort {run}` gives it up"
        ),
        by_race: other.spec.kind.race().is_some(),
    })
}

/// The newest other run that worked at this place, and whether it is a race.
fn earlier_run(
    store: &Store,
    run: &RunId,
    place: &TaskPlace,
) -> Result<Option<(RunId, bool)>, EngineError> {
    for row in store.runs()?.into_iter().filter(|row| row.name != *run) {
        // A journal that cannot be read is no reason to say less than the plain fact.
        let Ok((_, state)) = load_run(store, &row.name) else { continue };
        let begun = state
            .spec
            .places
            .iter()
            .zip(&state.tasks)
            .any(|(theirs, record)| are_one(theirs, place) && record.attempts > 0);
        if begun {
            return Ok(Some((row.name, state.spec.kind.race().is_some())));
        }
    }
    Ok(None)
}

/// Whether two tasks would get in each other's way.
fn are_one(one: &TaskPlace, other: &TaskPlace) -> bool {
    let branch = one.branch.is_some() && one.branch == other.branch;
    branch || one.worktree == other.worktree
}

struct Look<'a> {
    repo: &'a Repo,
    worktrees: Vec<WorktreeInfo>,
}

impl Look<'_> {
    fn branch(&self, task: &str, branch: &str) -> Result<Option<Occupied>, EngineError> {
        let Some(conflict) = self.repo.branch_conflict(branch)? else { return Ok(None) };
        Ok(Some(match conflict {
            BranchConflict::Exists { .. } => {
                let holder =
                    self.worktrees.iter().find(|known| known.branch.as_deref() == Some(branch));
                let checked_out = holder.map_or_else(String::new, |known| {
                    format!(" and is checked out in `{}`", known.path.display())
                });
                Occupied::new(
                    format!("the branch `{branch}` of task `{task}` exists{checked_out}"),
                    self.rename(branch)?,
                )
            }
            BranchConflict::Clash { with } => Occupied::new(
                format!("git cannot have the branch `{branch}` of task `{task}` beside `{with}`"),
                self.rename(&with)?,
            ),
            BranchConflict::CaseOnly { with } => Occupied::new(
                format!(
                    "the branch `{branch}` of task `{task}` differs from `{with}` by case only"
                ),
                self.rename(&with)?,
            ),
            BranchConflict::Invalid => Occupied::new(
                format!("`{branch}` (task `{task}`) is no valid branch name"),
                "`wt-orch config` shows where the setting `branch` comes from".to_owned(),
            ),
        }))
    }

    fn folder(&self, task: &str, path: &Path) -> Option<Occupied> {
        let shown = path.display();
        if let Some(known) = self.worktrees.iter().find(|known| known.path == path) {
            let resolve = if known.prunable.is_some() {
                self.git("worktree prune")
            } else {
                let (from, to) = (word(path), word(&free_path(path)));
                self.git(&format!("worktree move {from} {to}"))
            };
            let what = format!("`{shown}`, where task `{task}` should work, is a worktree already");
            return Some(Occupied::new(what, resolve));
        }
        // A link that leads nowhere is in the way as well.
        path.symlink_metadata().ok().map(|_| {
            let what = format!("`{shown}`, where task `{task}` should work, exists");
            Occupied::new(what, format!("`mv {} {}`", word(path), word(&free_path(path))))
        })
    }

    /// Renaming loses nothing, and works for a branch that is checked out as well.
    fn rename(&self, branch: &str) -> Result<String, EngineError> {
        let mut free = format!("{branch}-old");
        let mut number = 2;
        while self.repo.branch_conflict(&free)?.is_some() && number < 1000 {
            free = format!("{branch}-old-{number}");
            number += 1;
        }
        Ok(self.git(&format!("branch -m {} {}", shell_word(branch), shell_word(&free))))
    }

    fn git(&self, words: &str) -> String {
        format!("`git -C {} {words}`", word(self.repo.root()))
    }
}

fn free_path(path: &Path) -> PathBuf {
    let numbered = |end: &str| PathBuf::from(format!("{}.{end}", path.display()));
    let numbers = (2..1000).map(|number| numbered(&format!("old-{number}")));
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    std::iter::once(numbered("old")).chain(numbers).find(is_free).unwrap_or_else(|| numbered("old"))
}

fn word(path: &Path) -> String {
    shell_word(&path.display().to_string())
}
