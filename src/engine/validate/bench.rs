//! One worktree in which candidates are validated.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::{setup_command, task_name};
use super::prepared::{FailedSetup, PreparedBench};
use crate::adapters::host::ports::{is_port_free, load_ephemeral_ports};
use crate::adapters::host::temporary::{remove_temporary, temporary_place};
use crate::adapters::process::{CommandSpec, stop_marked};
use crate::adapters::worktree::{self, Checkout, Detached};
use crate::domain::id::{Oid, TaskId};
use crate::domain::run::{AttemptEnd, RunSpec, WorktreeRules, port_candidates, temporary_name};
use crate::engine::attempt::chain;
use crate::engine::carry::{Carrier, Recipient};
use crate::engine::environment::{Coordinates, Own, task_environment};
use crate::engine::provision::options;
use crate::engine::reins::Reins;
use crate::engine::scratch::{Scratch, footing, reserved_name};
use crate::engine::site::Site;
use crate::engine::validation_places::place;

/// It is moved from commit to commit, which writes every changed file anew, so that no build product
/// is newer than what it was built from (landing.md rule 9). Made at its first validation; clones are
/// the same worktree.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) worktree: Scratch,
    pub(super) number: u32,
    /// A port of this machine that no task of the run and no other bench has.
    pub(super) port: Option<u16>,
    /// Folder for temporary files; there while a command runs.
    pub(super) temporary: PathBuf,
    prepared: PreparedBench,
}

impl Bench {
    /// Beside the worktrees of the run's tasks.
    pub(super) fn new(site: &Site, spec: &RunSpec, number: u32) -> Self {
        let repository = site.repo.common_dir().to_string_lossy();
        let name = temporary_name(&repository, spec.run.as_str(), &bench_name(number));
        Self {
            worktree: Scratch::new(site, place(site, spec.run.as_str(), number)),
            number,
            port: None,
            temporary: temporary_place(&name),
            prepared: PreparedBench::default(),
        }
    }

    /// With a port for what its commands serve, where one is free.
    pub(super) fn with_port(mut self, spec: &RunSpec, others: &[Self]) -> Self {
        let repository = self.worktree.site.repo.common_dir().to_string_lossy();
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
        let end = self.worktree.run(command, reins).await;
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
        self.worktree
            .aside(move |site, path| {
                let is_whole = footing::is_whole(site, path)?;
                if !is_whole {
                    footing::remove(site, path)?;
                }
                stand(site, path, is_whole).map_err(|error| chain(&error))
            })
            .await
    }

    /// Whether what ran here left the worktree in its place.
    async fn is_whole(&self) -> Result<bool, String> {
        self.worktree.aside(footing::is_whole).await
    }

    /// Gives it the ignored files that tasks had too, as the checkout has them.
    pub(super) async fn bring_files(
        &self,
        carrier: &Arc<Carrier>,
        commit: Oid,
    ) -> Result<(), String> {
        let carrier = Arc::clone(carrier);
        self.worktree
            .aside(move |site, path| {
                let recipient =
                    Recipient { worktree: path, name: "validation", commit, fresh: false };
                carrier.bring(site, &recipient).map(|_| ())
            })
            .await
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
        let hooks = self.worktree.aside(wanted).await?;
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
        self.prepared = self.worktree.aside(settled).await?;
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
        Coordinates { run, task, attempt: 1, worktree: &self.worktree.path, base, own }
    }

    /// Takes it away for good, with its folder for temporary files.
    pub(super) fn remove(&self) -> Result<(), String> {
        let removed = self.worktree.remove();
        let _in_nobodys_way = remove_temporary(&self.temporary);
        removed
    }
}

fn bench_name(number: u32) -> TaskId {
    reserved_name(&format!("bench-{number}"))
}
