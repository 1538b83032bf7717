//! What passed before, so that it need not run again, and what failed lately, so that it runs first.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params};

use super::error::Wrong;
use super::{Store, StoreError, number};
use crate::domain::time::Timestamp;

/// Validations that passed, of which the newest are kept.
pub const PASSED_KEPT: usize = 10_000;

/// Commands that failed, of which the newest are kept.
pub const FAILED_KEPT: usize = 1_000;

impl Store {
    /// Whether a validation passed with this key.
    pub fn has_passed(&self, key: &str) -> Result<bool, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached("SELECT 1 FROM passed WHERE key = ?1")?;
            Ok(found.exists(params![key])?)
        })
    }

    /// Notes that a validation passed; the oldest beyond [`PASSED_KEPT`] are forgotten.
    pub fn note_passed(&mut self, key: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute(
                "INSERT OR REPLACE INTO passed (key, at) VALUES (?1, ?2)",
                params![key, at.0],
            )?;
            keep_newest(db, "passed", PASSED_KEPT)
        })
    }

    /// Forgets that a validation passed: with the same key it failed.
    pub fn forget_passed(&mut self, key: &str) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute("DELETE FROM passed WHERE key = ?1", params![key])?;
            Ok(())
        })
    }

    /// Notes that the command of a validation failed; the oldest beyond [`FAILED_KEPT`] are forgotten.
    pub fn note_failed(&mut self, command: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute(
                "INSERT OR REPLACE INTO failed (command, at) VALUES (?1, ?2)",
                params![command, at.0],
            )?;
            keep_newest(db, "failed", FAILED_KEPT)
        })
    }

    /// Commands of validations that failed, each with the last time.
    pub fn failed_commands(&self) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached("SELECT command, at FROM failed")?;
            let rows = found.query_map([], |row| Ok((row.get(0)?, Timestamp(row.get(1)?))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Forgets all rows of a table but the newest, by their ids.
pub(super) fn keep_newest(db: &Transaction<'_>, table: &str, kept: usize) -> Result<(), Wrong> {
    let forget = format!(
        "DELETE FROM {table} WHERE id <= (
             SELECT id FROM {table} ORDER BY id DESC LIMIT 1 OFFSET ?1)"
    );
    db.execute(&forget, [number(kept)])?;
    Ok(())
}

#[cfg(test)]
mod tests;
