//! `--shard i/n`: which modules one of several CI machines runs.

use std::collections::BTreeMap;

use super::balance::balanced;

/// Names of the modules of shard `i` of `n`, counted from 1, in the order of `names`. Every name is in
/// exactly one shard; balanced by seconds as far as they are known (one that is not counts as the
/// median of the others), and the same on every machine that knows the same.
pub fn shard<'m>(
    names: &[&'m str],
    seconds: &BTreeMap<String, f64>,
    i: usize,
    n: usize,
) -> Vec<&'m str> {
    let mut known: Vec<f64> = names.iter().filter_map(|name| seconds.get(*name).copied()).collect();
    known.sort_by(f64::total_cmp);
    let usual = known.get(known.len() / 2).copied().unwrap_or(1.0);
    let timed = |name: &&'m str| (*name, seconds.get(*name).copied().unwrap_or(usual));
    let timed: Vec<(&str, f64)> = names.iter().map(timed).collect();
    // The order in which modules are named must not matter.
    let mut sorted = timed;
    sorted.sort_by(|a, b| a.0.cmp(b.0));
    let shards = balanced(&sorted, n);
    let mine = i.checked_sub(1).and_then(|at| shards.get(at));
    let mine: Vec<&str> = mine.into_iter().flatten().map(|&at| sorted[at].0).collect();
    names.iter().copied().filter(|name| mine.contains(name)).collect()
}

#[cfg(test)]
mod tests;
