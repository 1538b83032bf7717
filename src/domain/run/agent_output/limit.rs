//! Recognising a provider's wish for fewer calls in what an agent says of its failure.

use std::time::Duration;

/// Phrases of providers and agents, in lower case.
const PHRASES: [&str; 19] = [
    "rate limit",
    "rate_limit",
    "ratelimit",
    "rate-limit",
    "too many requests",
    "resource_exhausted",
    "resource exhausted",
    "resource has been exhausted",
    "overloaded",
    "usage limit",
    "usage_limit",
    "hit your limit",
    "session limit",
    "weekly limit",
    "limit reached",
    "quota exceeded",
    "exceeded your current quota",
    "exhausted your capacity",
    "quota will reset",
];

/// An account without money is not helped by waiting.
const NOT_BY_WAITING: &str = "insufficient_quota";

/// HTTP statuses: too many requests; overloaded, as one provider has it.
const STATUSES: [u64; 2] = [429, 529];

/// What comes before the time to wait, in lower case.
const ANCHORS: [&str; 13] = [
    "retry after",
    "retry-after",
    "retry_after",
    "retryafter",
    "retrydelay",
    "retry in",
    "try again in",
    "reset after",
    "resets after",
    "reset in",
    "resets in",
    "retrying in",
    "again after",
];

/// Bytes of an error that are looked into.
const BEGINNING: usize = 2000;

/// Longest wait that is believed: providers count in weeks at most.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

/// Whether that HTTP status asks for fewer calls.
pub(super) fn is_limit_status(status: u64) -> bool {
    STATUSES.contains(&status)
}

/// Whether an error asks for fewer calls.
pub(super) fn is_limit(text: &str) -> bool {
    let text = beginning(text);
    if text.contains(NOT_BY_WAITING) {
        return false;
    }
    PHRASES.iter().any(|phrase| text.contains(phrase)) || names_status(&text)
}

/// A bare number counts beside a word that makes it a status.
fn names_status(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let names = |number: &str| number.parse().is_ok_and(is_limit_status);
    words.clone().any(names)
        && words.clone().any(|word| matches!(word, "api" | "code" | "http" | "status"))
}

/// The time that an error asks to wait, after a phrase such as `retry after`. A time of day is left
/// alone: nobody knows in which zone.
pub(super) fn wait_in(text: &str) -> Option<Duration> {
    let text = beginning(text);
    let after = |anchor: &&str| {
        let value = &text[text.find(*anchor)? + anchor.len()..];
        duration(value.trim_start_matches(|c: char| c.is_whitespace() || "\":=\\".contains(c)))
    };
    ANCHORS.iter().find_map(after)
}

/// The point in time after `|` at the end of an error, in seconds since the epoch.
pub(super) fn end_in(text: &str) -> Option<i64> {
    text.rsplit_once('|')?.1.trim().parse().ok()
}

/// What counts of an error, in lower case: providers are brief, and what comes after may be anything.
fn beginning(text: &str) -> String {
    text[..text.floor_char_boundary(BEGINNING)].to_lowercase()
}

/// The time from `now` until a point, both in seconds since the epoch.
pub(super) fn until(point: i64, now: i64) -> Option<Duration> {
    believed(Duration::from_secs(u64::try_from(point.checked_sub(now)?).ok()?))
}

/// A number of seconds.
pub(super) fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok().and_then(believed)
}

fn believed(wait: Duration) -> Option<Duration> {
    (wait <= LONGEST).then_some(wait)
}

/// `30`, `11.05s`, `3h20m`, `3 days 4 hours and 12 minutes` at the start of a text.
fn duration(text: &str) -> Option<Duration> {
    let mut total = None;
    let mut rest = text;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let Ok(number) = rest[..digits].trim_end_matches('.').parse::<f64>() else { break };
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86400.0,
            // A time of day.
            "am" | "pm" => return None,
            _ if rest.starts_with(':') => return None,
            // `retry after 30`; a second number without a unit is another matter.
            _ if total.is_none() => return seconds(number),
            _ => break,
        };
        total = Some(total.unwrap_or(0.0) + number * unit);
        rest = rest[letters..].trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
    seconds(total?)
}

#[cfg(test)]
mod tests;
