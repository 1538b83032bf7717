//! Running the validations on a commit, in a worktree of its own.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::sync::mpsc;

use super::attempt::{self, chain};
use super::carry::{Carrier, Recipient};
use super::create::absolute;
use super::environment::{Coordinates, Own, task_environment};
use super::error::EngineError;
use super::prepared_bench::{FailedSetup, PreparedBench};
use super::provision::options;
use super::site::Site;
use crate::adapters::process::{CommandSpec, Request, stop_marked};
use crate::adapters::worktree::{self, Checkout, Detached, RemoveMode, RemoveOutcome};
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{ValidationRun, ValidationVerdict};
use crate::domain::run::{Ending, RunSpec, WorktreeRules};
use crate::domain::task::Validation;

/// The worktree in which candidates are validated. It is moved from commit to commit, which writes
/// every changed file anew, so that no build product is newer than what it was built from
/// (landing.md rule 9).
pub(super) struct Bench {
    site: Site,
    path: PathBuf,
    made: bool,
    carrier: Option<Carrier>,
    prepared: PreparedBench,
}

impl Bench {
    /// Beside the worktrees of the run's tasks; made at the first validation.
    pub(super) fn new(site: &Site, run: &str) -> Self {
        let path = absolute(site, &format!("../{}-{run}.validate", site.repo.name()));
        let prepared = PreparedBench::default();
        Self { site: site.clone(), path, made: false, carrier: None, prepared }
    }

    /// Stands the worktree at `commit`.
    fn ensure_at(&mut self, commit: Oid, rules: &WorktreeRules) -> Result<(), String> {
        let repo = &self.site.repo;
        let known = repo.worktree_at(&self.path).map_err(|error| chain(&error))?;
        if known.is_some_and(|known| self.path.exists() && known.prunable.is_none()) {
            self.made = true;
            return Checkout::at(repo, &self.path)
                .and_then(|checkout| {
                    checkout.ensure_detached(commit)?;
                    checkout.ensure_submodules(rules.submodules)
                })
                .map_err(|error| chain(&error));
        }
        let spec = Detached {
            path: self.path.clone(),
            commit,
            lock_reason: None,
            options: options(rules),
        };
        worktree::detached(repo, spec).map_err(|error| chain(&error))?;
        self.made = true;
        Ok(())
    }

    /// Gives it the ignored files that tasks had too, as the checkout has them.
    fn bring_files(&mut self, spec: &RunSpec, commit: Oid) -> Result<(), String> {
        let carrier = self
            .carrier
            .get_or_insert_with(|| Carrier::without_caches(&spec.worktree, &spec.places));
        let recipient =
            Recipient { worktree: &self.path, name: "validation", commit, fresh: false };
        carrier.bring(&self.site, &recipient).map(|_| ())
    }

    /// Ends and takes away what an interrupted integration left.
    pub(super) async fn remove_stale(&mut self, spec: &RunSpec) -> Result<(), String> {
        for number in 0..spec.plan.validations.len() {
            let task = task_name(number);
            let env = task_environment(&[], &spec.limits, [], self.coordinates(spec, &task));
            let _ended = stop_marked(&env, spec.limits.grace).await;
        }
        let known = self.site.repo.worktree_at(&self.path).map_err(|error| chain(&error))?;
        self.made = known.is_some();
        self.remove()
    }

    /// Runs the setup hooks that the commit wants; the first that fails.
    async fn set_up(&mut self, spec: &RunSpec, commit: Oid) -> Result<Option<FailedSetup>, String> {
        let hooks = self.prepared.wanted(&self.site.repo, spec, commit);
        let hooks = hooks.map_err(|error| chain(&error))?;
        let task = task_name(0);
        for hook in &hooks {
            let command = CommandSpec {
                argv: ["sh", "-c", &hook.run].map(OsString::from).to_vec(),
                cwd: self.path.clone(),
                env: self.environment(spec, &task),
                log: self.site.validation_log(&spec.run, "setup"),
                temporary: None,
                stdout_copy: None,
                log_limit: spec.limits.log_limit,
                timeout: hook.timeout,
                grace: spec.limits.grace,
            };
            let (_keep_open, requests) = mpsc::channel::<Request>(1);
            let end = attempt::run(command, requests, |_| {}).await;
            if let Some(failed) = FailedSetup::of(hook, end) {
                self.prepared = PreparedBench::default();
                return Ok(Some(failed));
            }
        }
        let checkout = Checkout::at(&self.site.repo, &self.path).map_err(|error| chain(&error))?;
        self.prepared.settle(&checkout, commit).map_err(|error| chain(&error))?;
        Ok(None)
    }

    fn environment(&self, spec: &RunSpec, task: &TaskId) -> Vec<(OsString, OsString)> {
        task_environment(&self.site.env, &spec.limits, [], self.coordinates(spec, task))
    }

    fn coordinates<'a>(&'a self, spec: &'a RunSpec, task: &'a TaskId) -> Coordinates<'a> {
        let (run, base) = (&spec.run, spec.base);
        Coordinates { run, task, attempt: 1, worktree: &self.path, base, own: Own::default() }
    }

    /// Takes the worktree away again: what is in it came from commits and commands of ours.
    pub(super) fn remove(&mut self) -> Result<(), String> {
        if self.made {
            let outcome = worktree::remove(&self.site.repo, &self.path, RemoveMode::Force)
                .map_err(|error| chain(&error))?;
            if let RemoveOutcome::Kept { reason, .. } = outcome {
                return Err(reason.to_string());
            }
            self.made = false;
            self.prepared = PreparedBench::default();
        }
        Ok(())
    }
}

/// Ends what validations of a run left running, and takes their worktree away.
///
/// # Errors
/// The worktree cannot be removed.
pub async fn clear_validations(site: &Site, spec: &RunSpec) -> Result<(), EngineError> {
    let mut bench = Bench::new(site, spec.run.as_str());
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
    bench.ensure_at(commit, &spec.worktree)?;
    bench.bring_files(spec, commit)?;
    if let Some(failed) = bench.set_up(spec, commit).await? {
        return Ok(validations.iter().map(|validation| failed.run(validation)).collect());
    }
    let mut runs = Vec::with_capacity(validations.len());
    for (number, validation) in validations.iter().enumerate() {
        let command = command(bench, spec, validation, number);
        let (_keep_open, requests) = mpsc::channel::<Request>(1);
        let end = attempt::run(command, requests, |_| {}).await;
        let checkout =
            Checkout::at(&bench.site.repo, &bench.path).map_err(|error| chain(&error))?;
        let tainted = checkout.changed_since(commit).map_err(|error| chain(&error))?;
        if !tainted.is_empty() {
            checkout.restore(commit).map_err(|error| chain(&error))?;
        }
        runs.push(check_run(validation, end, tainted));
    }
    Ok(runs)
}

fn check_run(
    validation: &Validation,
    end: Result<crate::domain::run::AttemptEnd, String>,
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
            duration: std::time::Duration::ZERO,
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
        log_limit: spec.limits.log_limit,
        timeout: validation.timeout,
        grace: spec.limits.grace,
    }
}

/// Name under which a validation's processes are marked; tasks cannot have it: the parser reserves
/// ids that start with `gate.`.
fn task_name(number: usize) -> TaskId {
    let name = format!("gate.validate-{number}");
    name.parse().unwrap_or_else(|_| unreachable!("`{name}` is a slug"))
}
