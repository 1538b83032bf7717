//! What no run will ask for again: entries without a folder, locks and sockets of dead processes,
//! folders that a killed process had not yet deleted, and, when asked for, worktrees that wait.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{CleanKind, CleanMode, CleanReport, Fate};
use crate::adapters::git::WorktreeInfo;
use crate::adapters::host::ledger::Ledger;
use crate::adapters::host::lock::{LockOutcome, LockTrace, RunLock, lock_trace};
use crate::adapters::host::usage::Usage;
use crate::adapters::store::{RunRow, Store};
use crate::adapters::worktree::{
    self, Removal, RemoveMode, RemoveOutcome, RepoLock, Trash, is_our_lock, plan_removals, pool,
    remove_all,
};
use crate::domain::id::RunId;
use crate::domain::report::shell_word;
use crate::domain::run::{RunState, TaskPlace};
use crate::engine::error::EngineError;
use crate::engine::open::{load_run, remove_deserted_socket};
use crate::engine::own_starts::{forget_start, unknown_starts};
use crate::engine::prune::specs;
use crate::engine::site::Site;

/// Cleans up what belongs to no run, or to none that still asks for it: what stands at the places of a
/// run in `store` is its own.
///
/// # Errors
/// Git, the file system or the database.
pub fn clean_leftovers(
    site: &Site,
    store: Option<&Store>,
    mode: CleanMode,
    trash: &Trash,
) -> Result<CleanReport, EngineError> {
    let rows = store.map_or_else(|| Ok(Vec::new()), Store::runs)?;
    // Of one that cannot be read it is told where it is cleaned.
    let read = |row: RunRow| Some(load_run(store?, &row.name).ok()?.1);
    let states: Vec<RunState> = rows.into_iter().filter_map(read).collect();
    let unfinished = states.iter().filter(|state| !state.phase.is_over());
    let own: Vec<&TaskPlace> = unfinished.flat_map(|state| &state.spec.places).collect();
    let places: Vec<&TaskPlace> = states.iter().flat_map(|run| &run.spec.places).collect();
    let parents = parents(site, places.iter().copied());
    let mut sweeping = Sweep { site, mode, trash, report: CleanReport::default() };
    let driven = sweeping.locks()?;
    let known = site.repo.worktrees()?;
    sweeping.entries(&known, &places, driven)?;
    sweeping.trash(&parents)?;
    sweeping.pool(&known, &parents)?;
    sweeping.starts(store)?;
    for path in left_by_tests(site, &parents, &own)? {
        let word = shell_word(&path.display().to_string());
        let why = format!("tests left it beside their worktrees: `rm -r {word}` removes it");
        let name = path.display().to_string();
        sweeping.report.add(CleanKind::Leftover, name, Fate::Stays { why });
    }
    if !mode.dry_run {
        // To read it takes out of it who has died.
        let _living = Ledger::at(site.runtime_dir.as_deref()).load();
    }
    Ok(sweeping.report)
}

/// What tests left beside their worktrees, by the runs in `store`: it may be wanted, and nobody takes it
/// away.
///
/// # Errors
/// Git or the database.
pub fn load_left_by_tests(site: &Site, store: &Store) -> Result<Vec<PathBuf>, EngineError> {
    let specs = specs(store)?;
    let places: Vec<&TaskPlace> = specs.iter().flat_map(|spec| &spec.places).collect();
    left_by_tests(site, &parents(site, places.iter().copied()), &places)
}

fn left_by_tests(
    site: &Site,
    parents: &[PathBuf],
    own: &[&TaskPlace],
) -> Result<Vec<PathBuf>, EngineError> {
    let mut found = pool::left_by_tests(&site.repo, parents, &site.repo.worktrees()?);
    found.retain(|path| !own.iter().any(|place| Path::new(&place.worktree) == path));
    Ok(found)
}

