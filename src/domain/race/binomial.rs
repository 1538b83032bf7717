//! The binomial distribution, exactly: sums of its terms, no approximation.

use crate::domain::race::Tally;

/// Part of a sum that no longer changes a float.
const NOTHING: f64 = 1e-18;

/// Probability of exactly `k` passes in `n` runs that pass with probability `p`.
pub(super) fn exactly(n: u32, k: u32, p: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    // 0 · ln 0 is 0 here.
    let times_ln = |count: u32, of: f64| if count == 0 { 0.0 } else { f64::from(count) * of.ln() };
    (ln_choose(n, k) + times_ln(k, p) + times_ln(n - k, 1.0 - p)).exp()
}

/// Probability of `k` passes or more. Adds from the end whose terms get smaller, so that nothing is
/// lost to rounding.
pub(super) fn at_least(n: u32, k: u32, p: f64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    if k > n || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let odds = p / (1.0 - p);
    if f64::from(k) > f64::from(n) * p {
        let mut term = exactly(n, k, p);
        let mut sum = term;
        for i in k..n {
            term *= f64::from(n - i) / f64::from(i + 1) * odds;
            sum += term;
            if term < sum * NOTHING {
                break;
            }
        }
        sum.min(1.0)
    } else {
        let mut term = exactly(n, k - 1, p);
        let mut sum = term;
        for i in (1..k).rev() {
            term *= f64::from(i) / f64::from(n - i + 1) / odds;
            sum += term;
            if term < sum * NOTHING {
                break;
            }
        }
        (1.0 - sum).max(0.0)
    }
}

/// Smallest pass rate under which `passes` or more of `runs` have a probability of `error`: Clopper
/// and Pearson 1934, one side.
pub(super) fn lower_bound(runs: u32, passes: u32, error: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    if passes == 0 {
        return low;
    }
    // Halved until nothing is left between two floats near 1.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_least(runs, passes, middle) < error {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Greatest pass rate under which `passes` or fewer of `runs` have a probability of `error`.
pub(super) fn upper_bound(runs: u32, passes: u32, error: f64) -> f64 {
    1.0 - lower_bound(runs, runs - passes, error)
}

/// How probable it can be at most that runs whose pass rate is `p` **or better** look as bad as
/// `seen`, at whatever moment somebody stopped to look: `P(ever this small or smaller) ≤` the value.
///
/// The likelihoods of all rates below `p`, averaged, against that of `p`: a supermartingale under `p`
/// and every better rate (each of its factors has mean 1 under `p` and less above), so Ville's
/// inequality holds at every stopping time (Ville 1939; Robbins, *Statistical methods related to the
/// law of the iterated logarithm*, 1970). The average has a closed form: with `N` runs and `S`
/// passes, `∫₀ᵖ rˢ(1−r)ᴺ⁻ˢ dr = P(Bin(N+1, p) > S) / ((N+1)·C(N, S))`.
pub(super) fn looks_as_bad(seen: Tally, p: f64) -> f64 {
    let (runs, passes) = (seen.runs(), seen.passes);
    if f64::from(passes) >= f64::from(runs) * p {
        return 1.0;
    }
    let against = p * f64::from(runs + 1) * exactly(runs, passes, p);
    (against / at_least(runs + 1, passes + 1, p)).min(1.0)
}

/// Natural logarithm of the number of ways to choose `k` of `n`.
pub(super) fn ln_choose(n: u32, k: u32) -> f64 {
    let k = k.min(n - k);
    (1..=k).map(|i| (f64::from(n - k + i) / f64::from(i)).ln()).sum()
}

#[cfg(test)]
mod tests;
