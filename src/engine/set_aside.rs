//! Making room for a new database where the old one is damaged.

use std::path::PathBuf;

use super::error::EngineError;
use super::site::Site;
use crate::adapters::host::lock::{LockOutcome, LockTrace, RunLock, lock_trace};
use crate::adapters::store::{Store, StoreError, has_other_users, move_aside};
use crate::domain::id::RunId;

/// Held while a database is moved, so that nobody moves the new one of somebody else.
const LOCK: &str = ".database.lock";

/// What became of a damaged database.
#[derive(Debug)]
pub enum SetAside {
    /// It is out of the way; a new one was made.
    Moved {
        /// Where it is.
        to: PathBuf,
        /// The new one.
        store: Store,
    },
    /// It is not damaged, or not any more: somebody else made room.
    Whole {
        /// The database.
        store: Store,
    },
    /// Somebody may be writing to it: it was left alone.
    InUse {
        /// Name of the run that a process is at work on, where it is known.
        run: Option<String>,
    },
}

/// Moves the damaged database of a repository aside, unless somebody uses it. This process must not
/// have it open.
///
/// # Errors
/// The folder cannot be changed, or the database has another fault.
pub fn set_database_aside(site: &Site) -> Result<SetAside, EngineError> {
    let dir = site.state_dir();
    let lock = match RunLock::acquire(&dir.join(LOCK))? {
        LockOutcome::Held(lock) => lock,
        LockOutcome::Busy { .. } => return Ok(SetAside::InUse { run: None }),
    };
    let outcome = under_lock(site);
    lock.remove()?;
    outcome
}

fn under_lock(site: &Site) -> Result<SetAside, EngineError> {
    let dir = site.state_dir();
    let whole = Store::open(&dir).and_then(|store| {
        store.check_measurements()?;
        Ok(store)
    });
    match whole {
        Ok(store) => return Ok(SetAside::Whole { store }),
        Err(StoreError::Corrupt { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let locks = held_locks(site);
    if !locks.is_empty() || has_other_users(&dir)? {
        return Ok(SetAside::InUse { run: locks.into_iter().next() });
    }
    let to = move_aside(&dir)?;
    Ok(SetAside::Moved { to, store: Store::open(&dir)? })
}

/// Names of the runs whose locks living processes hold.
fn held_locks(site: &Site) -> Vec<String> {
    let Ok(entries) = site.state_dir().read_dir() else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "lock"))
        .filter(|path| lock_trace(path) == LockTrace::Held)
        .filter_map(|path| Some(path.file_stem()?.to_str()?.parse::<RunId>().ok()?.to_string()))
        .collect()
}
