//! Several attempts of a suite, and several parts of a module, taken together.

use std::collections::BTreeSet;

use super::cause::FailureCause;
use super::summary::{FAILURES_MAX, FLAKY_MAX, SLOWEST_MAX, SuiteResults};

/// What several attempts of the same suite said, in their order: the last counts. Where it passed, a
/// failure before makes the module flaky; a test that failed before and did not fail in the end is
/// flaky, as long as the last attempt came to its end. `None` without attempts.
pub fn merge_attempts(attempts: &[SuiteResults]) -> Option<SuiteResults> {
    let (last, before) = attempts.split_last()?;
    let mut merged = last.clone();
    merged.flaked = last.passed() && before.iter().any(|attempt| !attempt.passed());
    let came_to_its_end = matches!(last.cause, None | Some(FailureCause::Tests { .. }));
    if came_to_its_end && last.more_failures == 0 {
        let fails: BTreeSet<&str> = last.failures.iter().map(|failure| &*failure.test).collect();
        let earlier = before.iter().flat_map(|attempt| {
            attempt.failures.iter().map(|failure| &failure.test).chain(&attempt.flaky)
        });
        let mut flaky: BTreeSet<String> = last.flaky.iter().cloned().collect();
        flaky.extend(earlier.filter(|test| !fails.contains(test.as_str())).cloned());
        merged.flaky = flaky.into_iter().take(FLAKY_MAX).collect();
    }
    Some(merged)
}

/// What the parts of one module said: it fails where one of them does, and is complete where all
/// are. `None` without parts.
pub fn merge_parts(parts: &[SuiteResults]) -> Option<SuiteResults> {
    let (first, others) = parts.split_first()?;
    let mut merged = first.clone();
    for part in others {
        merged.cause = joined_cause(merged.cause.take(), part.cause.clone());
        merged.format = merged.format.or(part.format);
        merged.complete &= part.complete;
        merged.tally = merged.tally.plus(part.tally);
        merged.failures.extend(part.failures.iter().cloned());
        merged.more_failures = merged.more_failures.saturating_add(part.more_failures);
        merged.flaky.extend(part.flaky.iter().cloned());
        merged.flaked |= part.flaked;
        merged.slowest.extend(part.slowest.iter().cloned());
        merged.notes.extend(part.notes.iter().filter(|note| !first.notes.contains(note)).cloned());
        if merged.last_lines.is_empty() {
            merged.last_lines.clone_from(&part.last_lines);
        }
    }
    merged.flaked &= merged.passed();
    let beyond = merged.failures.len().saturating_sub(FAILURES_MAX);
    merged.more_failures += u64::try_from(beyond).unwrap_or(u64::MAX);
    merged.failures.truncate(FAILURES_MAX);
    merged.flaky.truncate(FLAKY_MAX);
    merged.slowest.sort_by(|a, b| b.duration.cmp(&a.duration).then_with(|| a.test.cmp(&b.test)));
    merged.slowest.truncate(SLOWEST_MAX);
    Some(merged)
}

/// What is no test goes first, as it says why tests are missing.
fn joined_cause(a: Option<FailureCause>, b: Option<FailureCause>) -> Option<FailureCause> {
    match (a, b) {
        (Some(FailureCause::Tests { failed: a }), Some(FailureCause::Tests { failed: b })) => {
            Some(FailureCause::Tests { failed: a.saturating_add(b) })
        }
        (Some(FailureCause::Tests { .. }) | None, Some(other)) => Some(other),
        (cause, _) => cause,
    }
}

#[cfg(test)]
mod tests;
