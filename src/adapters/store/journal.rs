//! Runs and their events.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::Wrong;
use super::{Store, StoreError};
use crate::domain::id::{RunId, SLUG_MAX, slugify};
use crate::domain::time::Timestamp;

/// One stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number in the run; the first is 1.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Version of the form of `body`.
    pub version: u32,
    /// What kind of event.
    pub kind: String,
    /// The event, as JSON.
    pub body: String,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its name.
    pub name: RunId,
    /// When it was created.
    pub created: Timestamp,
}

impl Store {
    /// The wanted name, or the nearest one that is valid; with `-2`, `-3` and so on where a run has it
    /// or ever had it: what somebody noted of a run that is forgotten is never said of another.
    pub fn free_run_name(&self, wanted: &str) -> Result<RunId, StoreError> {
        let wanted =
            if wanted.parse::<RunId>().is_ok() { wanted.to_owned() } else { slugify(wanted) };
        self.read(|db| {
            let mut names = db.prepare_cached("SELECT name FROM runs")?;
            let taken = names.query_map([], |row| row.get(0))?;
            let taken: HashSet<String> = taken.collect::<Result<_, _>>()?;
            let free = (1_u64..).map(|nth| numbered(&wanted, nth));
            let free = free.into_iter().find(|name| !taken.contains(name));
            let name = free.ok_or_else(|| Wrong::Value("every name is taken".to_owned()))?;
            name.parse().map_err(|error| Wrong::Value(format!("the name {name} {error}")))
        })
    }

    /// Adds a run with its first events: a run of which nothing can be told never exists. False, with
    /// nothing stored, when another process has just taken the name.
    pub fn begin_run(
        &mut self,
        run: &RunId,
        at: Timestamp,
        records: &[Record],
    ) -> Result<bool, StoreError> {
        self.write(|db| {
            if run_number(db, run)?.is_some() {
                return Ok(false);
            }
            let add = "INSERT INTO runs (name, created) VALUES (?1, ?2)";
            db.execute(add, params![run.as_str(), at.0])?;
            append(db, run, records)?;
            Ok(true)
        })
    }

    /// Stores events behind those of the run: all of them or, with an error, none. On return they
    /// are on the disk.
    pub fn append(&mut self, run: &RunId, records: &[Record]) -> Result<(), StoreError> {
        self.write(|db| append(db, run, records))
    }

    /// All events of a run, in order.
    pub fn records(&self, run: &RunId) -> Result<Vec<Record>, StoreError> {
        self.records_after(run, 0)
    }

    /// The events of a run behind number `seq`, in order.
    pub fn records_after(&self, run: &RunId, seq: u64) -> Result<Vec<Record>, StoreError> {
        self.read(|db| {
            let number = known_run(db, run)?;
            let mut found = db.prepare_cached(
                "SELECT seq, at, version, kind, body FROM events
                 WHERE run = ?1 AND seq > ?2 ORDER BY seq",
            )?;
            let after = i64::try_from(seq).unwrap_or(i64::MAX);
            let records = found.query_map(params![number, after], record)?;
            Ok(records.collect::<Result<_, _>>()?)
        })
    }

    /// The first event of a run, which tells what it was created with.
    pub fn first_record(&self, run: &RunId) -> Result<Option<Record>, StoreError> {
        self.read(|db| {
            let number = known_run(db, run)?;
            let mut found = db.prepare_cached(
                "SELECT seq, at, version, kind, body FROM events
                 WHERE run = ?1 ORDER BY seq LIMIT 1",
            )?;
            Ok(found.query_row([number], record).optional()?)
        })
    }

    /// All runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.latest_runs(i64::MAX)
    }

    /// The run created last.
    pub fn newest_run(&self) -> Result<Option<RunRow>, StoreError> {
        Ok(self.latest_runs(1)?.pop())
    }

    /// Forgets a run: its events go; operations keep its name, and no other run gets it. Answers
    /// whether there was one.
    pub fn remove_run(&mut self, run: &RunId) -> Result<bool, StoreError> {
        self.write(|db| {
            let Some(number) = run_number(db, run)? else { return Ok(false) };
            Ok(db.execute("DELETE FROM events WHERE run = ?1", [number])? > 0)
        })
    }

    fn latest_runs(&self, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        self.read(|db| {
            let mut found =
                // Of a run without an event nothing is known but its name: it was forgotten.
                db.prepare_cached(
                    "SELECT name, created FROM runs
                     WHERE EXISTS (SELECT 1 FROM events WHERE events.run = runs.id)
                     ORDER BY id DESC LIMIT ?1")?;
            let rows = found.query_map([limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.map(|row| {
                let (name, created): (String, i64) = row?;
                Ok(RunRow { name: parse_run(name)?, created: Timestamp(created) })
            })
            .collect()
        })
    }
}

fn append(db: &Connection, run: &RunId, records: &[Record]) -> Result<(), Wrong> {
    let number = known_run(db, run)?;
    let last = "SELECT coalesce(max(seq), 0) FROM events WHERE run = ?1";
    let last: i64 = db.prepare_cached(last)?.query_row([number], |row| row.get(0))?;
    let mut add = db.prepare_cached(
        "INSERT INTO events (run, seq, at, version, kind, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (expected, record) in (last + 1..).zip(records) {
        if i64::try_from(record.seq) != Ok(expected) {
            let (expected, found) = (expected.unsigned_abs(), record.seq);
            return Err(Wrong::SequenceGap { run: run.clone(), expected, found });
        }
        let Record { at, version, kind, body, .. } = record;
        add.execute(params![number, expected, at.0, version, kind, body])?;
    }
    Ok(())
}

/// A stored name of a run.
pub(super) fn parse_run(name: String) -> Result<RunId, Wrong> {
    RunId::try_from(name).map_err(|error| Wrong::Value(format!("the name of a run {error}")))
}

/// `name`, `name-2`, `name-3`, each as long as a slug may be.
fn numbered(name: &str, nth: u64) -> String {
    if nth == 1 {
        return name.to_owned();
    }
    let suffix = format!("-{nth}");
    let room = SLUG_MAX - suffix.len();
    let stem = &name[..name.len().min(room)];
    format!("{}{suffix}", stem.trim_end_matches(['-', '.', '_']))
}

fn run_number(db: &Connection, run: &RunId) -> Result<Option<i64>, Wrong> {
    let mut found = db.prepare_cached("SELECT id FROM runs WHERE name = ?1")?;
    Ok(found.query_row([run.as_str()], |row| row.get(0)).optional()?)
}

fn known_run(db: &Connection, run: &RunId) -> Result<i64, Wrong> {
    run_number(db, run)?.ok_or_else(|| Wrong::UnknownRun(run.clone()))
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        seq: row.get::<_, i64>(0)?.unsigned_abs(),
        at: Timestamp(row.get(1)?),
        version: row.get(2)?,
        kind: row.get(3)?,
        body: row.get(4)?,
    })
}
