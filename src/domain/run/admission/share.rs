//! Sharing something among those who want different amounts of it.

/// What one who wants `own` gets of `all` beside others: everybody gets what he wants as long as
/// there is enough; else nobody gets more than an equal part while others want it, too. Everybody who
/// knows the same wishes comes to the same parts, and these never exceed the whole.
pub(super) fn fair_share(all: f64, own: f64, others: impl Iterator<Item = f64>) -> f64 {
    let mut wishes: Vec<f64> = others.chain([own]).collect();
    wishes.sort_by(f64::total_cmp);
    let (mut left, mut claimants) = (all, wishes.len());
    for wish in wishes {
        let equal = left / claimants as f64;
        if wish > equal {
            return own.min(equal);
        }
        left -= wish;
        claimants -= 1;
    }
    own
}

#[cfg(test)]
mod tests;
