//! What a task saves when another one had its lane before: caches are filled, things are built.

use std::collections::BTreeMap;

use super::observations::{Observation, Series};

/// Spread of one attempt about its mean before there are attempts (task and run together) and what
/// that is worth in attempts.
const SD: f64 = 0.21;
const WORTH: f64 = 4.0;

/// Tasks of a workflow that must have shown what they save before it is expected of another one.
const LEAST_TASKS: usize = 2;

/// By series, seconds by which attempts further back in a lane are shorter than those in a fresh
/// worktree. Of a task that had only fresh ones so far, the share that is usual in its workflow: its
/// tasks share what they build.
pub(super) fn savings(series: &[Series<'_>]) -> Vec<f64> {
    let mut shares: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let groups: Vec<_> =
        series.iter().map(|one| (Group::seen(one, false), Group::seen(one, true))).collect();
    for (one, groups) in series.iter().zip(&groups) {
        if let (Some(cold), Some(warm)) = groups {
            shares.entry(one.workflow).or_default().push(saved(cold, warm) / cold.mean.exp());
        }
    }
    for shares in shares.values_mut() {
        shares.sort_by(f64::total_cmp);
    }
    let usual = |workflow: &str| {
        let shares = shares.get(workflow).filter(|shares| shares.len() >= LEAST_TASKS);
        shares.map_or(0.0, |shares| shares[(shares.len() - 1) / 2])
    };
    let of = |(one, groups): (&Series<'_>, &(Option<Group>, Option<Group>))| match groups {
        (Some(cold), Some(warm)) => saved(cold, warm),
        (Some(cold), None) => usual(one.workflow) * cold.mean.exp(),
        (None, Some(_) | None) => 0.0,
    };
    series.iter().zip(&groups).map(of).collect()
}

/// Less the more of the difference may be chance (James and Stein 1961).
fn saved(cold: &Group, warm: &Group) -> f64 {
    let freedom = WORTH + cold.count + warm.count - 2.0;
    let variance = (WORTH * SD.powi(2) + cold.squares + warm.squares) / freedom;
    let chance = variance * (1.0 / cold.count + 1.0 / warm.count);
    let difference = cold.mean - warm.mean;
    if difference <= chance.sqrt() {
        return 0.0;
    }
    (cold.mean.exp() - warm.mean.exp()) * (1.0 - chance / difference.powi(2))
}

/// The observation as it would have been in a fresh worktree.
pub(super) fn cold(observation: &Observation, saved: f64) -> Observation {
    if observation.warm && saved > 0.0 {
        Observation { log: (observation.log.exp() + saved).ln(), ..*observation }
    } else {
        *observation
    }
}

struct Group {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Group {
    /// Of the attempts that came to their end in a fresh worktree, or behind another task.
    fn seen(series: &Series<'_>, warm: bool) -> Option<Self> {
        let logs = series.observations.iter().filter(|o| !o.censored && o.warm == warm);
        Self::of(logs.map(|o| o.log))
    }

    fn of(logs: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let count = logs.clone().count() as f64;
        if count < 1.0 {
            return None;
        }
        let mean = logs.clone().sum::<f64>() / count;
        let squares = logs.map(|log| (log - mean).powi(2)).sum();
        Some(Self { count, mean, squares })
    }
}
