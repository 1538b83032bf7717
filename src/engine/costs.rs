//! Costs measured in this repository.

use super::clean::{CleanItem, CleanKind, CleanReport, Fate};
use super::error::EngineError;
use crate::adapters::git::Repo;
use crate::adapters::store::{CostSample as Measured, Store};
use crate::adapters::worktree::pool::pooled;
use crate::domain::plan::{CostSample, CostSamples, Costs, unit_seconds};
use crate::domain::time::Timestamp;

/// Measurements of each kind that count.
const RECENT: usize = 20;

/// A kind of measurement.
struct Kind {
    /// Its name in the database.
    key: &'static str,
    /// For people.
    name: &'static str,
    /// What the seconds are told for.
    unit: &'static str,
    /// How many of what is counted make one unit.
    scale: f64,
}

/// A worktree that is made alone costs more than each of several that are made together, so the two
/// are kept apart.
const KINDS: [Kind; 12] = [
    kind("provision", "worktrees made together", "1,000 files of each", 1000.0),
    kind("provision_single", "a worktree made alone", "1,000 files", 1000.0),
    kind("reuse", "a worktree from the pool", "worktree", 1.0),
    kind(super::carry::COST, "what is brought along", "1,000 small files", 1000.0),
    kind("setup", "setup", "hook", 1.0),
    kind("commit", "committing", "task", 1.0),
    kind(RENEW, "making a worktree of tests what it was", "task", 1.0),
    kind(HANDLING, "starting and ending tasks side by side", "task", 1.0),
    kind(LANE_HANDLING, "starting and ending tasks in one lane", "task", 1.0),
    kind("merge", "merging", "branch", 1.0),
    kind("validate", "validating", "integration", 1.0),
    kind(REMOVE, "taking worktrees away", "worktree", 1.0),
];

const REMOVE: &str = "remove";

/// What a test run does in place of committing.
pub(super) const RENEW: &str = "renew";

/// What is spent on a task beside its steps, side by side and in one lane.
pub(super) const HANDLING: &str = "handling";
pub(super) const LANE_HANDLING: &str = "lane_handling";

const fn kind(key: &'static str, name: &'static str, unit: &'static str, scale: f64) -> Kind {
    Kind { key, name, unit, scale }
}

/// What is known of one kind of cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownCost {
    /// Its name in the database.
    pub key: &'static str,
    /// For people.
    pub name: &'static str,
    /// What `seconds` are for.
    pub unit: &'static str,
    /// Median of the latest measurements.
    pub seconds: f64,
    /// How many of them there are.
    pub samples: usize,
    /// The latest of them.
    pub at: Timestamp,
}

/// Every kind of cost that was measured in this repository.
///
/// # Errors
/// The database.
pub fn known_costs(store: &Store) -> Result<Vec<KnownCost>, EngineError> {
    let mut known = Vec::new();
    for Kind { key, name, unit, scale } in KINDS {
        let rows = store.costs(key, RECENT)?;
        let Some(at) = rows.first().map(|row| row.at) else { continue };
        let samples: Vec<CostSample> = rows
            .iter()
            .map(|row| CostSample { quantity: row.quantity, seconds: row.seconds })
            .collect();
        if let Some(each) = unit_seconds(&samples) {
            let seconds = each * scale;
            known.push(KnownCost { key, name, unit, seconds, samples: samples.len(), at });
        }
    }
    Ok(known)
}

/// Stores what it took to take the worktrees of a run away.
///
/// # Errors
/// The database.
pub fn observe_removal(
    store: &mut Store,
    report: &CleanReport,
    at: Timestamp,
) -> Result<(), EngineError> {
    let gone = |item: &&CleanItem| item.kind == CleanKind::Worktree && item.fate == Fate::Goes;
    let quantity = report.items.iter().filter(gone).count() as f64;
    if quantity > 0.0 && !report.removing.is_zero() {
        let seconds = report.removing.as_secs_f64();
        store.observe_cost(REMOVE, Measured { quantity, seconds, at })?;
    }
    Ok(())
}

/// The same costs for a test run, which finds the worktrees that wait in the pool.
///
/// # Errors
/// The database, or the worktrees cannot be read.
pub fn load_test_costs(
    repo: &Repo,
    store: Option<&Store>,
    costs: Costs,
) -> Result<Costs, EngineError> {
    let ready = pooled(repo, &repo.worktrees()?).len();
    Ok(costs.for_tests(&load_samples(store, RENEW)?, &load_samples(store, "reuse")?, ready))
}

/// Costs for a base of `files` files and `hooks` setup hooks: measured where there are measurements, else defaults.
///
/// # Errors
/// The database.
pub fn load_costs(store: Option<&Store>, files: usize, hooks: usize) -> Result<Costs, EngineError> {
    let load = |kind| load_samples(store, kind);
    let together = load("provision")?;
    let samples = CostSamples {
        provision: if together.is_empty() { load("provision_single")? } else { together },
        commit: load("commit")?,
        merge: load("merge")?,
        setup: load("setup")?,
        validate: load("validate")?,
        handling: load(HANDLING)?,
        lane_handling: load(LANE_HANDLING)?,
    };
    Ok(Costs::learn(&samples, files, hooks))
}

fn load_samples(store: Option<&Store>, kind: &str) -> Result<Vec<CostSample>, EngineError> {
    let Some(store) = store else { return Ok(Vec::new()) };
    let rows = store.costs(kind, RECENT)?;
    let sample = |row: Measured| CostSample { quantity: row.quantity, seconds: row.seconds };
    Ok(rows.into_iter().map(sample).collect())
}
