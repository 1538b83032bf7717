//! What earlier runs stored, for a plan, which goes on without it, and for a run, which needs a
//! database.

use super::context::{Context, Place};
use super::failure::{Failure, database_way_out};
use crate::adapters::store::{Store, StoreError};
use crate::domain::report::shell_word;
use crate::engine::{SetAside, set_database_aside};

/// The database as a plan finds it.
pub(super) enum Remembered {
    /// Nothing was stored yet.
    Nothing,
    /// It can be read.
    Stored(Store),
    /// It cannot, as was said.
    Unusable(StoreError),
}

impl Remembered {
    /// Opens the database for a plan, or to tell what a plan would find. Where it cannot be used a warning says so, with the way out.
    pub(super) fn load(context: &Context, place: &Place) -> Self {
        let opened = open(place).and_then(|store| {
            store.as_ref().map_or(Ok(()), Store::check_measurements)?;
            Ok(store)
        });
        match opened {
            Ok(Some(store)) => Self::Stored(store),
            Ok(None) => Self::Nothing,
            Err(error) => {
                let way = if matches!(error, StoreError::Corrupt { .. }) {
                    Some("`wt-orch split` does that by itself".to_owned())
                } else {
                    database_way_out(&error)
                };
                let way = way.map_or_else(String::new, |way: String| format!("; {way}"));
                context.streams.warn(&format!(
                    "planning goes on without history and measured costs: {}{way}",
                    sentence(&error)
                ));
                Self::Unusable(error)
            }
        }
    }

    /// The database, where there is one that can be read.
    pub(super) fn store(&self) -> Option<&Store> {
        match self {
            Self::Stored(store) => Some(store),
            Self::Nothing | Self::Unusable(_) => None,
        }
    }

    /// A database that a run can be stored in. A damaged one is moved aside, which is said.
    pub(super) fn into_store(self, context: &Context, place: &Place) -> Result<Store, Failure> {
        match self {
            // Opened again: what was opened for reading may not be written.
            Self::Nothing | Self::Stored(_) => place.store(),
            Self::Unusable(error) => match error {
                StoreError::Corrupt { .. } => set_aside(context, place, &error),
                StoreError::NewerSchema { .. }
                | StoreError::Foreign { .. }
                | StoreError::Busy { .. }
                | StoreError::Full { .. }
                | StoreError::ReadOnly { .. }
                | StoreError::Access { .. }
                | StoreError::Folder { .. }
                | StoreError::SequenceGap { .. }
                | StoreError::UnknownRun { .. }
                | StoreError::UnknownOperation { .. }
                | StoreError::Statement { .. } => Err(error.into()),
            },
        }
    }
}

/// Refuses a database that a run can neither use nor move aside, before anything is planned.
pub(super) fn refuse_unusable(place: &Place) -> Result<(), Failure> {
    match open(place) {
        Ok(_) | Err(StoreError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn open(place: &Place) -> Result<Option<Store>, StoreError> {
    Store::open_existing(&place.site.state_dir())
}

fn set_aside(context: &Context, place: &Place, error: &StoreError) -> Result<Store, Failure> {
    let path = place.site.state_dir().join(crate::adapters::store::FILE_NAME);
    match set_database_aside(&place.site)? {
        SetAside::Whole { store } => Ok(store),
        SetAside::InUse { run } => {
            let by = run.map_or_else(
                || "another process uses it".to_owned(),
                |run| format!("another wt-orch is at work on run `{run}`"),
            );
            let message = format!("{error}; it was left where it is, since {by}");
            Err(Failure::refused("damaged_database", message).hint("try again when that has ended"))
        }
        SetAside::Moved { to, store } => {
            let [old, new] = [&to, &path].map(|path| shell_word(&path.to_string_lossy()));
            context.streams.warn(&format!(
                "the damaged database was moved aside to {}, and a new one was begun. With it went \
                 the journals of earlier runs (`status`, `resume`, `integrate`, `report`, `clean`), \
                 the landings that `undo` could take back, measured costs and history; branches, \
                 worktrees, commits and logs are where they were. To have it back, repaired or not: \
                 `mv {old} {new}`, and likewise what lies beside it with `-wal` or `-shm` at the end",
                to.display()
            ));
            Ok(store)
        }
    }
}

/// The error with what caused it.
fn sentence(error: &StoreError) -> String {
    let mut parts = vec![error.to_string()];
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        parts.push(cause.to_string());
        source = cause.source();
    }
    parts.join(": ")
}
