//! Bringing tasks' worktrees to their start commits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::attempt::chain;
use super::carry::{Carrier, Recipient};
use super::earlier_attempt::{Room, make_room};
use super::site::Site;
use super::space::below_reserve;
use super::test_reports;
use crate::adapters::git::{Expected, RefUpdate};
use crate::adapters::host::shortage::shortage_told;
use crate::adapters::worktree::{
    self, Carry, Checkout, FileTimes, RemoveMode, WorktreeOptions, WorktreeSpec, pool,
};
use crate::domain::id::{Oid, TaskId};
use crate::domain::run::{
    Brought, Event, ProvisionFailure, RunSpec, Shortage, Submodules, WorktreeRules,
};

/// One worktree to be made or reset.
pub(super) struct Job {
    pub(super) site: Site,
    pub(super) spec: Arc<RunSpec>,
    pub(super) task: usize,
    pub(super) attempt: u32,
    /// Commit that it is to stand at.
    pub(super) start: Oid,
    /// What that was made of.
    pub(super) from: Vec<(TaskId, Oid)>,
    /// Whose leftovers are found at the task's place, as (task, attempt), when what is there is the
    /// run's own: an earlier attempt's, or in a lane those of the task before.
    pub(super) predecessor: Option<(usize, u32)>,
    /// What the run's worktrees get beside the files of their commits.
    pub(super) carrier: Arc<Carrier>,
}

/// One whose start is to be found first.
pub(super) struct Startless {
    pub(super) site: Site,
    pub(super) spec: Arc<RunSpec>,
    pub(super) task: usize,
    pub(super) attempt: u32,
    /// What its start is to be made of.
    pub(super) from: Vec<(TaskId, Oid)>,
    /// See [`Job`].
    pub(super) predecessor: Option<(usize, u32)>,
    /// See [`Job`].
    pub(super) carrier: Arc<Carrier>,
}

impl Startless {
    /// To stand at this commit.
    pub(super) fn at(self, start: Oid) -> Job {
        let Self { site, spec, task, attempt, from, predecessor, carrier } = self;
        Job { site, spec, task, attempt, start, from, predecessor, carrier }
    }
}

/// Does all of them, fresh worktrees together; one fact each. Doing it twice is safe: what an
/// interrupted try left is found and reset, after its content was saved under a ref of ours.
pub(super) fn provision(jobs: Vec<Job>) -> Vec<Event> {
    let mut ended = Vec::new();
    let mut fresh = Vec::new();
    for job in jobs {
        match begin(&job) {
            Ok((ready, Room::PutBack { .. })) => {
                let ready = bring(&job, ready, false);
                ended.push((job, ready));
            }
            Ok((ready, Room::Free { .. })) => fresh.push((job, ready)),
            Err(failure) => ended.push((job, Err(failure))),
        }
    }
    ended.extend(make(fresh));
    ended.into_iter().map(|(job, outcome)| job.fact(outcome)).collect()
}

/// A worktree at its start.
struct Ready {
    start: Oid,
    saved: Option<Oid>,
    /// Why git wrote its files.
    by_git: Option<String>,
    /// What came from the user's checkout.
    brought: Option<Brought>,
    /// An earlier task had it.
    reused: bool,
    /// What it took so far, or its part of what several took together; without what was brought.
    seconds: f64,
    /// Worktrees that were made together, this one included.
    together: u32,
}

/// Makes room; nothing is written where a worktree is to be made.
fn begin(job: &Job) -> Result<(Ready, Room), ProvisionFailure> {
    let before = job.site.clock.elapsed();
    let start = job.start;
    let worktree = Path::new(&job.spec.places[job.task].worktree);
    job.carrier.admit(&job.site, worktree).map_err(failure)?;
    let room = make_room(job, start).map_err(failure)?;
    let saved = match room {
        Room::PutBack { saved } => saved,
        Room::Free { saved } => match below_reserve(worktree, &job.spec.worktree) {
            Some(message) => {
                return Err(ProvisionFailure::Short { shortage: Shortage::Space, message });
            }
            None => saved,
        },
    };
    let seconds = (job.site.clock.elapsed() - before).as_secs_f64();
    let ready =
        Ready { start, saved, by_git: None, brought: None, reused: false, seconds, together: 1 };
    Ok((ready, room))
}

type Ended = (Job, Result<Ready, ProvisionFailure>);

