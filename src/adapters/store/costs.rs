//! What the program's own steps took on this machine, for later predictions.

use rusqlite::params;

use super::{Store, StoreError};
use crate::domain::time::Timestamp;

/// Samples kept of each kind; older ones are forgotten.
pub const COSTS_KEPT: usize = 500;

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostSample {
    /// How much was done: files, bytes, or 1.
    pub quantity: f64,
    /// How long it took.
    pub seconds: f64,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Stores a measurement of one kind of step; one that is no number is passed over.
    pub fn observe_cost(&mut self, kind: &str, sample: CostSample) -> Result<(), StoreError> {
        let CostSample { quantity, seconds, at } = sample;
        if !quantity.is_finite() || !seconds.is_finite() {
            return Ok(());
        }
        self.write(|db| {
            db.execute(
                "INSERT INTO costs (kind, quantity, seconds, at) VALUES (?1, ?2, ?3, ?4)",
                params![kind, quantity, seconds, at.0],
            )?;
            db.execute(
                "DELETE FROM costs WHERE kind = ?1 AND id <= (
                     SELECT id FROM costs WHERE kind = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                params![kind, number(COSTS_KEPT)],
            )?;
            Ok(())
        })
    }

    /// The latest measurements of one kind, newest first, at most `last`.
    pub fn costs(&self, kind: &str, last: usize) -> Result<Vec<CostSample>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached(
                "SELECT quantity, seconds, at FROM costs WHERE kind = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = found.query_map(params![kind, number(last)], |row| {
                let at = Timestamp(row.get(2)?);
                Ok(CostSample { quantity: row.get(0)?, seconds: row.get(1)?, at })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
