//! What ran programs for all worktrees when commands began to run is stored as long as they do, so
//! that what changed when nobody looked any more, because this program was killed, is told and not
//! taken for what was always there.

use std::path::PathBuf;
use std::sync::Arc;

use super::sentences::{FolderNames, programs_changed};
use super::{Watch, free_copy};
use crate::adapters::git::{SharedFiles, SharedPrograms};
use crate::domain::id::RunId;
use crate::domain::run::Event;
use crate::engine::attempt::chain;
use crate::engine::error::EngineError;
use crate::engine::journal::Journal;
use crate::engine::site::Site;

/// The look of which is stored what runs programs, while commands of a run do.
#[derive(Default)]
pub(super) struct Ground(Option<Arc<SharedFiles>>);

impl Ground {
    /// Stores how things are at the last look, or, with nobody at work, nothing.
    pub(super) fn follow(watch: &mut Watch, site: &Site, run: &RunId) {
        let seen = watch.seen.as_ref().filter(|_| !watch.running.is_empty());
        let now = seen.map(|seen| seen.files.clone());
        let path = path(site, run);
        let stored = match (&now, &watch.ground.0) {
            (None, None) => Ok(()),
            (None, Some(_)) => SharedPrograms::remove(&path),
            (Some(files), Some(stored)) if files.has_programs_of(stored) => Ok(()),
            (Some(files), _) => SharedPrograms::of(files).store(&path),
        };
        // Else it is tried again at the next look; the commands are none the worse for it.
        if stored.is_ok() {
            watch.ground.0 = now;
        }
    }
}

/// Stores, as warnings of a run that nobody drives, what changed since the last look of a process that
/// was killed.
///
/// # Errors
/// The journal.
pub(in crate::engine) fn record_after_crash(
    site: &Site,
    journal: &mut Journal,
) -> Result<(), EngineError> {
    let spec = journal.state().spec.clone();
    let told = unwatched_changes(site, &spec.run).into_iter();
    let now = journal.now();
    journal.record(told.map(|message| Event::Warned { message }).collect(), now)?;
    Ok(())
}

/// Tells, once, what runs programs for all worktrees and changed since the last look of a process
/// that was killed, with the way back. It may lead through copies in the folder of the run's logs.
pub fn unwatched_changes(site: &Site, run: &RunId) -> Vec<String> {
    let told = told_after_crash(site, run);
    forget_crash(site, run);
    told
}

/// What changed since the last look of a process that was killed while commands of the run ran: a
/// sentence each, with the way back. Nothing of it is put back, for it may be the user's doing.
pub(super) fn told_after_crash(site: &Site, run: &RunId) -> Vec<String> {
    let Some(before) = SharedPrograms::load(&path(site, run)) else { return Vec::new() };
    let (folder, mut copies) = (site.put_back_dir(run), 0);
    match before.changes(&site.repo, |label| free_copy(&folder, &mut copies, label)) {
        Ok(changes) => {
            let names = FolderNames { root: site.repo.root() };
            changes.iter().map(|change| programs_changed(change, names)).collect()
        }
        Err(error) => {
            let what = "what runs programs for all worktrees could not be compared with how it was \
                        before `wt-orch` was killed";
            vec![format!("{what}: {}", chain(&error))]
        }
    }
}

/// Once that is told.
pub(super) fn forget_crash(site: &Site, run: &RunId) {
    // Else it is told twice.
    let _forgotten = SharedPrograms::remove(&path(site, run)).is_ok();
}

fn path(site: &Site, run: &RunId) -> PathBuf {
    site.logs_dir().join(run.as_str()).join("shared-programs.json")
}
