//! What the program remembers of a repository: one SQLite file, `state.db`.
//!
//! Invariants: the events of a run are numbered without a gap from 1; a batch of events is stored
//! whole or not at all, and is on the disk when [`Store::append`] returns; rows of events are never
//! changed, only removed all at once with their run, whose name stays taken. Nothing else opens the file: closing it would take
//! SQLite's locks away. Any number of processes may read while one writes.

mod costs;
mod error;
mod journal;
mod observations;
mod operations;
mod passed;
mod schema;
mod set_aside;
mod suites;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use costs::{COSTS_KEPT, CostSample};
pub use error::StoreError;
pub use journal::{Record, RunRow};
pub use observations::{ATTEMPTS_KEPT, ATTEMPTS_KEPT_IN_ALL, Forget, ObservationCount, RUNS_KEPT};
pub use operations::{NewOperation, Operation, OperationState};
pub use passed::{FAILED_KEPT, PASSED_KEPT};
pub use set_aside::{has_other_users, move_aside};
pub use suites::{SUITE_MODULES_KEPT, SUITE_TIMES_KEPT, SuiteObservation, SuiteTime};

use error::Wrong;

use crate::adapters::host::crash_point::crash_point;

/// Name of the file in its folder.
pub const FILE_NAME: &str = "state.db";

/// How long to wait for another process that is writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection. May move between threads; a second thread opens its own.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// Of its tables; the newest one unless it may only be read.
    schema: i64,
}

impl Store {
    /// Opens the database of a folder; makes both where they are missing, and brings an older
    /// database up to date.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(FILE_NAME);
        std::fs::create_dir_all(dir)
            .map_err(|source| StoreError::Folder { path: dir.to_owned(), source })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        Self::connect(path, flags)
    }

    /// Opens the database of a folder for a command that only reads: `None` when there is none, and
    /// nothing is made. Where the file system can't be written, the database as it lies there is
    /// read.
    pub fn open_existing(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join(FILE_NAME);
        match std::fs::metadata(&path) {
            // Not begun, or not yet: another process may be at it.
            Ok(found) if found.is_file() && found.len() == 0 => return Ok(None),
            Ok(_) => {}
            Err(error) if is_absent(&error) => return Ok(None),
            Err(source) => return Err(StoreError::Folder { path, source }),
        }
        // A connection that may write, and does not, clears its own traces up when it closes.
        let is_writable = rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok()
            && rustix::fs::access(&path, rustix::fs::Access::WRITE_OK).is_ok();
        if is_writable {
            return Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map(Some);
        }
        Self::connect_read_only(path).map(Some)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn connect(path: PathBuf, flags: OpenFlags) -> Result<Self, StoreError> {
        let opened = || {
            let mut connection = Connection::open_with_flags(&path, flags | plain())?;
            connection.busy_timeout(PATIENCE)?;
            schema::ensure(&mut connection)?;
            Ok(connection)
        };
        match opened() {
            Ok(connection) => Ok(Self { connection, path, schema: schema::KNOWN }),
            Err(wrong) => Err(StoreError::at(&path, wrong)),
        }
    }

    fn connect_read_only(path: PathBuf) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | plain();
        let shared = || {
            let connection = Connection::open_with_flags(&path, flags)?;
            connection.busy_timeout(PATIENCE)?;
            let schema = schema::check(&connection)?;
            Ok::<_, Wrong>((connection, schema))
        };
        // Without the files beside the database that readers share with a writer, it can only be
        // read as something that nobody changes.
        let immutable = |refused: Wrong| {
            if !refused.is_about_access() {
                return Err(refused);
            }
            let connection = Connection::open_with_flags(
                immutable_uri(&path),
                flags | OpenFlags::SQLITE_OPEN_URI,
            )?;
            let schema = schema::check(&connection)?;
            Ok((connection, schema))
        };
        match shared().or_else(immutable) {
            Ok((connection, schema)) => Ok(Self { connection, path, schema }),
            Err(wrong) => Err(StoreError::at(&path, wrong)),
        }
    }

    /// Runs reading statements.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Wrong>) -> Result<T, StoreError> {
        read(&self.connection).map_err(|wrong| StoreError::at(&self.path, wrong))
    }

    /// Runs statements that are stored together. The right to write is taken first, so that what
    /// they read stays true until they are done.
    fn write<T>(
        &mut self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, Wrong>,
    ) -> Result<T, StoreError> {
        let connection = &mut self.connection;
        let written = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = write(&transaction)?;
            crash_point("database: before a commit");
            transaction.commit()?;
            crash_point("database: after a commit");
            Ok(value)
        };
        written().map_err(|wrong| StoreError::at(&self.path, wrong))
    }
}

/// A count of rows as SQLite takes it.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A connection is used by one thread at a time, and links are followed as for any other file.
fn plain() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn is_absent(error: &std::io::Error) -> bool {
    [std::io::ErrorKind::NotFound, std::io::ErrorKind::NotADirectory].contains(&error.kind())
}

fn immutable_uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    uri + "?immutable=1"
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests;
