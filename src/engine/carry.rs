//! Bringing ignored files of the user's checkout into the worktrees of a run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::attempt::chain;
use super::create::absolute;
use super::error::EngineError;
use super::site::Site;
use crate::adapters::git::{GitError, Repo};
use crate::adapters::store::Store;
use crate::adapters::worktree::{Carry, Origin, TooLarge, select_carried};
use crate::config::Template;
use crate::domain::id::Oid;
use crate::domain::plan::{CarryPlan, CostSample, unit_seconds};
use crate::domain::run::{Brought, CacheSharing, TaskPlace, WorktreeRules};

/// Measurements of the past that count.
const RECENT: usize = 20;

/// Kind of the measurements, in seconds per unit of `CarryLoad::work`.
pub(super) const COST: &str = "carry";

/// What the worktrees of a run get: chosen when the first of them is made, once for all of them. What
/// kept it from being chosen may be over when the next one is made, and is not remembered.
pub(super) struct Carrier {
    rules: WorktreeRules,
    places: Vec<TaskPlace>,
    carry: OnceLock<Option<Carry>>,
    choosing: Mutex<()>,
    told: AtomicBool,
}

/// A worktree that gets its files.
pub(super) struct Recipient<'a> {
    pub(super) worktree: &'a Path,
    /// Whom notes are about.
    pub(super) name: &'a str,
    /// The commit it stands at.
    pub(super) commit: Oid,
    /// It was just made: nothing was ever brought there.
    pub(super) fresh: bool,
}

impl Carrier {
    /// For the tasks at these places.
    pub(super) fn new(rules: &WorktreeRules, places: &[TaskPlace]) -> Self {
        let (rules, places) = (rules.clone(), places.to_vec());
        let (carry, choosing, told) = (OnceLock::new(), Mutex::new(()), AtomicBool::new(false));
        Self { rules, places, carry, choosing, told }
    }

    /// For a worktree of validations, which builds from nothing: it gets the files, not the caches.
    pub(super) fn without_caches(rules: &WorktreeRules, places: &[TaskPlace]) -> Self {
        let rules = WorktreeRules { share_caches: CacheSharing::Never, ..rules.clone() };
        Self::new(&rules, places)
    }

    /// What a worktree gets that is to be made, or is, at `worktree`; `None` where there is nothing
    /// to take from. Refused as one sentence that names the way out.
    pub(super) fn admit(&self, site: &Site, worktree: &Path) -> Result<Option<&Carry>, String> {
        // Worktrees are made side by side, and choosing reads the whole checkout.
        let _one_at_a_time = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(carry) = self.carry.get() {
            return Ok(carry.as_ref());
        }
        let chosen = chosen(site, (&self.rules, &self.places), beside(worktree));
        let carry = chosen
            .map_err(|error| chain(&error))?
            .map_err(|too_large| format!("{too_large}; {}", TooLarge::WAY_OUT))?;
        Ok(self.carry.get_or_init(|| carry).as_ref())
    }

    /// Brings it. `None` when nothing was asked for.
    pub(super) fn bring(
        &self,
        site: &Site,
        recipient: &Recipient<'_>,
    ) -> Result<Option<Brought>, String> {
        let Recipient { worktree, name, commit, fresh } = *recipient;
        let Some(carry) = self.admit(site, worktree)? else { return Ok(None) };
        let general = if self.told.swap(true, Ordering::Relaxed) { &[] } else { carry.notes() };
        if carry.is_empty() && general.is_empty() && fresh {
            return Ok(None);
        }
        let before = site.clock.elapsed();
        let known = site.repo.worktree_at(worktree).map_err(|error| chain(&error))?;
        let Some(git_dir) = known.and_then(|known| known.git_dir) else {
            return Err(format!("`{}` is no worktree any more", worktree.display()));
        };
        let arrival = carry.bring(&site.repo, worktree, &git_dir).map_err(|error| chain(&error))?;
        if arrival.products {
            let times = carry.kept_times(&site.repo, commit).map_err(|error| chain(&error))?;
            carry
                .refresh_times(&site.repo, (worktree, &git_dir), &times)
                .map_err(|error| chain(&error))?;
        }
        let own = arrival.notes.iter().map(|note| format!("`{name}`: {note}"));
        Ok(Some(Brought {
            load: arrival.load,
            notes: general.iter().cloned().chain(own).collect(),
            seconds: (site.clock.elapsed() - before).as_secs_f64(),
        }))
    }
}

/// What a run whose worktrees are made by this template would bring along; `None` when nothing.
/// Creates nothing.
///
/// # Errors
/// Git, or the database.
pub fn plan_carry(
    site: &Site,
    rules: &WorktreeRules,
    worktree_path: &Template,
    store: Option<&Store>,
) -> Result<Result<Option<CarryPlan>, TooLarge>, EngineError> {
    let place = absolute(site, &worktree_path.expand(&site.repo.name(), "run", "task"));
    let carry = match chosen(site, (rules, &[]), beside(&place))? {
        Ok(Some(carry)) => carry,
        Ok(None) => return Ok(Ok(None)),
        Err(too_large) => return Ok(Err(too_large)),
    };
    if carry.is_empty() && carry.notes().is_empty() {
        return Ok(Ok(None));
    }
    let samples: Vec<CostSample> = match store {
        Some(store) => store
            .costs(COST, RECENT)?
            .into_iter()
            .map(|row| CostSample { quantity: row.quantity, seconds: row.seconds })
            .collect(),
        None => Vec::new(),
    };
    let rate = unit_seconds(&samples);
    let caches = carry.paths(true);
    Ok(Ok(Some(CarryPlan {
        paths: carry.paths(false).into_iter().chain(caches.clone()).collect(),
        caches,
        load: carry.load(),
        time_s: carry.load().seconds(rate),
        measured: rate.is_some(),
        notes: carry.notes().to_vec(),
    })))
}

fn chosen(
    site: &Site,
    (rules, places): (&WorktreeRules, &[TaskPlace]),
    beside: &Path,
) -> Result<Result<Option<Carry>, TooLarge>, GitError> {
    let Some((checkout, git_dir)) = origin(site, places)? else { return Ok(Ok(None)) };
    let origin = Origin { checkout: &checkout, git_dir: &git_dir };
    Ok(select_carried(&site.repo, origin, rules)?.admit(beside).map(Some))
}

/// The checkout that files come from, and its git directory: the one the user stands in unless that
/// is the run's own, else the main one; none in a bare repository.
fn origin(site: &Site, places: &[TaskPlace]) -> Result<Option<(PathBuf, PathBuf)>, GitError> {
    let repo = &site.repo;
    if let Some(stood_in) = repo.worktree()
        && !stands_in_own(repo, places)?
    {
        return Ok(Some((stood_in.to_owned(), repo.git_dir().to_owned())));
    }
    let main = (!repo.is_bare() && repo.root().is_dir()).then(|| repo.root());
    Ok(main.map(|main| (main.to_owned(), repo.common_dir().to_owned())))
}

/// Whether the user stands in one of the run's worktrees, in which a task may have changed things.
fn stands_in_own(repo: &Repo, places: &[TaskPlace]) -> Result<bool, GitError> {
    if repo.git_dir() == repo.common_dir() {
        return Ok(false);
    }
    for place in places {
        let known = repo.worktree_at(Path::new(&place.worktree))?;
        if known.is_some_and(|known| known.git_dir.as_deref() == Some(repo.git_dir())) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn beside(worktree: &Path) -> &Path {
    worktree.parent().unwrap_or(worktree)
}
