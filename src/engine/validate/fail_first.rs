//! What failed last is likely to fail again, and is run first.

use crate::adapters::store::{Store, StoreError};
use crate::domain::task::Validation;

/// The validations with those first that failed in this repository, the latest before the others; the
/// rest as they are written.
///
/// # Errors
/// The database.
pub(in crate::engine) fn ordered(
    mut validations: Vec<Validation>,
    store: &Store,
) -> Result<Vec<Validation>, StoreError> {
    let failed = store.failed_commands()?;
    validations.sort_by_key(|validation| std::cmp::Reverse(failed.get(&validation.run).copied()));
    Ok(validations)
}
