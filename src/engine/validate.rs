//! Running the validations on a commit, in a worktree of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::attempt::{self, Place, chain};
use super::carry::{Carrier, Recipient};
use super::containment::{containment, end_leftovers};
use super::create::absolute;
use super::environment::{Coordinates, Own, task_environment};
use super::error::EngineError;
use super::prepared_bench::{FailedSetup, PreparedBench};
use super::provision::options;
use super::reins::Reins;
use super::site::Site;
use crate::adapters::git::{GitError, Repo};
use crate::adapters::process::{CommandSpec, stop_marked};
use crate::adapters::worktree::{self, Checkout, Detached, RemoveMode, RemoveOutcome};
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{ValidationRun, ValidationVerdict};
use crate::domain::run::{AttemptEnd, Ending, RunSpec, WorktreeRules};
use crate::domain::task::Validation;

/// The worktree in which candidates are validated. It is moved from commit to commit, which writes
/// every changed file anew, so that no build product is newer than what it was built from
/// (landing.md rule 9).
pub(super) struct Bench {
    site: Site,
    path: PathBuf,
    carrier: Option<Arc<Carrier>>,
    prepared: PreparedBench,
    reins: Reins,
    /// Whether the worktree was taken away for good; locked by whatever works on it.
    ended: Arc<Mutex<bool>>,
}

impl Bench {
    /// Beside the worktrees of the run's tasks; made at the first validation.
    pub(super) fn new(site: &Site, run: &str) -> Self {
        let path = absolute(site, &format!("../{}-{run}.validate", site.repo.name()));
        let prepared = PreparedBench::default();
        let ended = Arc::new(Mutex::new(false));
        let (site, reins) = (site.clone(), Reins::default());
        Self { site, path, carrier: None, prepared, reins, ended }
    }

    /// Where it works.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Time that counts: none passes while what runs here is held.
    pub(super) fn elapsed(&self) -> Duration {
        self.site.clock.elapsed().saturating_sub(self.reins.stood())
    }

    /// What reaches the command that runs here.
    pub(super) fn reins(&self) -> Reins {
        self.reins.clone()
    }

    async fn run(&self, command: CommandSpec) -> Result<AttemptEnd, String> {
        if self.reins.is_stopped() {
            return Err("the integration was interrupted".to_owned());
        }
        let requests = self.reins.take();
        attempt::run(command, self.place(), requests, |told| self.reins.hear(&told)).await.end
    }

    /// Stands the worktree at `commit`.
    async fn ensure_at(&self, commit: Oid, rules: &WorktreeRules) -> Result<(), String> {
        let rules = rules.clone();
        let stand = move |site: &Site, path: &Path| {
            let known = site.repo.worktree_at(path)?;
            if known.is_some_and(|known| path.exists() && known.prunable.is_none()) {
                let checkout = Checkout::at(&site.repo, path)?;
                checkout.ensure_detached(commit)?;
                checkout.ensure_submodules(rules.submodules)?;
                return Ok(());
            }
            let (path, options) = (path.to_owned(), options(&rules));
            let spec = Detached { path, commit, lock_reason: None, options };
            worktree::detached(&site.repo, spec).map(|_| ())
        };
        self.aside(move |site, path| stand(site, path).map_err(|error| chain(&error))).await
    }

    /// Gives it the ignored files that tasks had too, as the checkout has them.
    async fn bring_files(&mut self, spec: &RunSpec, commit: Oid) -> Result<(), String> {
        let carrier = self
            .carrier
            .get_or_insert_with(|| Arc::new(Carrier::without_caches(&spec.worktree, &spec.places)))
            .clone();
        self.aside(move |site, path| {
            let recipient = Recipient { worktree: path, name: "validation", commit, fresh: false };
            carrier.bring(site, &recipient).map(|_| ())
        })
        .await
    }

    /// Files and git are read and written on a thread that may wait, and that goes on when nobody
    /// waits for it any more.
    async fn aside<T: Send + 'static>(
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

    /// Ends and takes away what an interrupted integration left.
    pub(super) async fn remove_stale(&self, spec: &RunSpec) -> Result<(), String> {
        for number in 0..spec.plan.validations.len() {
            let task = task_name(number);
            let env = task_environment(&[], &spec.limits, [], self.coordinates(spec, &task));
            let _ended = stop_marked(&env, &spec.limits.keep, spec.limits.grace).await;
        }
        let _also_ended = end_leftovers(&self.site, spec).await;
        self.remove()
    }

    /// Runs the setup hooks that the commit wants; the first that fails.
    async fn set_up(&mut self, spec: &RunSpec, commit: Oid) -> Result<Option<FailedSetup>, String> {
        let prepared = self.prepared;
        let hooks = spec.plan.setup.iter().map(|planned| planned.hook.clone()).collect();
        let wanted = move |site: &Site, _: &Path| {
            prepared.wanted(&site.repo, hooks, commit).map_err(|error| chain(&error))
        };
        let hooks = self.aside(wanted).await?;
        let task = task_name(0);
        for hook in &hooks {
            let command = CommandSpec {
                argv: ["sh", "-c", &hook.run].map(OsString::from).to_vec(),
                cwd: self.path.clone(),
                env: self.environment(spec, &task),
                log: self.site.validation_setup_log(&spec.run),
                temporary: None,
                stdout_copy: None,
                agent: None,
                log_limit: spec.limits.log_limit,
                timeout: hook.timeout,
                stall_timeout: None,
                grace: spec.limits.grace,
                containment: containment(&self.site, spec, None),
                warden: self.site.warden.clone(),
            };
            let end = self.run(command).await;
            if let Some(failed) = FailedSetup::of(hook, end) {
                self.prepared = PreparedBench::default();
                return Ok(Some(failed));
            }
        }
        let settled = move |site: &Site, path: &Path| {
            let checkout = Checkout::at(&site.repo, path);
            checkout
                .and_then(|checkout| PreparedBench::settled(&checkout, commit))
                .map_err(|error| chain(&error))
        };
        self.prepared = self.aside(settled).await?;
        Ok(None)
    }

