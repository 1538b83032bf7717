//! Creating a run: a name, a place for each task, the first event. Nothing else exists after it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::clean::sweep;
use super::error::EngineError;
use super::journal::Journal;
use super::occupied::{Occupied, occupied};
use super::own_starts::{forget_starts, hold_starts};
use super::reserve::reserve;
use super::site::Site;
use super::space::{Need, Shortage, shortage};
use super::test_places::test_places;
use crate::adapters::host::lock::{LockOutcome, RunLock};
use crate::adapters::store::Store;
use crate::adapters::worktree::RepoLock;
use crate::config::Template;
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::integrate::ResolutionRules;
use crate::domain::plan::{Plan, Planned, Verdict};
use crate::domain::race::RaceSpec;
use crate::domain::run::{Limits, RunKind, RunSpec, TaskPlace, WorktreeRules};

/// What a run is created with.
pub struct CreateRequest {
    /// The database.
    pub store: Store,
    /// Name the user wants; a number is added when it is taken.
    pub name: String,
    /// The plan.
    pub plan: Plan,
    /// Commit that every task starts from.
    pub base: Oid,
    /// How the user named it.
    pub base_name: String,
    /// Branch to land on.
    pub target: Option<String>,
    /// Limits of every command.
    pub limits: Limits,
    /// What worktrees are made of.
    pub worktree: WorktreeRules,
    /// What resolves conflicts between tips that a task starts from.
    pub resolution: ResolutionRules,
    /// `worktree_path`.
    pub worktree_path: Template,
    /// `branch`.
    pub branch: Template,
    /// What the run is for.
    pub kind: RunKind,
}

/// What keeps a run from being created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Something stands where a task would work.
    Occupied(Occupied),
    /// The disk is too full.
    Shortage(Shortage),
    /// Another process has the lock of a run of that name.
    Busy {
        /// The run.
        run: RunId,
        /// The process, when it has said so.
        pid: Option<u32>,
    },
}

/// Creates the run and becomes its one writer, or says what is in the way. Refused, nothing is stored.
/// Nobody finds the run without its writer, and gives it up for one whose process died.
///
/// # Errors
/// Git, the database or the lock.
pub fn create(
    site: &Site,
    mut request: CreateRequest,
) -> Result<Result<(Journal, RunLock), Obstacle>, EngineError> {
    let _one_at_a_time = RepoLock::to_create(&site.repo)?;
    loop {
        let spec = match spec(site, &request)? {
            Ok(spec) => spec,
            Err(obstacle) => return Ok(Err(obstacle)),
        };
        let _goes_on_by_itself = sweep(site, &spec.places)?;
        let run = spec.run.clone();
        let lock = match RunLock::acquire(&site.lock_path(&run))? {
            LockOutcome::Held(lock) => lock,
            LockOutcome::Busy { owner } => {
                return Ok(Err(Obstacle::Busy { run, pid: owner.map(|owner| owner.pid) }));
            }
        };
        let held = hold_starts(site, &run, &spec.own_starts());
        let begun = held.and_then(|()| Journal::begin(request.store, site.clock, spec));
        let lost = match begun {
            Ok(Ok(journal)) => return Ok(Ok((journal, lock))),
            Ok(Err(store)) => Ok(store),
            Err(error) => Err(error),
        };
        // What cannot be taken away is a leftover for `clean`; why it is one counts more.
        let _forgotten = forget_starts(site, &run).is_ok();
        let _removed = lock.remove().is_ok();
        // Another one that wanted the same name was quicker.
        request.store = lost?;
    }
}

