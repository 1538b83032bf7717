//! Other runs of the repository: they make branches and worktrees, land work and put back what their
//! own tasks changed, and nothing of that is the doing of a task here.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::adapters::git::{GitError, RefChange, holds_copy};
use crate::adapters::host::lock::{LockTrace, lock_trace};
use crate::adapters::store::{Operation, OperationState, Store};
use crate::domain::id::RunId;
use crate::domain::run::{Envelope, Event};
use crate::engine::error::EngineError;
use crate::engine::site::Site;

/// What is known of them; what cannot be read of them explains nothing.
#[derive(Default)]
pub(super) struct Others {
    /// Also of those that were forgotten since.
    known: HashMap<RunId, Places>,
    stored: HashSet<RunId>,
    operations: Vec<Operation>,
}

struct Places {
    branches: HashSet<String>,
    folders: HashSet<PathBuf>,
}

impl Others {
    /// Looks for runs that began since, and for what was landed.
    pub(super) fn learn(&mut self, site: &Site, own: &RunId) {
        let _told_without_them = self.load(site, own).is_err();
    }

    fn load(&mut self, site: &Site, own: &RunId) -> Result<(), EngineError> {
        let Some(store) = Store::open_existing(&site.state_dir())? else { return Ok(()) };
        self.operations = store.operations()?;
        self.operations.retain(|operation| operation.state != OperationState::Failed);
        let names = store.runs()?.into_iter().map(|row| row.name).filter(|name| name != own);
        self.stored = names.collect();
        for run in &self.stored {
            if self.known.contains_key(run) {
                continue;
            }
            let Some(record) = store.first_record(run)? else { continue };
            let created = Envelope::decode(record.seq, record.at, record.version, &record.body);
            if let Ok(Envelope { event: Event::RunCreated { spec }, .. }) = created {
                let branches =
                    spec.places.iter().filter_map(|place| place.branch.clone()).collect();
                let folders = spec.places.iter().map(|p| PathBuf::from(&p.worktree)).collect();
                self.known.insert(run.clone(), Places { branches, folders });
            }
        }
        Ok(())
    }

    /// Whether a process drives one of them, or lands its work.
    pub(super) fn are_at_work(&self, site: &Site) -> bool {
        self.stored.iter().any(|run| is_at_work(site, run))
    }

    /// Whether the worktree belongs to one of them.
    pub(super) fn own_folder(&self, folder: &Path) -> bool {
        self.known.values().any(|places| places.folders.contains(folder))
    }

    /// Whether one of them moved the ref: its own branch, or the target that it landed on.
    pub(super) fn moved(&self, site: &Site, change: &RefChange) -> Result<bool, GitError> {
        if self.landed(change) {
            return Ok(true);
        }
        let Some(branch) = change.name.strip_prefix("refs/heads/") else { return Ok(false) };
        let owners = self.known.iter().filter(|(_, places)| places.branches.contains(branch));
        for (run, _) in owners {
            let does_as_it_likes = !self.stored.contains(run) || is_at_work(site, run);
            // One that has just ended has made branches and added to them, and taken nothing away.
            let added = match (change.old, change.new) {
                (None, Some(_)) => true,
                (Some(old), Some(new)) => site.repo.is_ancestor(old, new)?,
                (_, None) => false,
            };
            if does_as_it_likes || added {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether landings, one after another, lead from where the ref was to where it is.
    fn landed(&self, change: &RefChange) -> bool {
        let mut at = change.old;
        let mut operations: Vec<&Operation> = self.operations.iter().collect();
        operations.sort_by_key(|operation| operation.id);
        for operation in operations {
            if operation.reference == change.name && operation.before() == at {
                at = operation.after();
            }
        }
        at == change.new && change.old != change.new
    }

    /// Whether one of them found these bytes and put back what was there before.
    pub(super) fn put_back(&self, site: &Site, held: &[u8]) -> bool {
        self.stored.iter().any(|run| holds_copy(&site.put_back_dir(run), held))
    }
}

fn is_at_work(site: &Site, run: &RunId) -> bool {
    lock_trace(&site.lock_path(run)) == LockTrace::Held
}
