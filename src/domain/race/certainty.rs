//! How sure a race with repeats is.
//!
//! Runs of one arm pass independently with one rate; arms are independent of one another. Beyond
//! that nothing is assumed: neither how long runs take nor when the race was stopped.
//!
//! # The rate of one arm ([`pass_rate`])
//!
//! An arm that stops once it is settled is a sample of random size. Its possible ends are ordered: `f`
//! fails with 0 passes, with 1, …, with `need − 1`, then `need` passes with `f − 1` fails, …, with none,
//! where `f = runs − need + 1`. The bounds are those of Clopper and Pearson for that order (Jennison and Turnbull, *Confidence
//! intervals for a binomial parameter following a multistage test*, 1983), and each is a binomial tail:
//!
//! - `x` passes before the `f`-th fail or fewer: at most `x` passes in `x + f` runs; or more: at least
//!   `x` passes in `x + f − 1` runs.
//! - `need` passes with `y` fails or better: at least `need` in `need + y`; or worse: at most
//!   `need − 1` in `need + y − 1`.
//!
//! So the run that settled an arm counts for one bound and not for the other, which makes the interval
//! narrower than that for a fixed number of runs. An arm that was
//! stopped before (another one won) would have ended somewhere between all further runs failing and
//! all passing: its bounds are the outer ones of these two ends, which hold however the moment of
//! stopping came about. Where every run of every arm runs, the order is that of the passes.
//!
//! The interval holds for any arm chosen beforehand, not for the one that was picked for its passes.
//!
//! # Luck ([`luck`])
//!
//! Could the winner be a wrong arm? Suppose it passes no more often than the control and the other
//! arms do, with a rate `p`. It is proved with probability at most `L(p) = P(Bin(runs, p) ≥ need)`, and
//! independently of that the others look as bad as they do with probability at most `V(p)`
//! (`looks_as_bad`, which holds at any stopping time). Whatever `p` is, both happen with probability at
//! most `x = max L(p)·V(p)`. Stated for each of `m` arms as `m·x`, the sum over the arms that are wrong
//! gives: **a race in which a wrong arm is proved and the stated number is `q` or less has probability
//! at most `q`.**
//!
//! Others may be right too and may be left out for it, though that is seen only from their results:
//! `V` is then divided by the weight `2^−(e+1) / C(m−1, e)` of leaving out `e` of them. The weights of
//! all ways to leave some out add up to less than 1, and a weighted mean of supermartingales is one.

use super::binomial::{at_least, ln_choose, looks_as_bad, lower_bound, upper_bound};
use super::tally::{Tally, fails_that_settle};
use crate::domain::task::{RaceRules, RaceStop};

/// Probability that an interval misses what it is about; half of it on each side.
const ERROR: f64 = 0.05;

/// Rates that are tried, evenly in their log-odds: first over all, then thrice around the best.
const RATES_TRIED: u32 = 100;
/// Log-odds of the greatest rate that is tried, and with a minus of the smallest.
const FARTHEST: f64 = 10.0;

/// A pass rate lies in here with a probability of 95 % or more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateBounds {
    /// From 0.
    pub low: f64,
    /// To 1.
    pub high: f64,
}

impl RateBounds {
    /// Both could be about the same rate.
    pub fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// How probable it is that a wrong arm is proved beside such results of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Luck {
    /// Control and other arms that it is compared with, together.
    pub others: Tally,
    /// For an arm that was named beforehand: at most.
    pub one: f64,
    /// For any of all arms: at most.
    pub any: f64,
}

/// How probable it is that the winner would miss `need`, were the race held again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Miss {
    /// If it passes as often as it did.
    pub estimate: f64,
    /// At most, with 95 % confidence, which allows for its having been picked out of all arms.
    pub at_most: f64,
}

/// Bounds of an arm's true pass rate.
pub fn pass_rate(rules: &RaceRules, tally: Tally) -> RateBounds {
    let half = ERROR / 2.0;
    RateBounds { low: lowest_rate(rules, tally, half), high: highest_rate(rules, tally, half) }
}

