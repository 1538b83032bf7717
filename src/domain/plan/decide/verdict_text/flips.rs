//! What would turn the verdict.

use super::{Evidence, human};
use crate::domain::plan::plan_type::Verdict;

/// Break-even: how long tasks must be, and how many slots are worth having.
pub(in crate::domain::plan) fn flips(e: &Evidence<'_>) -> Vec<String> {
    length(e).into_iter().chain(slots(e)).collect()
}

fn length(e: &Evidence<'_>) -> Option<String> {
    let scale = e.flip?;
    let medians = e.candidate.medians;
    let mean = medians.iter().sum::<f64>() / medians.len() as f64;
    let (word, side) = match e.ruled {
        Verdict::Parallel => ("sequential", "at most"),
        Verdict::Sequential => ("parallel", "at least"),
    };
    // A length that shows as none turns nothing.
    if mean * scale < 0.05 {
        return None;
    }
    let (turned, now) = (human(mean * scale), human(mean));
    Some(format!(
        "the verdict turns to {word} when tasks take {side} {turned} on average instead of {now}"
    ))
}

fn slots(e: &Evidence<'_>) -> Option<String> {
    let (slots, until) = (e.candidate.slots(), e.pays_until);
    if e.verdict == Verdict::Sequential || until < 2 {
        None
    } else if until > slots {
        Some(format!("up to {until} slots would still save 2 % each; there are {slots}"))
    } else {
        Some(format!("no slot beyond {until} saves 2 %"))
    }
}