/// Makes worktrees where there are none: out of those that wait in the pool, and from nothing.
fn make(wanted: Vec<(Job, Ready)>) -> Vec<Ended> {
    let Some((first, _)) = wanted.first() else { return Vec::new() };
    let (repo, rules) = (first.site.repo.clone(), first.spec.worktree.clone());
    let clock = first.site.clock;
    // What was made together took each of them an equal part of the time.
    let part =
        |before: Duration, of: usize| (clock.elapsed() - before).as_secs_f64() / of.max(1) as f64;
    let specs = |wanted: &[(Job, Ready)]| {
        wanted.iter().map(|(job, ready)| job.worktree(ready.start)).collect::<Vec<_>>()
    };
    let mut ended = Vec::new();
    let mut fresh = Vec::new();
    if rules.pool > 0 || first.spec.kind.is_test() {
        let before = clock.elapsed();
        let taken = pool::take_all(&repo, &specs(&wanted), &rules.caches);
        let each = part(before, wanted.len());
        for ((job, ready), taken) in wanted.into_iter().zip(taken) {
            match taken {
                Ok(Some(_)) => {
                    let seconds = ready.seconds + each;
                    let ready = Ready { reused: true, seconds, ..ready };
                    let filled = job.fill_submodules();
                    if filled.is_err() {
                        take_back(&job, ready.start);
                    }
                    ended.push((job, filled.map(|()| ready)));
                }
                // Also where the pool cannot be read: it saves time and owes nothing.
                Ok(None) | Err(_) => fresh.push((job, ready)),
            }
        }
    } else {
        fresh = wanted;
    }
    let before = clock.elapsed();
    let made = worktree::provision_all(&repo, specs(&fresh));
    let each = part(before, fresh.len());
    let together = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
    for ((job, ready), made) in fresh.into_iter().zip(made) {
        let seconds = ready.seconds + each;
        let made = made.map(|made| Ready { by_git: made.by_git, seconds, together, ..ready });
        ended.push((job, made.map_err(|error| failure(chain(&error)))));
    }
    let whole = |(job, ready): Ended| {
        let ready = ready.and_then(|ready| bring(&job, ready, true));
        (job, ready)
    };
    ended.into_iter().map(whole).collect()
}

/// What a worktree gets beside its files; one that was just made goes again when that fails.
fn bring(job: &Job, ready: Ready, fresh: bool) -> Result<Ready, ProvisionFailure> {
    let worktree = Path::new(&job.spec.places[job.task].worktree);
    let name = job.spec.plan.tasks[job.task].task.id.as_str();
    let recipient = Recipient { worktree, name, commit: ready.start, fresh };
    let brought = job.carrier.bring(&job.site, &recipient);
    match brought
        .and_then(|brought| test_reports::clear(&job.site, &job.spec, job.task).map(|()| brought))
    {
        Ok(brought) => Ok(Ready { brought, ..ready }),
        Err(message) => {
            if fresh {
                take_back(job, ready.start);
            }
            Err(failure(message))
        }
    }
}

/// What could not be done, told apart from what there was no room for.
fn failure(message: String) -> ProvisionFailure {
    match shortage_told(&message) {
        Some(shortage) => ProvisionFailure::Short { shortage, message },
        None => ProvisionFailure::Other { message },
    }
}

/// Takes away a worktree that was just made and in which nothing ran.
fn take_back(job: &Job, start: Oid) {
    let place = &job.spec.places[job.task];
    let repo = &job.site.repo;
    // What fails here is reported as occupied when it is made again; the first failure is the one to
    // tell.
    let _removed = worktree::remove(repo, Path::new(&place.worktree), RemoveMode::Force).is_ok();
    let Some(branch) = &place.branch else { return };
    let update = RefUpdate {
        name: format!("refs/heads/{branch}"),
        new: None,
        expected: Expected::At(start),
        message: "wt-orch: worktree not made".to_owned(),
    };
    let _deleted = repo.update_ref(&update).is_ok();
}

impl Job {
    fn worktree(&self, start: Oid) -> WorktreeSpec {
        let place = &self.spec.places[self.task];
        let path = Path::new(&place.worktree).to_owned();
        let carried = self.carrier.admit(&self.site, &path);
        let products = carried.is_ok_and(|carry| carry.is_some_and(Carry::has_products));
        let times = if products { FileTimes::Present } else { FileTimes::Past };
        let options = WorktreeOptions { times, ..options(&self.spec.worktree) };
        WorktreeSpec { path, branch: place.branch.clone(), start, lock_reason: None, options }
    }

    /// A worktree of the pool comes without any.
    fn fill_submodules(&self) -> Result<(), ProvisionFailure> {
        if self.spec.worktree.submodules == Submodules::Empty {
            return Ok(());
        }
        let path = Path::new(&self.spec.places[self.task].worktree);
        let checkout = Checkout::at(&self.site.repo, path);
        checkout
            .and_then(|checkout| checkout.ensure_submodules(self.spec.worktree.submodules))
            .map_err(|error| failure(chain(&error)))
    }

    fn fact(&self, outcome: Result<Ready, ProvisionFailure>) -> Event {
        let task = self.spec.plan.tasks[self.task].task.id.clone();
        // What an arm of a race begins with is part of its work.
        let arm = self.spec.kind.race().and_then(|race| race.arm(&task));
        let counts_from = |start| arm.map_or(start, |arm| arm.counts_from);
        let attempt = self.attempt;
        match outcome {
            Ok(Ready { start, saved, by_git, brought, reused, seconds, together }) => {
                Event::Provisioned {
                    task,
                    attempt,
                    start: counts_from(start),
                    unvalidated: !self.from.is_empty()
                        && self.from.iter().all(|(_, tip)| *tip != start),
                    saved,
                    by_git,
                    reused,
                    together,
                    seconds: seconds + brought.as_ref().map_or(0.0, |brought| brought.seconds),
                    brought,
                }
            }
            Err(failure) => Event::ProvisionFailed { task, attempt, failure },
        }
    }
}

/// What the run's worktrees are like.
pub(super) fn options(rules: &WorktreeRules) -> WorktreeOptions {
    WorktreeOptions { submodules: rules.submodules, ..WorktreeOptions::default() }
}

/// Ref that keeps what a task's attempt left behind.
pub(super) fn keep_ref(spec: &RunSpec, task: usize, attempt: u32) -> String {
    let id = &spec.plan.tasks[task].task.id;
    format!("refs/wt-orch/{}/{id}/attempt-{attempt}", spec.run)
}
