//! The worktree in which conflicts are resolved: beside those of the run's tasks, made when a merge
//! collides, gone when it is resolved or given up.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Mediator;
use crate::adapters::git::GitError;
use crate::adapters::process::{Cleared, CommandSpec, LateOutput, stop_marked};
use crate::adapters::worktree::{self, Checkout, Detached};
use crate::domain::id::{Oid, TaskId};
use crate::domain::run::{AttemptEnd, RunSpec};
use crate::domain::task::AgentFormat;
use crate::engine::attempt::chain;
use crate::engine::containment::containment;
use crate::engine::create::absolute;
use crate::engine::environment::{Coordinates, Own, task_environment, with_identity};
use crate::engine::error::EngineError;
use crate::engine::provision::options;
use crate::engine::scratch::{Scratch, footing, reserved_name};
use crate::engine::site::Site;

/// Where conflicts are resolved.
#[derive(Debug, Clone)]
pub(in crate::engine) struct DeskPlace {
    /// Its worktree, beside those of the run's tasks.
    pub(in crate::engine) path: PathBuf,
    /// What its commands print.
    log: PathBuf,
}

impl DeskPlace {
    /// Of the conflicts that are met while the run is integrated.
    pub(in crate::engine) fn of_integration(site: &Site, spec: &RunSpec) -> Self {
        Self { path: beside(site, spec, ""), log: site.resolution_log(&spec.run) }
    }

    /// Of those between tips that a task starts from.
    pub(in crate::engine) fn of_start(
        site: &Site,
        spec: &RunSpec,
        task: &TaskId,
        attempt: u32,
    ) -> Self {
        let path = beside(site, spec, &format!("-{task}"));
        Self { path, log: site.start_log(&spec.run, task, attempt) }
    }

    /// What every command there has in its environment, and nothing else that runs.
    pub(in crate::engine) fn environment(
        &self,
        site: &Site,
        spec: &RunSpec,
    ) -> Vec<(OsString, OsString)> {
        let task = reserved_name("resolve");
        let at = Coordinates {
            run: &spec.run,
            task: &task,
            attempt: 1,
            worktree: &self.path,
            base: spec.base,
            own: Own::default(),
        };
        task_environment(&site.env, &spec.limits, [], at)
    }
}

const END: &str = ".resolve";

fn beside(site: &Site, spec: &RunSpec, whose: &str) -> PathBuf {
    absolute(site, &format!("../{}-{}{END}{whose}", site.repo.name(), spec.run))
}

/// Whether a worktree in which conflicts are resolved, of whichever run, has this name.
pub(in crate::engine) fn is_desk(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // A task's id may hold the same letters.
    name.match_indices(END).any(|(at, _)| {
        let whose = &name[at + END.len()..];
        whose.is_empty() || whose.strip_prefix('-').is_some_and(|id| id.parse::<TaskId>().is_ok())
    })
}

/// A worktree in the middle of a merge; removed in the end, at the latest when dropped, unless it is left
/// to the user.
pub(super) struct Desk {
    worktree: Scratch,
}

/// A command that is to run at a desk.
pub(super) struct Errand {
    pub(super) argv: Vec<OsString>,
    pub(super) agent: Option<AgentFormat>,
    pub(super) timeout: Duration,
}

impl Desk {
    /// Made at a commit.
    pub(super) async fn make(mediator: &Mediator<'_>, commit: Oid) -> Result<Self, String> {
        let place = mediator.place.path.clone();
        let desk = Self { worktree: Scratch::new(mediator.site, place) };
        let options = options(&mediator.spec.worktree);
        let made = desk.worktree.aside(move |site, path| {
            take_rest(site, path)?;
            let spec = Detached { path: path.to_owned(), commit, lock_reason: None, options };
            worktree::detached(&site.repo, spec).map(|_| ()).map_err(|error| chain(&error))
        });
        match made.await {
            Ok(()) => Ok(desk),
            Err(message) => {
                desk.end().await;
                Err(message)
            }
        }
    }

    /// See [`Scratch::aside`].
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Site, &Checkout) -> Result<T, GitError> + Send + 'static,
    ) -> Result<T, String> {
        let done = self.worktree.aside(move |site, path| {
            let checkout = Checkout::at(&site.repo, path);
            checkout.and_then(|checkout| work(site, &checkout)).map_err(|error| chain(&error))
        });
        done.await
    }

    /// Runs a command here, as tasks are run.
    pub(super) async fn run(
        &self,
        mediator: &Mediator<'_>,
        errand: Errand,
    ) -> Result<AttemptEnd, String> {
        let (site, spec, path) = (mediator.site, mediator.spec, &self.worktree.path);
        let command = CommandSpec {
            argv: errand.argv,
            cwd: path.clone(),
            env: site.jobs.added_to(with_identity(
                site.lend_identity,
                mediator.place.environment(site, spec),
            )),
            log: mediator.place.log.clone(),
            temporary: None,
            stdout_copy: None,
            agent: errand.agent,
            log_limit: spec.limits.log_limit,
            timeout: errand.timeout,
            stall_timeout: None,
            grace: spec.limits.grace,
            late_output: LateOutput::Awaited,
            containment: containment(site, spec, None),
            warden: site.warden.clone(),
        };
        self.worktree.run(command, &mediator.reins).await
    }

    /// Leaves it where it is.
    pub(super) fn leave(&self) -> PathBuf {
        self.worktree.leave();
        self.worktree.path.clone()
    }

    /// Takes it away unless it was left, on a thread that may wait.
    pub(super) async fn end(self) {
        let worktree = self.worktree.clone();
        // What stays is told by whoever needs its place.
        let _removed = tokio::task::spawn_blocking(move || worktree.remove().is_ok()).await.is_ok();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Done already, unless nobody waits for the resolution any more.
        let _removed = self.worktree.remove().is_ok();
    }
}

/// Ends what commands of a run left running at one of its desks, whose process is gone, and takes that
/// away unless it is left to the user.
pub(in crate::engine) async fn clear_desk(
    site: &Site,
    spec: &RunSpec,
    place: &DeskPlace,
) -> Result<Cleared, String> {
    let (path, env) = (&place.path, place.environment(site, spec));
    let ended = stop_marked(&env, &spec.limits.keep, spec.limits.grace).await;
    take_rest(site, path)?;
    Ok(ended)
}

/// Takes away what an earlier process could not, or had no time for, unless it is left to the user.
fn take_rest(site: &Site, path: &Path) -> Result<(), String> {
    let checkout = Checkout::at(&site.repo, path).map_err(|error| chain(&error))?;
    if checkout.left_by_hand().is_some() { Ok(()) } else { footing::remove(site, path) }
}

/// Takes it away with what is in it.
pub(super) fn taken_away(site: &Site, path: &Path) -> Result<(), EngineError> {
    footing::remove(site, path).map_err(|message| EngineError::ResolutionWorktree { message })
}

#[cfg(test)]
mod tests;
