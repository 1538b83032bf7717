//! A worktree of ours that stands beside those of a run's tasks while something is tried in it.

pub(super) mod footing;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::attempt::{self, Place, chain};
use super::reins::Reins;
use super::site::Site;
use crate::adapters::process::CommandSpec;
use crate::domain::id::TaskId;
use crate::domain::run::AttemptEnd;

/// Clones are the same worktree.
#[derive(Clone)]
pub(super) struct Scratch {
    pub(super) site: Site,
    pub(super) path: PathBuf,
    /// Whether it was taken away, or left, for good; locked by whatever works on it.
    ended: Arc<Mutex<bool>>,
}

impl Scratch {
    /// A place; nothing is made.
    pub(super) fn new(site: &Site, path: PathBuf) -> Self {
        Self { site: site.clone(), path, ended: Arc::default() }
    }

    /// Files and git are read and written on a thread that may wait, and that goes on when nobody
    /// waits for it any more.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Site, &Path) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let scratch = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let ended = scratch.ended();
            if *ended {
                return Err("its worktree was taken away meanwhile".to_owned());
            }
            work(&scratch.site, &scratch.path)
        });
        done.await.map_err(|error| chain(&error))?
    }

    /// Runs a command, as tasks are run.
    pub(super) async fn run(
        &self,
        command: CommandSpec,
        reins: &Reins,
    ) -> Result<AttemptEnd, String> {
        let Some(requests) = reins.take() else {
            return Err("it was interrupted".to_owned());
        };
        let place = Place { jobs: &self.site.jobs, cores: 1.0 };
        attempt::run(command, place, requests, |told| reins.hear(&told)).await.end
    }

    /// Leaves it where it is.
    pub(super) fn leave(&self) {
        *self.ended() = true;
    }

    /// Takes it away for good, unless that was done or it was left: what is in it came from commits
    /// and commands of ours. Waits for whatever works on it.
    pub(super) fn remove(&self) -> Result<(), String> {
        let mut ended = self.ended();
        if std::mem::replace(&mut *ended, true) {
            return Ok(());
        }
        footing::remove(&self.site, &self.path)
    }

    fn ended(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Name under which what runs for it is marked; tasks cannot have it: the parser reserves ids that
/// start with `gate.`.
pub(super) fn reserved_name(what: &str) -> TaskId {
    let name = format!("gate.{what}");
    name.parse().unwrap_or_else(|_| unreachable!("`{name}` is a slug"))
}