/// Begins to delete, beside whatever else is done, what a killed process had not yet deleted near
/// these places. `None` when there is nothing.
///
/// # Errors
/// The repository's lock.
pub(in crate::engine) fn sweep(
    site: &Site,
    places: &[TaskPlace],
) -> Result<Option<Trash>, EngineError> {
    let parents = parents(site, places);
    if worktree::leftovers(&site.repo, &parents)?.is_empty() {
        return Ok(None);
    }
    let trash = Trash::begin();
    trash.take_leftovers(&site.repo, &parents)?;
    Ok(Some(trash))
}

/// Folders in which worktrees stand.
fn parents<'a>(site: &Site, places: impl IntoIterator<Item = &'a TaskPlace>) -> Vec<PathBuf> {
    let parent = |path: &Path| path.parent().map(Path::to_owned);
    let mut found: BTreeSet<PathBuf> =
        places.into_iter().filter_map(|place| parent(Path::new(&place.worktree))).collect();
    found.extend(parent(site.repo.root()));
    let around: Vec<PathBuf> =
        found.iter().map(|folder| pool::beside(&site.repo, folder).to_owned()).collect();
    found.extend(around);
    found.into_iter().collect()
}

/// Why nothing waits in a pool that is no folder, and the way out.
pub(in crate::engine) fn pool_in_the_way(other: &Path) -> String {
    let word = shell_word(&other.display().to_string());
    format!(
        "it is no folder any more, so no worktree waits there for later runs: `rm {word}` takes it \
         away, and nothing of what a link leads to"
    )
}

struct Sweep<'a> {
    site: &'a Site,
    mode: CleanMode,
    trash: &'a Trash,
    report: CleanReport,
}

