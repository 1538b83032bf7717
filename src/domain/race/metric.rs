//! The number that a check prints, over several runs of it.

use super::binomial::at_least;
use crate::domain::integrate::{LEFT_OUT, plain};
use crate::domain::plan::median;
use crate::domain::task::Metric;

/// A match of several lines has no more bytes, wherever the output is cut into pieces.
const SPANNED: usize = 32 << 10;

/// The number that a metric finds in what a check printed, as it looks on a terminal; `None` where
/// there is none. The output comes in pieces of whole lines, the last one first, of which no more are
/// asked for than it takes.
pub fn metric_in(metric: &Metric, pieces: impl IntoIterator<Item = String>) -> Option<f64> {
    // The first lines of what follows a piece, in which nothing matches by itself.
    let mut behind = String::new();
    let matched = pieces.into_iter().find_map(|piece| {
        let lines = piece.split('\n').filter(|line| !line.starts_with(LEFT_OUT));
        let text = lines.map(plain).collect::<Vec<_>>().join("\n") + &behind;
        let found = metric.last_in(&text).map(str::to_owned);
        let first = text.as_bytes().iter().take(SPANNED).rposition(|&byte| byte == b'\n');
        behind = first.map_or_else(String::new, |end| text[..=end].to_owned());
        found
    });
    Metric::number(&matched?)
}

/// A number of a metric for people: six significant digits, with an exponent where these stand far
/// from the point.
pub(in crate::domain) fn metric_text(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    match rounded.abs() {
        0.0 => "0".to_owned(),
        1e-5..1e12 => format!("{rounded}"),
        _ => format!("{rounded:e}"),
    }
}

/// A metric over several runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricSummary {
    /// Runs that gave a number.
    pub runs: usize,
    /// The number in the middle.
    pub median: f64,
    /// The true median lies from here …
    pub low: f64,
    /// … to here …
    pub high: f64,
    /// … with this probability. Below [`Self::CONFIDENT`] there were too few runs, and the two are the
    /// smallest and the greatest number that was seen.
    pub confidence: f64,
}

impl MetricSummary {
    /// What an interval ought to have.
    pub const CONFIDENT: f64 = 0.95;

    /// Of the numbers of some runs; `None` of none.
    ///
    /// Between the `d`-th smallest and the `d`-th greatest of `n` numbers lies the median of what they
    /// are drawn from with a probability of `1 − 2·P(Bin(n, ½) < d)` or more, whatever its distribution is
    /// (Thompson, *On confidence ranges for the median*, 1936). Of the intervals of 95 % or more it is
    /// the narrowest; from six runs there is one.
    pub fn of(numbers: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = numbers.iter().copied().filter(|n| n.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let runs = sorted.len();
        let count = u32::try_from(runs).unwrap_or(u32::MAX);
        // `depth` numbers lie outside on either side.
        let confidence = |depth: u32| 1.0 - 2.0 * (1.0 - at_least(count, depth + 1, 0.5));
        let narrow =
            (1..=count / 2).take_while(|depth| confidence(*depth) >= Self::CONFIDENT).last();
        let depth = narrow.unwrap_or(0);
        let outside = depth as usize;
        Some(Self {
            runs,
            median: median(sorted.iter().copied())?,
            low: *sorted.get(outside)?,
            high: *sorted.get(runs.checked_sub(outside + 1)?)?,
            confidence: confidence(depth).max(0.0),
        })
    }

    /// There were runs enough for an interval.
    pub fn is_confident(self) -> bool {
        self.confidence >= Self::CONFIDENT
    }

    /// Both may be about the same median.
    pub fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

#[cfg(test)]
mod tests;
