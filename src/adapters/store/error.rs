//! What can go wrong with the database, told by situation.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::domain::id::RunId;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was written by a later version of this program.
    #[error(
        "{} has schema {found}, this wt-orch knows up to {known}; use the newer wt-orch",
        path.display()
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema this program reads.
        known: i64,
    },
    /// It is damaged, or no database.
    #[error("{} is damaged ({reason}); move it aside to start a new one", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It is a database of another program.
    #[error(
        "{} belongs to another program (application id {application_id:#x}); move it aside",
        path.display()
    )]
    Foreign {
        /// The database.
        path: PathBuf,
        /// The id it carries.
        application_id: i64,
    },
    /// Another process kept it locked for too long.
    #[error("{} is locked by another process", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// The disk, or the user's share of it, is full.
    #[error("no space left to write {}", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// It may not be written.
    #[error("{} cannot be written", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// The system does not let it be opened, read or written.
    #[error("cannot use {}", path.display())]
    Access {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder of the database cannot be made or read.
    #[error("cannot use the folder {}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The events do not follow those that are stored: somebody else wrote to the run.
    #[error("event {found} of run `{run}` given where {expected} is due")]
    SequenceGap {
        /// The run.
        run: RunId,
        /// The number that is next.
        expected: u64,
        /// The number given.
        found: u64,
    },
    /// No run of that name.
    #[error("no run `{run}`")]
    UnknownRun {
        /// The name.
        run: RunId,
    },
    /// No operation of that number.
    #[error("no operation {id}")]
    UnknownOperation {
        /// The number.
        id: u64,
    },
    /// A statement failed for a reason that no situation above explains.
    #[error("a statement on {} failed", path.display())]
    Statement {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The same, before it is known which file it is about.
#[derive(Debug)]
pub(super) enum Wrong {
    Sqlite(rusqlite::Error),
    NewerSchema {
        found: i64,
        known: i64,
    },
    Foreign {
        application_id: i64,
    },
    /// A stored value that this program never writes.
    Value(String),
    SequenceGap {
        run: RunId,
        expected: u64,
        found: u64,
    },
    UnknownRun(RunId),
    UnknownOperation(u64),
}

impl Wrong {
    /// Whether the file is there and well, but the system or the kind of connection is in the way.
    pub(super) fn is_about_access(&self) -> bool {
        let Self::Sqlite(error) = self else { return false };
        error.sqlite_error_code().is_some_and(|code| {
            matches!(
                code,
                ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied
            )
        })
    }
}

impl From<rusqlite::Error> for Wrong {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl StoreError {
    pub(super) fn at(path: &Path, wrong: Wrong) -> Self {
        let path = path.to_owned();
        match wrong {
            Wrong::Sqlite(error) => Self::from_sqlite(path, error),
            Wrong::NewerSchema { found, known } => Self::NewerSchema { path, found, known },
            Wrong::Foreign { application_id } => Self::Foreign { path, application_id },
            Wrong::Value(reason) => Self::Corrupt { path, reason },
            Wrong::SequenceGap { run, expected, found } => {
                Self::SequenceGap { run, expected, found }
            }
            Wrong::UnknownRun(run) => Self::UnknownRun { run },
            Wrong::UnknownOperation(id) => Self::UnknownOperation { id },
        }
    }

    fn from_sqlite(path: PathBuf, error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error_code() else {
            return Self::from_value(path, error);
        };
        // A file that ends within a page.
        let is_short = error
            .sqlite_error()
            .is_some_and(|told| told.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ);
        if is_short || matches!(code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) {
            Self::Corrupt { path, reason: error.to_string() }
        } else if matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
            Self::Busy { path }
        } else if code == ErrorCode::DiskFull {
            Self::Full { path }
        } else if code == ErrorCode::ReadOnly {
            Self::ReadOnly { path }
        } else if matches!(
            code,
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure
        ) {
            Self::Access { path, source: error.into() }
        } else if error.to_string().contains("no such table") {
            Self::Corrupt { path, reason: error.to_string() }
        } else {
            Self::Statement { path, source: error.into() }
        }
    }

    /// Errors of rusqlite itself: a stored value has not the type or range that it was written with.
    fn from_value(path: PathBuf, error: rusqlite::Error) -> Self {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        if let FromSqlConversionFailure(..)
        | IntegralValueOutOfRange(..)
        | InvalidColumnType(..)
        | Utf8Error(..) = error
        {
            Self::Corrupt { path, reason: error.to_string() }
        } else {
            Self::Statement { path, source: error.into() }
        }
    }
}