impl Sweep<'_> {
    /// Locks and sockets of dead processes. Tells whether a living one drives a run.
    fn locks(&mut self) -> Result<bool, EngineError> {
        let state_dir = self.site.state_dir();
        let Ok(entries) = state_dir.read_dir() else { return Ok(false) };
        let mut driven = false;
        for path in entries.flatten().map(|entry| entry.path()) {
            let run = path.file_stem().and_then(|stem| stem.to_str()?.parse::<RunId>().ok());
            let (Some(run), Some(end)) = (run, path.extension()) else { continue };
            if end == "lock" {
                match lock_trace(&path) {
                    LockTrace::Held => driven = true,
                    LockTrace::Free => {}
                    LockTrace::Deserted => self.lock(&path)?,
                }
            } else if end == "sock" && lock_trace(&self.site.lock_path(&run)) != LockTrace::Held {
                self.socket(&path, &run)?;
            }
        }
        Ok(driven)
    }

    fn lock(&mut self, path: &Path) -> Result<(), EngineError> {
        if !self.mode.dry_run {
            match RunLock::acquire(path)? {
                LockOutcome::Held(lock) => lock.remove()?,
                LockOutcome::Busy { .. } => return Ok(()),
            }
        }
        self.report.add(CleanKind::Lock, path.display().to_string(), Fate::Goes);
        Ok(())
    }

    fn socket(&mut self, path: &Path, run: &RunId) -> Result<(), EngineError> {
        if !self.mode.dry_run {
            // Somebody may just have begun to serve it.
            if remove_deserted_socket(self.site, run).is_err() || path.exists() {
                return Ok(());
            }
        }
        self.report.add(CleanKind::Leftover, path.display().to_string(), Fate::Goes);
        Ok(())
    }

    /// Git's entries of worktrees whose folder is gone: ours go, others are named.
    fn entries(
        &mut self,
        known: &[WorktreeInfo],
        places: &[&TaskPlace],
        driven: bool,
    ) -> Result<(), EngineError> {
        let repo = &self.site.repo;
        let gone = known.iter().filter(|info| {
            let at_place = places.iter().any(|place| Path::new(&place.worktree) == info.path);
            !info.bare && !at_place && !info.path.exists()
        });
        // What is being made may be locked and have no folder yet.
        let (ours, others): (Vec<_>, Vec<_>) =
            gone.partition(|info| info.locked.as_deref().is_some_and(is_our_lock));
        let ours = ours.into_iter().filter(|_| !driven);
        let ours: Vec<PathBuf> = ours.map(|info| info.path.clone()).collect();
        let mode = if self.mode.force { RemoveMode::Force } else { RemoveMode::OnlyIfClean };
        let removal = Removal { paths: &ours, mode, pool: None };
        let outcomes = if self.mode.dry_run {
            plan_removals(repo, removal)?
        } else {
            remove_all(repo, removal, self.trash)?
        };
        for (path, outcome) in ours.iter().zip(outcomes) {
            let fate = match outcome {
                RemoveOutcome::Removed | RemoveOutcome::Pooled => Fate::Goes,
                RemoveOutcome::Kept { reason, .. } => Fate::Stays { why: reason.to_string() },
            };
            self.report.add(CleanKind::Worktree, path.display().to_string(), fate);
        }
        for info in others.into_iter().filter(|info| info.prunable.is_some()) {
            let root = shell_word(&repo.root().display().to_string());
            let why = format!(
                "its folder is gone, and it is none of ours: `git -C {root} worktree prune` drops it"
            );
            self.report.add(
                CleanKind::Worktree,
                info.path.display().to_string(),
                Fate::Stays { why },
            );
        }
        Ok(())
    }

    fn trash(&mut self, parents: &[PathBuf]) -> Result<(), EngineError> {
        let repo = &self.site.repo;
        let found = if self.mode.dry_run {
            worktree::leftovers(repo, parents)?
        } else {
            self.trash.take_leftovers(repo, parents)?
        };
        self.going(CleanKind::Leftover, found);
        Ok(())
    }

    /// Refs of runs whose process was killed before anything else was stored of them.
    fn starts(&mut self, store: Option<&Store>) -> Result<(), EngineError> {
        let mut found = unknown_starts(self.site, store)?;
        if !found.is_empty() && !self.mode.dry_run {
            let _nobody_creates_a_run = RepoLock::to_create(&self.site.repo)?;
            found = unknown_starts(self.site, store)?;
            for (name, at) in &found {
                forget_start(self.site, name, *at)?;
            }
        }
        for (name, _) in found {
            self.report.add(CleanKind::Leftover, name, Fate::Goes);
        }
        Ok(())
    }

    fn pool(&mut self, known: &[WorktreeInfo], parents: &[PathBuf]) -> Result<(), EngineError> {
        let repo = &self.site.repo;
        let taken = parents.iter().filter_map(|parent| pool::pool_taken(repo, parent));
        for other in taken.collect::<BTreeSet<PathBuf>>() {
            let why = pool_in_the_way(&other);
            let name = other.display().to_string();
            self.report.add(CleanKind::Leftover, name, Fate::Stays { why });
        }
        if self.mode.empty_pool && !self.mode.dry_run {
            let emptied = pool::empty_pool(repo, parents, self.trash)?;
            self.going(CleanKind::PooledWorktree, emptied.gone);
            for (path, reason) in emptied.kept {
                let (name, why) = (path.display().to_string(), reason.to_string());
                self.report.add(CleanKind::PooledWorktree, name, Fate::Stays { why });
            }
            return Ok(());
        }
        let waiting: Vec<PathBuf> =
            pool::pooled(repo, known).into_iter().map(Path::to_owned).collect();
        if self.mode.empty_pool {
            self.going(CleanKind::PooledWorktree, waiting);
        } else {
            let mut usage = Usage::default();
            for path in waiting {
                let why = "it waits for a later task; `wt-orch clean --pool` removes it".to_owned();
                let bytes = if self.mode.dry_run { usage.of(&path) } else { 0 };
                let name = path.display().to_string();
                let item = self.report.add(CleanKind::PooledWorktree, name, Fate::Stays { why });
                item.bytes = bytes;
            }
        }
        Ok(())
    }

    fn going(&mut self, kind: CleanKind, paths: Vec<PathBuf>) {
        let mut usage = Usage::default();
        for path in paths {
            // What goes tells its bytes when it is gone.
            let bytes = if self.mode.dry_run { usage.of(&path) } else { 0 };
            self.report.add(kind, path.display().to_string(), Fate::Goes).bytes = bytes;
        }
    }
}
