//! What the program's own steps took on this machine, for later predictions.

use rusqlite::params;

use super::{Store, StoreError, number};
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
        self.observe_costs(&[(kind, sample)])
    }

    /// Stores measurements of several kinds in one transaction.
    pub fn observe_costs(&mut self, samples: &[(&str, CostSample)]) -> Result<(), StoreError> {
        let are_numbers =
            |sample: &CostSample| sample.quantity.is_finite() && sample.seconds.is_finite();
        self.write(|db| {
            let mut add = db.prepare_cached(
                "INSERT INTO costs (kind, quantity, seconds, at) VALUES (?1, ?2, ?3, ?4)",
            )?;
            let mut forget = db.prepare_cached(
                "DELETE FROM costs WHERE kind = ?1 AND id <= (
                     SELECT id FROM costs WHERE kind = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            )?;
            for (kind, sample) in samples.iter().filter(|(_, sample)| are_numbers(sample)) {
                let CostSample { quantity, seconds, at } = sample;
                add.execute(params![kind, quantity, seconds, at.0])?;
                forget.execute(params![kind, number(COSTS_KEPT)])?;
            }
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
