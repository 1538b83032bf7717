//! The tables, and how an older database gets them.

use std::fs;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::PATIENCE;
use super::error::Wrong;

/// "WTOR": tells our files from other programs' databases.
const APPLICATION_ID: i64 = 0x5754_4f52;

/// One entry for each schema: what turns the one before it into it. An entry that was released is
/// never edited, and a database of it stays in `fixtures/store`.
const STEPS: [&str; 5] = [V1, V2, V3, V4, V5];

const V1: &str = "
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE operations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    run TEXT,
    state TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0,
    undoes INTEGER REFERENCES operations (id)
) STRICT;
CREATE TABLE costs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    quantity REAL NOT NULL,
    seconds REAL NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX costs_by_kind ON costs (kind, id);
";

const V2: &str = "
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    task TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    work INTEGER NOT NULL,
    category TEXT NOT NULL,
    wall_s REAL NOT NULL,
    cpu_s REAL,
    active REAL NOT NULL,
    lane_position INTEGER,
    censored INTEGER NOT NULL,
    at INTEGER NOT NULL,
    imported INTEGER NOT NULL,
    UNIQUE (run, task, attempt)
) STRICT;
CREATE INDEX attempts_by_task ON attempts (workflow, task, at);
CREATE TABLE results (
    run INTEGER PRIMARY KEY,
    workflow TEXT NOT NULL,
    width INTEGER NOT NULL,
    tasks INTEGER NOT NULL,
    predicted_s REAL NOT NULL,
    sd REAL NOT NULL,
    low_s REAL NOT NULL,
    high_s REAL NOT NULL,
    calibrated INTEGER NOT NULL,
    overruled INTEGER NOT NULL,
    actual_s REAL NOT NULL,
    conflicts INTEGER,
    branches INTEGER NOT NULL,
    at INTEGER NOT NULL,
    imported INTEGER NOT NULL
) STRICT;
";

const V3: &str = "
ALTER TABLE attempts ADD COLUMN peak_rss INTEGER;
ALTER TABLE attempts ADD COLUMN read_bytes INTEGER;
ALTER TABLE attempts ADD COLUMN written_bytes INTEGER;
ALTER TABLE attempts ADD COLUMN processes INTEGER;
";

const V4: &str = "
CREATE TABLE passed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE failed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL
) STRICT;
";

const V5: &str = "
CREATE TABLE suite_times (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow TEXT NOT NULL,
    module TEXT NOT NULL,
    unit TEXT NOT NULL,
    run INTEGER NOT NULL,
    seconds REAL NOT NULL,
    cpu_s REAL,
    at INTEGER NOT NULL,
    UNIQUE (workflow, module, unit, run)
) STRICT;
CREATE TABLE suite_ends (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow TEXT NOT NULL,
    module TEXT NOT NULL,
    failed INTEGER NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (workflow, module)
) STRICT;
";

/// The first schema with tables of observations.
pub(super) const OBSERVATIONS_SINCE: i64 = 2;

/// The first schema with what attempts use besides time.
pub(super) const RESOURCES_SINCE: i64 = 3;

/// The first schema with what test runs showed of their modules.
pub(super) const SUITES_SINCE: i64 = 5;

/// The newest schema.
pub(super) const KNOWN: i64 = STEPS.len() as i64;

/// Pause between two tries to change the journal mode.
const PAUSE: Duration = Duration::from_millis(10);

/// Makes or updates the tables, and sets the connection up. Safe while others do the same.
pub(super) fn ensure(connection: &mut Connection) -> Result<(), Wrong> {
    let has_bytes = connection
        .path()
        .and_then(|path| fs::metadata(path).ok())
        .is_some_and(|file| file.len() > 0);
    let found = version(connection)?;
    if found == 0 && has_bytes && pages(connection)? == 0 {
        // SQLite takes zeros, which a crash of the system may leave, for an empty database.
        return Err(Wrong::Value("file is not a database".to_owned()));
    }
    if found < KNOWN {
        ensure_write_ahead(connection)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        update(&transaction)?;
        transaction.commit()?;
    }
    // A transaction is on the disk when it is committed, not only safe from being torn.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

/// Whether the tables can be read as they are, and their schema: an older one has fewer of them.
pub(super) fn check(connection: &Connection) -> Result<i64, Wrong> {
    match version(connection)? {
        0 => Err(Wrong::Value("it has no tables".to_owned())),
        found => Ok(found),
    }
}

/// The schema of the database; 0 for one that is empty.
fn version(connection: &Connection) -> Result<i64, Wrong> {
    // One statement, so that all three are of one moment.
    let (application_id, found, tables): (i64, i64, i64) = connection.query_row(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    match application_id {
        APPLICATION_ID if found > KNOWN => Err(Wrong::NewerSchema { found, known: KNOWN }),
        APPLICATION_ID if found < 1 => Err(Wrong::Value(format!("it has schema {found}"))),
        APPLICATION_ID => Ok(found),
        0 if found == 0 && tables == 0 => Ok(0),
        application_id => Err(Wrong::Foreign { application_id }),
    }
}

fn pages(connection: &Connection) -> Result<i64, Wrong> {
    Ok(connection.pragma_query_value(None, "page_count", |row| row.get(0))?)
}

fn update(transaction: &Transaction<'_>) -> Result<(), Wrong> {
    // Another process may have been faster.
    let done = usize::try_from(version(transaction)?).unwrap_or(STEPS.len());
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", KNOWN)?;
    Ok(())
}

/// Readers and a writer side by side. A file system that cannot do it keeps its own mode. SQLite
/// does not wait by itself when two processes make this change at once.
fn ensure_write_ahead(connection: &Connection) -> Result<(), Wrong> {
    let mut tries = PATIENCE.as_millis() / PAUSE.as_millis();
    loop {
        let changed = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match changed {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && tries > 0 =>
            {
                tries -= 1;
                thread::sleep(PAUSE);
            }
            changed => return Ok(changed?),
        }
    }
}
