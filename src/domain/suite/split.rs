//! Whether a module's suite is worth more than one worktree.

use std::collections::BTreeMap;

use super::Module;
use super::balance::{balanced, millis};

/// What splitting costs and how far it may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitTerms {
    /// Seconds that one more worktree takes until it can test: making it, and its build.
    pub worktree: f64,
    /// Most parts at once.
    pub width: usize,
}

/// Names of the units of each part, in their order; one part without names is the module as a whole.
///
/// The rule: with `k` parts the longest one takes `L` seconds, and `k - 1` worktrees more have to be
/// built. Builds keep all cores busy, so they are counted one after the other. A module is split into
/// that `k` for which `L + (k - 1) × worktree` is least, provided that this is less than the time of
/// all units together. A unit whose time is not known counts as the mean of those that are; while fewer
/// than half are known the module runs as a whole, which is how they are learned.
pub fn split(
    module: &Module,
    seconds: &BTreeMap<String, f64>,
    terms: SplitTerms,
) -> Vec<Vec<String>> {
    let whole = vec![Vec::new()];
    let units = &module.units;
    let known: Vec<f64> =
        units.iter().filter_map(|unit| seconds.get(&unit.name).copied()).collect();
    if units.len() < 2 || known.len() * 2 < units.len() {
        return whole;
    }
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let time = |name: &String| seconds.get(name).copied().unwrap_or(mean);
    let timed: Vec<(&str, f64)> =
        units.iter().map(|unit| (unit.name.as_str(), time(&unit.name))).collect();
    let load = |part: &[usize]| {
        let times = part.iter().map(|&at| millis(timed[at].1));
        times.fold(0, u64::saturating_add)
    };
    let all: Vec<usize> = (0..units.len()).collect();
    let mut best = (load(&all), vec![all]);
    for count in 2..=terms.width.min(units.len()) {
        let parts = balanced(&timed, count);
        let longest = parts.iter().map(|part| load(part)).max().unwrap_or(0);
        let more = u64::try_from(count - 1).unwrap_or(u64::MAX);
        let path = longest.saturating_add(more.saturating_mul(millis(terms.worktree)));
        if path < best.0 {
            best = (path, parts);
        }
    }
    let (_, mut parts) = best;
    if parts.len() < 2 {
        return whole;
    }
    parts.sort();
    let names = |part: Vec<usize>| part.into_iter().map(|at| units[at].name.clone()).collect();
    parts.into_iter().map(names).collect()
}

#[cfg(test)]
mod tests;
