//! Costs measured in this repository.

use super::error::EngineError;
use crate::adapters::store::Store;
use crate::domain::plan::{CostSample, CostSamples, Costs};

/// Measurements of each kind that count.
const RECENT: usize = 20;

/// Costs for a base of `files` files and `hooks` setup hooks: measured where there are measurements, else defaults.
///
/// # Errors
/// The database.
pub fn load_costs(store: Option<&Store>, files: usize, hooks: usize) -> Result<Costs, EngineError> {
    let load = |kind: &str| -> Result<Vec<CostSample>, EngineError> {
        let Some(store) = store else { return Ok(Vec::new()) };
        let rows = store.costs(kind, RECENT)?;
        Ok(rows
            .into_iter()
            .map(|row| CostSample { quantity: row.quantity, seconds: row.seconds })
            .collect())
    };
    let samples = CostSamples {
        provision: load("provision")?,
        commit: load("commit")?,
        merge: load("merge")?,
        setup: load("setup")?,
        validate: load("validate")?,
    };
    Ok(Costs::learn(&samples, files, hooks))
}
