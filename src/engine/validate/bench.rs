//! One worktree in which candidates are validated.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::command::{setup_command, task_name};
use super::footing;
use super::prepared::{FailedSetup, PreparedBench};
use crate::adapters::host::ports::{is_port_free, load_ephemeral_ports};
use crate::adapters::host::temporary::{remove_temporary, temporary_place};
use crate::adapters::process::{CommandSpec, stop_marked};
use crate::adapters::worktree::{self, Checkout, Detached, RemoveMode, RemoveOutcome};
use crate::domain::id::{Oid, TaskId};
use crate::domain::run::{AttemptEnd, RunSpec, WorktreeRules, port_candidates, temporary_name};
use crate::engine::attempt::{self, Place, chain};
use crate::engine::carry::{Carrier, Recipient};
use crate::engine::environment::{Coordinates, Own, task_environment};
use crate::engine::provision::options;
use crate::engine::reins::Reins;
use crate::engine::site::Site;
use crate::engine::validation_places::place;

/// It is moved from commit to commit, which writes every changed file anew, so that no build product
/// is newer than what it was built from (landing.md rule 9). Made at its first validation; clones are
/// the same worktree.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) site: Site,
    pub(super) number: u32,
    pub(super) path: PathBuf,
    /// A port of this machine that no task of the run and no other bench has.
    pub(super) port: Option<u16>,
    /// Folder for temporary files; there while a command runs.
    pub(super) temporary: PathBuf,
    prepared: PreparedBench,
    /// Whether the worktree was taken away for good; locked by whatever works on it.
    ended: Arc<Mutex<bool>>,
}

impl Bench {
    /// Beside the worktrees of the run's tasks.
    pub(super) fn new(site: &Site, spec: &RunSpec, number: u32) -> Self {
        let path = place(site, spec.run.as_str(), number);
        let repository = site.repo.common_dir().to_string_lossy();
        let name = temporary_name(&repository, spec.run.as_str(), &bench_name(number));
        Self {
            site: site.clone(),
            number,
            path,
            port: None,
            temporary: temporary_place(&name),
            prepared: PreparedBench::default(),
            ended: Arc::default(),
        }
    }

    /// With a port for what its commands serve, where one is free.
    pub(super) fn with_port(mut self, spec: &RunSpec, others: &[Self]) -> Self {
        let repository = self.site.repo.common_dir().to_string_lossy();
        let is_taken = |port: &u16| {
            spec.places.iter().any(|place| place.port == Some(*port))
                || others.iter().any(|other| other.port == Some(*port))
        };
        let name = bench_name(self.number);
        self.port = port_candidates(&repository, &name, load_ephemeral_ports())
            .find(|port| !is_taken(port) && is_port_free(*port));
        self
    }

    pub(super) async fn run(
        &self,
        command: CommandSpec,
        reins: &Reins,
    ) -> Result<AttemptEnd, String> {
        let Some(requests) = reins.take() else {
            return Err("the integration was interrupted".to_owned());
        };
        let place = Place { jobs: &self.site.jobs, cores: 1.0 };
        let end = attempt::run(command, place, requests, |told| reins.hear(&told)).await.end;
        let folder = self.temporary.clone();
        // What cannot be removed is in nobody's way.
        let _removed = tokio::task::spawn_blocking(move || remove_temporary(&folder)).await.is_ok();
        end
    }

    /// Stands the worktree at `commit`.
    pub(super) async fn ensure_at(&self, commit: Oid, rules: &WorktreeRules) -> Result<(), String> {
        let rules = rules.clone();
        let stand = move |site: &Site, path: &Path, is_whole: bool| {
            if is_whole {
                let checkout = Checkout::at(&site.repo, path)?;
                checkout.ensure_detached(commit)?;
                // Of what another commit left here only the caches count (landing.md rule 7).
                checkout.clear_leftovers(&rules.caches)?;
                checkout.ensure_submodules(rules.submodules)?;
                return Ok(());
            }
            let (path, options) = (path.to_owned(), options(&rules));
            let spec = Detached { path, commit, lock_reason: None, options };
            worktree::detached(&site.repo, spec).map(|_| ())
        };
        self.aside(move |site, path| {
            let is_whole = footing::is_whole(site, path)?;
            if !is_whole {
                footing::clear_remains(site, path)?;
            }
            stand(site, path, is_whole).map_err(|error| chain(&error))
        })
        .await
    }

