//! Running validations on candidates: several at once, each in a worktree of its own (landing.md rules
//! 7 to 11, 13 and 22).

mod bench;
mod carry_out;
mod choice;
mod command;
mod crew;
mod fail_first;
mod green_key;
mod outcome;
mod pinned;
mod prepared;
mod remembering;
mod results;
mod signals;

pub(super) use self::crew::{Crew, Turn};
pub(super) use self::fail_first::ordered;
pub use self::pinned::Pins;
pub(super) use self::pinned::flagged;

use self::bench::Bench;
use super::containment::end_leftovers;
use super::error::EngineError;
use super::resolve::{DeskPlace, clear_desk};
use super::site::Site;
use super::validation_places::benches;
use crate::domain::run::RunSpec;

/// What holds for the validations of an integration.
#[derive(Debug, Clone)]
pub struct ValidateRules {
    /// What is taken from the target.
    pub pins: Pins,
    /// Whether a tree that passed passes again without being run.
    pub cache: bool,
}

/// Ends what commands of a run that nobody drives left running, and takes away the worktrees of
/// validations and, unless it is left to the user, of conflicts.
///
/// # Errors
/// A worktree cannot be removed.
pub async fn clear_validations(site: &Site, spec: &RunSpec) -> Result<(), EngineError> {
    let cleared = clear_desk(site, spec, &DeskPlace::of_integration(site, spec)).await;
    cleared.map_err(|message| EngineError::ResolutionWorktree { message })?;
    let failed = |message| EngineError::ValidationWorktree { message };
    let found = benches(site, spec.run.as_str())?;
    // The first also when git does not know it: something may have been killed while it was made.
    let numbers = found.iter().map(|(number, _)| *number).chain([1]);
    let numbers: std::collections::BTreeSet<u32> = numbers.collect();
    let benches: Vec<Bench> =
        numbers.into_iter().map(|number| Bench::new(site, spec, number)).collect();
    for bench in &benches {
        bench.end_strays(spec).await;
    }
    let _also_ended = end_leftovers(site, spec).await;
    benches.iter().try_for_each(|bench| bench.remove().map_err(failed))
}
