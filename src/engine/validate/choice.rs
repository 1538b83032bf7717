//! Which of the wanted validations run on, which stop, and which may start.

use std::collections::BTreeSet;

use crate::domain::integrate::ValidationRequest;
use crate::domain::task::Validation;

/// What is wanted, held against what runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Indexes of those that run and are not wanted any more.
    pub(super) needless: Vec<usize>,
    /// Those wanted that do not run, in their order.
    pub(super) missing: Vec<ValidationRequest>,
}

/// Equal requests stand for as many runs.
pub(super) fn difference(
    running: &[&ValidationRequest],
    wanted: &[ValidationRequest],
) -> Difference {
    let mut missing = wanted.to_vec();
    let mut needless = Vec::new();
    for (at, request) in running.iter().enumerate() {
        match missing.iter().position(|wanted| wanted == *request) {
            Some(found) => drop(missing.remove(found)),
            None => needless.push(at),
        }
    }
    Difference { needless, missing }
}

/// Whether a validation may run beside these: none has a lock of it (landing.md rule 22).
pub(super) fn may_start<'a>(
    validation: &Validation,
    mut beside: impl Iterator<Item = &'a Validation>,
) -> bool {
    let locks: BTreeSet<&String> = validation.locks.iter().collect();
    !beside.any(|other| other.locks.iter().any(|lock| locks.contains(lock)))
}

#[cfg(test)]
mod tests;