    fn environment(&self, spec: &RunSpec, task: &TaskId) -> Vec<(OsString, OsString)> {
        let at = self.coordinates(spec, task);
        self.site.jobs.added_to(task_environment(&self.site.env, &spec.limits, [], at))
    }

    /// Validations run one after another.
    fn place(&self) -> Place<'_> {
        Place { jobs: &self.site.jobs, cores: 1.0 }
    }

    fn coordinates<'a>(&'a self, spec: &'a RunSpec, task: &'a TaskId) -> Coordinates<'a> {
        let (run, base) = (&spec.run, spec.base);
        Coordinates { run, task, attempt: 1, worktree: &self.path, base, own: Own::default() }
    }

    /// Takes the worktree away for good: what is in it came from commits and commands of ours. Waits
    /// for whatever works on it.
    pub(super) fn remove(&self) -> Result<(), String> {
        let mut ended = locked(&self.ended);
        *ended = true;
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

/// Ends what commands of a run that nobody drives left running, and takes the worktree of validations
/// away.
///
/// # Errors
/// The worktree cannot be removed.
pub async fn clear_validations(site: &Site, spec: &RunSpec) -> Result<(), EngineError> {
    let bench = Bench::new(site, spec.run.as_str());
    bench.remove_stale(spec).await.map_err(|message| EngineError::ValidationWorktree { message })
}

/// Runs every validation on `commit`, one after another.
///
/// # Errors
/// The worktree cannot be made, as one sentence.
pub(super) async fn validate(
    bench: &mut Bench,
    spec: &RunSpec,
    validations: &[Validation],
    commit: Oid,
) -> Result<Vec<ValidationRun>, String> {
    bench.ensure_at(commit, &spec.worktree).await?;
    bench.bring_files(spec, commit).await?;
    if let Some(failed) = bench.set_up(spec, commit).await? {
        return Ok(validations.iter().map(|validation| failed.run(validation)).collect());
    }
    let mut runs = Vec::with_capacity(validations.len());
    for (number, validation) in validations.iter().enumerate() {
        let command = command(bench, spec, validation, number);
        let end = bench.run(command).await;
        let tainted = bench.aside(move |site, path| {
            put_back(&site.repo, path, commit).map_err(|error| chain(&error))
        });
        let tainted = tainted.await?;
        runs.push(check_run(validation, end, tainted));
    }
    Ok(runs)
}

fn locked(ended: &Mutex<bool>) -> MutexGuard<'_, bool> {
    ended.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts tracked files back to the commit; those that had changed.
fn put_back(repo: &Repo, path: &Path, commit: Oid) -> Result<Vec<String>, GitError> {
    let checkout = Checkout::at(repo, path)?;
    let tainted = checkout.changed_since(commit)?;
    if !tainted.is_empty() {
        checkout.restore(commit)?;
    }
    Ok(tainted)
}

fn check_run(
    validation: &Validation,
    end: Result<AttemptEnd, String>,
    tainted: Vec<String>,
) -> ValidationRun {
    let name = validation.name.clone();
    match end {
        Ok(end) => {
            let passed = end.ending == Ending::Code { code: 0 };
            ValidationRun {
                name,
                verdict: if passed { ValidationVerdict::Passed } else { ValidationVerdict::Failed },
                ending: end.ending.to_string(),
                duration: end.usage.wall,
                last_lines: if passed { Vec::new() } else { end.last_lines },
                tainted,
            }
        }
        Err(message) => ValidationRun {
            name,
            verdict: ValidationVerdict::Failed,
            ending: message,
            duration: Duration::ZERO,
            last_lines: Vec::new(),
            tainted,
        },
    }
}

fn command(bench: &Bench, spec: &RunSpec, validation: &Validation, number: usize) -> CommandSpec {
    let task = task_name(number);
    CommandSpec {
        argv: ["sh", "-c", &validation.run].map(OsString::from).to_vec(),
        cwd: bench.path.clone(),
        env: bench.environment(spec, &task),
        log: bench.site.validation_log(&spec.run, &validation.name),
        temporary: None,
        stdout_copy: None,
        agent: None,
        log_limit: spec.limits.log_limit,
        timeout: validation.timeout,
        stall_timeout: None,
        grace: spec.limits.grace,
        containment: containment(&bench.site, spec, None),
        warden: bench.site.warden.clone(),
    }
}

/// Name under which a validation's processes are marked; tasks cannot have it: the parser reserves
/// ids that start with `gate.`.
fn task_name(number: usize) -> TaskId {
    let name = format!("gate.validate-{number}");
    name.parse().unwrap_or_else(|_| unreachable!("`{name}` is a slug"))
}
