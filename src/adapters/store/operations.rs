//! Moves of refs: what `operations` lists and `undo` reverses.

use rusqlite::{Row, Transaction, params};

use super::error::Wrong;
use super::journal::parse_run;
use super::{Store, StoreError};
use crate::domain::id::{Oid, RunId};
use crate::domain::time::Timestamp;

/// How far an operation got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationState {
    /// Announced; whether the ref moved must be asked of git.
    Started,
    /// The ref moved.
    Done,
    /// The ref did not move.
    Failed,
}

impl OperationState {
    const ALL: [Self; 3] = [Self::Started, Self::Done, Self::Failed];

    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// One move of a ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its number, never given twice.
    pub id: u64,
    /// When it was announced.
    pub at: Timestamp,
    /// `land`, `undo`.
    pub kind: String,
    /// Full name of the ref.
    pub reference: String,
    /// What the ref held before; zeros where it was not there.
    pub old: Oid,
    /// What it was to hold; zeros where it was to go.
    pub new: Oid,
    /// The run it belongs to, which may have been forgotten since.
    pub run: Option<RunId>,
    /// How far it got.
    pub state: OperationState,
    /// A later operation reversed it.
    pub undone: bool,
    /// The operation that this one reverses.
    pub undoes: Option<u64>,
}

impl Operation {
    /// What the ref held before, if it was there.
    pub fn before(&self) -> Option<Oid> {
        Some(self.old).filter(|oid| *oid != oid.zero())
    }

    /// What it was to hold, if it was to be there.
    pub fn after(&self) -> Option<Oid> {
        Some(self.new).filter(|oid| *oid != oid.zero())
    }
}

/// A move of a ref that is about to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOperation {
    /// As in [`Operation`].
    pub at: Timestamp,
    /// As in [`Operation`].
    pub kind: String,
    /// As in [`Operation`].
    pub reference: String,
    /// As in [`Operation`].
    pub old: Oid,
    /// As in [`Operation`].
    pub new: Oid,
    /// As in [`Operation`].
    pub run: Option<RunId>,
    /// As in [`Operation`]; must be the number of one that is stored.
    pub undoes: Option<u64>,
}

impl Store {
    /// Announces an operation, before the ref is touched. On return it is on the disk.
    pub fn begin_operation(&mut self, operation: &NewOperation) -> Result<u64, StoreError> {
        self.write(|db| {
            let NewOperation { at, kind, reference, old, new, run, undoes } = operation;
            if let Some(id) = undoes {
                let known = "SELECT count(*) FROM operations WHERE id = ?1";
                let known: i64 = db.query_row(known, [number(*id)], |row| row.get(0))?;
                if known == 0 {
                    return Err(Wrong::UnknownOperation(*id));
                }
            }
            db.execute(
                "INSERT INTO operations (at, kind, reference, old, new, run, state, undoes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    at.0,
                    kind,
                    reference,
                    old.to_string(),
                    new.to_string(),
                    run.as_ref().map(RunId::as_str),
                    OperationState::Started.name(),
                    undoes.map(number),
                ],
            )?;
            Ok(db.last_insert_rowid().unsigned_abs())
        })
    }

    /// Stores how an operation ended, and with it what it undid: that one is out of force, and what
    /// that one had undone is in force again.
    pub fn finish_operation(&mut self, id: u64, state: OperationState) -> Result<(), StoreError> {
        self.write(|db| {
            let set = "UPDATE operations SET state = ?2 WHERE id = ?1";
            if db.execute(set, params![number(id), state.name()])? == 0 {
                return Err(Wrong::UnknownOperation(id));
            }
            if state != OperationState::Done {
                return Ok(());
            }
            let mark = "UPDATE operations SET undone = ?2 WHERE id = ?1";
            if let Some(undone) = undoes(db, number(id))? {
                db.execute(mark, params![undone, true])?;
                if let Some(again) = undoes(db, undone)? {
                    db.execute(mark, params![again, false])?;
                }
            }
            Ok(())
        })
    }

    /// All operations, newest first.
    pub fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare(
                "SELECT id, at, kind, reference, old, new, run, state, undone, undoes
                 FROM operations ORDER BY id DESC",
            )?;
            let mut rows = found.query([])?;
            let mut operations = Vec::new();
            while let Some(row) = rows.next()? {
                operations.push(operation(row)?);
            }
            Ok(operations)
        })
    }
}

/// The operation that this one reverses.
fn undoes(db: &Transaction<'_>, id: i64) -> Result<Option<i64>, Wrong> {
    let of = "SELECT undoes FROM operations WHERE id = ?1";
    Ok(db.query_row(of, [id], |row| row.get(0))?)
}

/// A number no operation has, for one too large to be stored.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(-1)
}

fn operation(row: &Row<'_>) -> Result<Operation, Wrong> {
    let oid = |column| {
        let text: String = row.get(column)?;
        text.parse::<Oid>().map_err(|error| Wrong::Value(error.to_string()))
    };
    let state: String = row.get(7)?;
    let known = OperationState::ALL.into_iter().find(|known| known.name() == state);
    Ok(Operation {
        id: row.get::<_, i64>(0)?.unsigned_abs(),
        at: Timestamp(row.get(1)?),
        kind: row.get(2)?,
        reference: row.get(3)?,
        old: oid(4)?,
        new: oid(5)?,
        run: row.get::<_, Option<String>>(6)?.map(parse_run).transpose()?,
        state: known.ok_or_else(|| Wrong::Value(format!("an operation is `{state}`")))?,
        undone: row.get(8)?,
        undoes: row.get::<_, Option<i64>>(9)?.map(i64::unsigned_abs),
    })
}