    /// Whether what ran here left the worktree in its place.
    async fn is_whole(&self) -> Result<bool, String> {
        self.aside(footing::is_whole).await
    }

    /// Gives it the ignored files that tasks had too, as the checkout has them.
    pub(super) async fn bring_files(
        &self,
        carrier: &Arc<Carrier>,
        commit: Oid,
    ) -> Result<(), String> {
        let carrier = Arc::clone(carrier);
        self.aside(move |site, path| {
            let recipient = Recipient { worktree: path, name: "validation", commit, fresh: false };
            carrier.bring(site, &recipient).map(|_| ())
        })
        .await
    }

    /// Files and git are read and written on a thread that may wait, and that goes on when nobody
    /// waits for it any more.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Site, &Path) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let (site, path, ended) = (self.site.clone(), self.path.clone(), Arc::clone(&self.ended));
        let done = tokio::task::spawn_blocking(move || {
            let ended = locked(&ended);
            if *ended { Err("it was taken away meanwhile".to_owned()) } else { work(&site, &path) }
        });
        done.await.map_err(|error| chain(&error))?
    }

    /// Ends what commands that nobody drives any more left running here.
    pub(super) async fn end_strays(&self, spec: &RunSpec) {
        for number in 0..spec.plan.validations.len() {
            let task = task_name(number);
            let env = task_environment(&[], &spec.limits, [], self.coordinates(spec, &task));
            let _ended = stop_marked(&env, &spec.limits.keep, spec.limits.grace).await;
        }
    }

    /// Runs the setup hooks that the commit wants; the first that fails.
    pub(super) async fn set_up(
        &mut self,
        spec: &RunSpec,
        commit: Oid,
        reins: &Reins,
    ) -> Result<Option<FailedSetup>, String> {
        let prepared = self.prepared;
        let hooks = spec.plan.setup.iter().map(|planned| planned.hook.clone()).collect();
        let wanted = move |site: &Site, _: &Path| {
            prepared.wanted(&site.repo, hooks, commit).map_err(|error| chain(&error))
        };
        let hooks = self.aside(wanted).await?;
        for hook in &hooks {
            let end = self.run(setup_command(self, spec, hook), reins).await;
            let is_whole = self.is_whole().await?;
            if let Some(failed) = FailedSetup::of(hook, end, is_whole) {
                self.prepared = PreparedBench::default();
                return Ok(Some(failed));
            }
        }
        let caches = spec.worktree.caches.clone();
        let settled = move |site: &Site, path: &Path| {
            let checkout = Checkout::at(&site.repo, path);
            checkout
                .and_then(|checkout| PreparedBench::settled(&checkout, commit, &caches))
                .map_err(|error| chain(&error))
        };
        self.prepared = self.aside(settled).await?;
        Ok(None)
    }

    /// Whose the commands here are.
    pub(super) fn coordinates<'a>(
        &'a self,
        spec: &'a RunSpec,
        task: &'a TaskId,
    ) -> Coordinates<'a> {
        let own = Own { port: self.port, temporary: Some(&self.temporary), project: None };
        let (run, base) = (&spec.run, spec.base);
        Coordinates { run, task, attempt: 1, worktree: &self.path, base, own }
    }

    /// Takes the worktree away for good: what is in it came from commits and commands of ours. Waits
    /// for whatever works on it.
    pub(super) fn remove(&self) -> Result<(), String> {
        let mut ended = locked(&self.ended);
        *ended = true;
        let _in_nobodys_way = remove_temporary(&self.temporary);
        footing::ensure_no_link(&self.path)?;
        let repo = &self.site.repo;
        if repo.worktree_at(&self.path).map_err(|error| chain(&error))?.is_none() {
            return Ok(());
        }
        let outcome = worktree::remove(repo, &self.path, RemoveMode::Force);
        if let RemoveOutcome::Kept { reason, .. } = outcome.map_err(|error| chain(&error))? {
            return Err(reason.to_string());
        }
        Ok(())
    }
}

/// A name that no task can have: the parser reserves ids that start with `gate.`.
fn bench_name(number: u32) -> TaskId {
    let name = format!("gate.bench-{number}");
    name.parse().unwrap_or_else(|_| unreachable!("`{name}` is a slug"))
}

fn locked(ended: &Mutex<bool>) -> MutexGuard<'_, bool> {
    ended.lock().unwrap_or_else(PoisonError::into_inner)
}
