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
    /// Locked by whatever works on it.
    standing: Arc<Mutex<Standing>>,
}

/// How far it is from its end; it only ever goes down this list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Standing {
    /// It may be worked on.
    #[default]
    Used,
    /// It is to go, and may be there still.
    Forsaken,
    /// It was taken away, or left, for good.
    Ended,
}

impl Scratch {
    /// A place; nothing is made.
    pub(super) fn new(site: &Site, path: PathBuf) -> Self {
        Self { site: site.clone(), path, standing: Arc::default() }
    }

    /// Files and git are read and written on a thread that may wait, and that goes on when nobody
    /// waits for it any more.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Site, &Path) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let scratch = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let standing = scratch.standing();
            if *standing != Standing::Used {
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
        *self.standing() = Standing::Ended;
    }

    /// Takes it away for good, unless that was done or it was left: what is in it came from commits
    /// and commands of ours. Waits for whatever works on it; nothing does from here on, also where this
    /// fails and may be tried again.
    pub(super) fn remove(&self) -> Result<(), String> {
        let mut standing = self.standing();
        if *standing == Standing::Ended {
            return Ok(());
        }
        *standing = Standing::Forsaken;
        footing::remove(&self.site, &self.path)?;
        *standing = Standing::Ended;
        Ok(())
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Name under which what runs for it is marked; tasks cannot have it: the parser reserves ids that
/// start with `gate.`.
pub(super) fn reserved_name(what: &str) -> TaskId {
    let name = format!("gate.{what}");
    name.parse().unwrap_or_else(|_| unreachable!("`{name}` is a slug"))
}