/// The run under the first name that is free.
fn spec(site: &Site, request: &CreateRequest) -> Result<Result<RunSpec, Obstacle>, EngineError> {
    let CreateRequest { store, plan, base, worktree, .. } = request;
    let run = store.free_run_name(&request.name)?;
    let templates = (&request.worktree_path, &request.branch);
    let mut places = if request.kind.is_test() {
        test_places(site, (store, &run), plan, &request.worktree_path)?
    } else if let Some(race) = request.kind.race() {
        race_places(site, (plan, race), &run, templates)
    } else {
        placed(site, plan, &run, templates)
    };
    let mut obstacle = occupied(site, store, &run, (plan, &places))?;
    if request.kind.race().is_some() && obstacle.as_ref().is_some_and(|found| found.by_race) {
        // What an earlier race made is evidence and stays where it is.
        places = named_for_run(site, plan, &run, templates);
        obstacle = occupied(site, store, &run, (plan, &places))?;
    }
    if let Some(occupied) = obstacle {
        return Ok(Err(Obstacle::Occupied(occupied)));
    }
    let carried = plan.carry.as_ref().map_or(0, |carry| carry.load.copied.bytes);
    // Of tests no more stand at once than run at once.
    let at_once = if request.kind.is_test() { plan.decision.width } else { places.len() };
    let at_once = &places[..at_once.min(places.len())];
    let need = Need { base: *base, places: at_once, carried };
    if let Some(shortage) = shortage(site, &need, worktree)? {
        return Ok(Err(Obstacle::Shortage(shortage)));
    }
    reserve(site, (store, &run), plan, &mut places)?;
    let made_folders = missing_above(&places);
    Ok(Ok(RunSpec {
        run,
        workflow: request.name.clone(),
        base: *base,
        base_name: request.base_name.clone(),
        target: request.target.clone(),
        plan: plan.clone(),
        places,
        limits: request.limits.clone(),
        worktree: worktree.clone(),
        resolution: request.resolution.clone(),
        kind: request.kind.clone(),
        made_folders,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}

/// As of other tasks; but every race has a control, whose own name would stand in the way of the next.
fn race_places(
    site: &Site,
    (plan, race): (&Plan, &RaceSpec),
    run: &RunId,
    templates: (&Template, &Template),
) -> Vec<TaskPlace> {
    let mut places = placed(site, plan, run, templates);
    let is_control = |planned: &Planned| race.control.as_ref() == Some(&planned.task.id);
    for (planned, place) in plan.tasks.iter().zip(&mut places).filter(|(p, _)| is_control(p)) {
        let name = control_name(plan, run, &planned.task.id);
        *place = place_of(site, (run, &name), (lane_or(plan, run, &name), templates));
    }
    places
}

/// Branch and worktree of each task, called by the run as well.
fn named_for_run(
    site: &Site,
    plan: &Plan,
    run: &RunId,
    templates: (&Template, &Template),
) -> Vec<TaskPlace> {
    let names = plan.tasks.iter().map(|planned| format!("{run}-{}", planned.task.id));
    names.map(|name| place_of(site, (run, &name), (lane_or(plan, run, &name), templates))).collect()
}

/// Folders above worktrees that are not there yet.
fn missing_above(places: &[TaskPlace]) -> Vec<String> {
    let above = places.iter().flat_map(|place| {
        let folders = Path::new(&place.worktree).ancestors().skip(1);
        folders.take_while(|folder| folder.symlink_metadata().is_err())
    });
    let missing: BTreeSet<&Path> = above.collect();
    missing.into_iter().map(|folder| folder.to_string_lossy().into_owned()).collect()
}

/// A name for the control that no arm has.
fn control_name(plan: &Plan, run: &RunId, control: &TaskId) -> String {
    let mut name = format!("{run}-{control}");
    while plan.tasks.iter().any(|planned| planned.task.id.as_str() == name) {
        name.push_str("-base");
    }
    name
}

/// Branch and worktree of each task. A sequential run has one worktree, named for the run.
pub fn placed(
    site: &Site,
    plan: &Plan,
    run: &RunId,
    templates: (&Template, &Template),
) -> Vec<TaskPlace> {
    plan.tasks
        .iter()
        .map(|planned| {
            let id = planned.task.id.as_str();
            place_of(site, (run, id), (lane_or(plan, run, id), templates))
        })
        .collect()
}

/// The folder's name: the run's where all tasks share one.
fn lane_or<'a>(plan: &Plan, run: &'a RunId, id: &'a str) -> &'a str {
    if plan.decision.verdict == Verdict::Sequential { run.as_str() } else { id }
}

fn place_of(
    site: &Site,
    (run, id): (&RunId, &str),
    (folder, (worktree_path, branch)): (&str, (&Template, &Template)),
) -> TaskPlace {
    let repo = site.repo.name();
    let worktree = absolute(site, &worktree_path.expand(&repo, run.as_str(), folder));
    TaskPlace {
        branch: Some(branch.expand(&repo, run.as_str(), id)),
        worktree: worktree.to_string_lossy().into_owned(),
        port: None,
        temporary: None,
    }
}

/// A path of the settings, relative to the repository's root, without `.` and `..`. What would lie
/// beside a submodule lies beside the outermost repository, which must not see it.
pub(super) fn absolute(site: &Site, path: &str) -> PathBuf {
    let repo = &site.repo;
    let whole = normalized(&repo.root().join(path));
    match repo.superproject() {
        Some(outer) if whole.starts_with(outer) && !whole.starts_with(repo.root()) => {
            normalized(&outer.join(path))
        }
        Some(_) | None => whole,
    }
}

fn normalized(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                whole.pop();
            }
            std::path::Component::CurDir => {}
            std::path::Component::Prefix(_)
            | std::path::Component::RootDir
            | std::path::Component::Normal(_) => whole.push(part),
        }
    }
    whole
}