/// How probable luck is, from the results of the control and of the arms that did not win; `None`
/// where there is nothing to compare with.
pub fn luck(rules: &RaceRules, control: Option<Tally>, others: &[Tally]) -> Option<Luck> {
    let pools = pools(control.unwrap_or_default(), others);
    let seen = pools.first().filter(|pool| pool.seen.runs() > 0)?.seen;
    let mut worst = Luck { others: seen, one: 0.0, any: 0.0 };
    let (mut at, mut reach) = (0.0, FARTHEST);
    for _ in 0..4 {
        let around = at;
        for step in 0..=RATES_TRIED {
            let odds = around + reach * (f64::from(2 * step) / f64::from(RATES_TRIED) - 1.0);
            let (one, others) = chance(rules, &pools, 1.0 / (1.0 + (-odds).exp()));
            if one > worst.one {
                worst = Luck { others, one, any: 0.0 };
                at = odds;
            }
        }
        reach *= 4.0 / f64::from(RATES_TRIED);
    }
    let arms = others.len() as f64 + 1.0;
    Some(Luck { any: (worst.one * arms).min(1.0), ..worst })
}

/// How probable it is that the winner out of `arms` would miss `need` another time; `None` before
/// its first run.
pub fn miss(rules: &RaceRules, winner: Tally, arms: usize) -> Option<Miss> {
    if winner.runs() == 0 {
        return None;
    }
    let missed = |rate| 1.0 - at_least(rules.runs, rules.need, rate);
    let low = lowest_rate(rules, winner, ERROR / arms.max(1) as f64);
    let rate = f64::from(winner.passes) / f64::from(winner.runs());
    Some(Miss { estimate: missed(rate), at_most: missed(low) })
}

/// Chance at one pass rate, and the results that show it to be so small.
fn chance(rules: &RaceRules, pools: &[Pool], rate: f64) -> (f64, Tally) {
    let proved = at_least(rules.runs, rules.need, rate);
    let beside = |pool: &Pool| ((looks_as_bad(pool.seen, rate) / pool.weight).min(1.0), pool.seen);
    let least = pools.iter().map(beside).min_by(|(one, _), (other, _)| one.total_cmp(other));
    let (beside, others) = least.unwrap_or((1.0, Tally::default()));
    (proved * beside, others)
}

fn lowest_rate(rules: &RaceRules, Tally { passes, fails }: Tally, error: f64) -> f64 {
    let settles = fails_that_settle(rules);
    match rules.stop {
        RaceStop::All => lower_bound(rules.runs.max(passes + fails), passes, error),
        RaceStop::First if passes >= rules.need => {
            lower_bound(rules.need + fails, rules.need, error)
        }
        // More fails than settle it: which of its runs came first is not known.
        RaceStop::First if fails > settles => 0.0,
        RaceStop::First => lower_bound(passes + settles - 1, passes, error),
    }
}

fn highest_rate(rules: &RaceRules, Tally { passes, fails }: Tally, error: f64) -> f64 {
    let settles = fails_that_settle(rules);
    match rules.stop {
        RaceStop::All => {
            let runs = rules.runs.max(passes + fails);
            upper_bound(runs, runs - fails, error)
        }
        RaceStop::First if fails >= settles => upper_bound(passes + settles, passes, error),
        RaceStop::First if passes > rules.need => 1.0,
        RaceStop::First => upper_bound(rules.need + fails - 1, rules.need - 1, error),
    }
}

/// Results that the winner is compared with.
struct Pool {
    seen: Tally,
    weight: f64,
}

/// All others and the control; then without the best of the others, the best two, and so on.
fn pools(control: Tally, others: &[Tally]) -> Vec<Pool> {
    let mut sorted = others.to_vec();
    // By pass rate, best first.
    let rate = |tally: &Tally| f64::from(tally.passes) / f64::from(tally.runs().max(1));
    sorted.sort_by(|one, other| rate(other).total_cmp(&rate(one)));
    let count = u32::try_from(others.len()).unwrap_or(u32::MAX);
    (0..=count)
        .zip(0..)
        .map(|(left_out, from)| Pool {
            seen: sorted[from..].iter().fold(control, |sum, tally| sum.plus(*tally)),
            weight: 0.5_f64.powi(i32::try_from(left_out).unwrap_or(i32::MAX).saturating_add(1))
                / ln_choose(count, left_out).exp(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
