//! Places that are another run's: a later run with the same tasks has the same paths and branches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Fate;
use crate::adapters::host::lock::{LockTrace, lock_trace};
use crate::adapters::store::Store;
use crate::domain::id::RunId;
use crate::engine::error::EngineError;
use crate::engine::open::load_run;
use crate::engine::site::Site;

/// What later runs worked at, and what runs that a process drives work at or will.
pub(super) struct Claims {
    branches: HashMap<String, RunId>,
    worktrees: HashMap<PathBuf, RunId>,
}

impl Claims {
    /// Those of every run but `run`. To be asked after what is there was listed: whatever another run
    /// makes later was not in that list.
    pub(super) fn load(site: &Site, store: &Store, run: &RunId) -> Result<Self, EngineError> {
        let mut claims = Self { branches: HashMap::new(), worktrees: HashMap::new() };
        let mut newer = true;
        for row in store.runs()? {
            if row.name == *run {
                newer = false;
                continue;
            }
            let driven = lock_trace(&site.lock_path(&row.name)) == LockTrace::Held;
            if !newer && !driven {
                continue;
            }
            // Nobody can say where one worked whose journal cannot be read.
            let Ok((_, state)) = load_run(store, &row.name) else { continue };
            for (place, record) in state.spec.places.iter().zip(&state.tasks) {
                if driven || record.attempts > 0 {
                    let path = PathBuf::from(&place.worktree);
                    if let Some(branch) = place.branch.clone() {
                        claims.branches.entry(branch).or_insert_with(|| row.name.clone());
                    }
                    claims.worktrees.entry(path).or_insert_with(|| row.name.clone());
                }
            }
        }
        Ok(claims)
    }

    /// What becomes of a branch that another run has.
    pub(super) fn of_branch(&self, branch: &str) -> Option<Fate> {
        self.branches.get(branch).map(|run| Fate::Claimed { run: run.clone() })
    }

    /// What becomes of a worktree that another run has.
    pub(super) fn of_worktree(&self, path: &Path) -> Option<Fate> {
        self.worktrees.get(path).map(|run| Fate::Claimed { run: run.clone() })
    }
}
