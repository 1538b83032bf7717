//! Where a run lives: the repository, the state folder, the caller's environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::EngineError;
use super::jobs::Jobs;
use crate::adapters::git::Repo;
use crate::adapters::host::clock::Clock;
use crate::adapters::host::control::Place;
use crate::adapters::process::Warden;
use crate::domain::id::{RunId, TaskId};
use crate::domain::report::log_path;

/// A repository with everything that is asked of its surroundings.
#[derive(Debug, Clone)]
pub struct Site {
    /// The repository.
    pub repo: Repo,
    /// The caller's environment.
    pub env: Vec<(OsString, OsString)>,
    /// Folder for sockets whose path would be too long.
    pub runtime_dir: Option<PathBuf>,
    /// The clock.
    pub clock: Clock,
    /// Git knows no identity of the user's: tasks get ours, so that their own commits do not fail.
    pub lend_identity: bool,
    /// This program, which is started again as the warden of what it runs; without it there is none.
    pub program: Option<PathBuf>,
    /// Who ends what is run here, should this process be killed.
    pub warden: Warden,
    /// How the commands of the run that is being driven share the cores; none before.
    pub jobs: Jobs,
}

impl Site {
    /// The same with a warden, and why there is none if so.
    pub(super) fn guarded(mut self) -> (Self, Option<String>) {
        let started = self.program.as_ref().map(|own| Warden::start(own, &self.state_dir()));
        match started {
            None => (self, None),
            Some(Ok(warden)) => {
                self.warden = warden;
                (self, None)
            }
            Some(Err(error)) => {
                let why = "what runs would go on if wt-orch were killed, since no process could be \
                           started to prevent that";
                (self, Some(format!("{why}: {error}")))
            }
        }
    }

    /// Files and git are read and written on a thread that may wait: the one that leads all commands
    /// goes on.
    pub(super) async fn aside<T, E>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, EngineError>
    where
        T: Send + 'static,
        E: Send + 'static,
        EngineError: From<E>,
    {
        let site = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&site)).await;
        Ok(done.map_err(|_| EngineError::WorkerLost)??)
    }

    /// `<git-common-dir>/wt-orch`.
    pub fn state_dir(&self) -> PathBuf {
        self.repo.common_dir().join("wt-orch")
    }

    /// Folder of the logs of all runs.
    pub fn logs_dir(&self) -> PathBuf {
        self.state_dir().join("logs")
    }

    /// Log of one attempt.
    pub fn log(&self, run: &RunId, task: &TaskId, attempt: u32) -> PathBuf {
        PathBuf::from(log_path(&self.logs_dir().to_string_lossy(), run, task, attempt))
    }

    /// Log of the setup hooks of one attempt.
    pub fn setup_log(&self, run: &RunId, task: &TaskId, attempt: u32) -> PathBuf {
        self.log(run, task, attempt).with_extension("setup.log")
    }

    /// Log of a run of the check of one attempt, from 1.
    pub fn check_log(&self, run: &RunId, task: &TaskId, (attempt, check): (u32, u32)) -> PathBuf {
        let end = if check == 1 { String::new() } else { format!("-{check}") };
        self.log(run, task, attempt).with_extension(format!("check{end}.log"))
    }

    /// What a test runner wrote of the tests of one attempt (JUnit XML), if it did.
    pub fn test_report(&self, run: &RunId, task: &TaskId, attempt: u32) -> PathBuf {
        self.log(run, task, attempt).with_extension("report.xml")
    }

    /// Log of the setup hooks in the worktree of validations of this number, from 1. No validation's
    /// log ends like it, nor any attempt's.
    pub fn validation_setup_log(&self, run: &RunId, bench: u32) -> PathBuf {
        let end = if bench == 1 { String::new() } else { format!("-{bench}") };
        self.logs_dir().join(run.as_str()).join(format!("setup-hooks{end}.log"))
    }

    /// Log of the commands that resolve conflicts. No validation's log has its name, nor any attempt's.
    pub fn resolution_log(&self, run: &RunId) -> PathBuf {
        self.logs_dir().join(run.as_str()).join("resolve.log")
    }

    /// Log of the commands that resolve conflicts between tips that a task starts from.
    pub fn start_log(&self, run: &RunId, task: &TaskId, attempt: u32) -> PathBuf {
        self.log(run, task, attempt).with_extension("start.log")
    }

    /// Folder of what was found and put back while a run went on, kept as long as its logs.
    pub fn put_back_dir(&self, run: &RunId) -> PathBuf {
        self.logs_dir().join(run.as_str()).join("put-back")
    }

    /// Lock that the one writer of a run holds.
    pub fn lock_path(&self, run: &RunId) -> PathBuf {
        self.state_dir().join(format!("{run}.lock"))
    }

    /// Lock that an undo holds. It begins as no run's does.
    pub(super) fn undo_lock_path(&self) -> PathBuf {
        self.state_dir().join(".undo.lock")
    }

    /// Control socket of a run.
    pub fn control<'a>(&'a self, state_dir: &'a Path, run: &'a RunId) -> Place<'a> {
        Place { dir: state_dir, run: run.as_str(), runtime_dir: self.runtime_dir.as_deref() }
    }
}
