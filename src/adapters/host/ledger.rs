//! What the runs of this user take of this machine: one small file for each, locked by the process
//! that drives it. A file whose lock can be taken was left by a process that died.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::crash_point::crash_point;
use super::identity::{ProcessIdentity, is_alive};
use super::lock::{LockError, LockOutcome, RunLock};
use super::private::{PrivateError, ensure_private, is_private, own_name};
use crate::domain::run::RunUse;

/// Most that is read of a file, in bytes.
const LARGEST: u64 = 64 << 10;

/// Why a run cannot tell others what it takes.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no place for it.
    #[error(transparent)]
    Place(#[from] PrivateError),
    /// Its file cannot be made or locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its file cannot be written.
    #[error("cannot write into {}", folder.display())]
    Write {
        /// Where.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The runs of this user on this machine.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// For as long as the user is logged in. A run that a timer starts may know of none.
    runtime: Option<Place>,
    temporary: Place,
}

/// Folders from the outside in; the last one holds the files.
#[derive(Debug, Clone)]
struct Place([PathBuf; 2]);

/// A run, as it says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The process that drives it.
    pub process: ProcessIdentity,
    /// Its name; runs of other repositories may have the same.
    pub run: String,
    /// Folder of its repository; empty where another version of this program drives it.
    #[serde(default)]
    pub repository: String,
    /// What it takes.
    pub takes: RunUse,
}

/// The entry of this process, which goes when it is dropped.
#[derive(Debug)]
pub struct OwnEntry {
    lock: Option<RunLock>,
    folder: PathBuf,
    run: String,
    repository: String,
}

impl Ledger {
    /// In `$XDG_RUNTIME_DIR`, where set and usable, else in a folder of this user's among the
    /// temporary ones. Runs in either are seen.
    pub fn at(runtime_dir: Option<&Path>) -> Self {
        Self::within(runtime_dir, &std::env::temp_dir())
    }

    fn within(runtime_dir: Option<&Path>, temporary: &Path) -> Self {
        let place = |own: PathBuf| Place([own.clone(), own.join("runs")]);
        let runtime = runtime_dir.map(|runtime| place(runtime.join("wt-orch")));
        Self { runtime, temporary: place(temporary.join(own_name())) }
    }

    /// Enters a run of this process in a repository, which takes nothing yet.
    ///
    /// # Errors
    /// [`LedgerError`] of the last place that was tried.
    pub fn enter(&self, run: &str, repository: &Path) -> Result<OwnEntry, LedgerError> {
        let entered = self.runtime.as_ref().and_then(|place| place.enter(run, repository).ok());
        entered.map_or_else(|| self.temporary.enter(run, repository), Ok)
    }

    /// All runs of living processes, ordered by process. Files of dead ones are deleted.
    pub fn load(&self) -> Vec<LedgerEntry> {
        let places = self.runtime.iter().chain([&self.temporary]);
        let mut entries: Vec<LedgerEntry> = places.flat_map(Place::load).collect();
        entries.sort_by_key(|entry| entry.process.pid);
        entries
    }

    /// The runs of other processes.
    pub fn load_others(&self) -> Vec<LedgerEntry> {
        let own = std::process::id();
        self.load().into_iter().filter(|entry| entry.process.pid != own).collect()
    }
}

impl Place {
    fn enter(&self, run: &str, repository: &Path) -> Result<OwnEntry, LedgerError> {
        let (run, repository) = (run.to_owned(), repository.display().to_string());
        for folder in &self.0 {
            ensure_private(folder)?;
        }
        let folder = self.folder().to_owned();
        let pid = std::process::id();
        // A reader may hold a file for the moment in which it looks whether anybody holds it.
        let mut number = 0_u64;
        loop {
            let path = folder.join(format!("{pid}-{number}.run"));
            if let LockOutcome::Held(lock) = RunLock::acquire(&path)? {
                let mut entry = OwnEntry { lock: Some(lock), folder, run, repository };
                entry.write(RunUse::default())?;
                return Ok(entry);
            }
            number += 1;
        }
    }

    /// What stands in a folder that others can write to is not believed.
    fn load(&self) -> Vec<LedgerEntry> {
        if !self.0.iter().all(|folder| is_private(folder).unwrap_or(false)) {
            return Vec::new();
        }
        let Ok(files) = fs::read_dir(self.folder()) else { return Vec::new() };
        files.flatten().filter_map(|file| load_entry(&file.path())).collect()
    }

    fn folder(&self) -> &Path {
        &self.0[1]
    }
}

impl OwnEntry {
    /// Says what the run takes from here on.
    ///
    /// # Errors
    /// [`LedgerError::Write`]
    pub fn write(&mut self, takes: RunUse) -> Result<(), LedgerError> {
        let entry = LedgerEntry {
            process: ProcessIdentity::own(),
            run: self.run.clone(),
            repository: self.repository.clone(),
            takes,
        };
        let Some(lock) = &mut self.lock else { return Ok(()) };
        let text = serde_json::to_vec(&entry).map_err(io::Error::from);
        let written = text.and_then(|text| lock.write(&text));
        crash_point("ledger: written");
        written.map_err(|source| LedgerError::Write { folder: self.folder.clone(), source })
    }
}

impl Drop for OwnEntry {
    fn drop(&mut self) {
        // A file that stays is deleted by the next reader.
        let _left_behind = self.lock.take().map(RunLock::remove);
    }
}

/// What a file tells; `None` for one that nobody holds, which is deleted.
fn load_entry(path: &Path) -> Option<LedgerEntry> {
    if path.extension().is_none_or(|extension| extension != "run") {
        return None;
    }
    let mut text = String::new();
    fs::File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    match serde_json::from_str::<LedgerEntry>(&text) {
        Ok(entry) if is_alive(&entry.process) => Some(entry),
        Ok(_) | Err(_) => {
            // Held: its owner has not written yet.
            if let Ok(LockOutcome::Held(lock)) = RunLock::acquire(path) {
                let _already_gone = lock.remove();
            }
            None
        }
    }
}

#[cfg(test)]
mod tests;
