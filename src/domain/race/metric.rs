//! The number in a check's output.

use regex::Regex;

use crate::domain::task::Metric;

/// The number of the last match; `None` where nothing matches or it is no number.
pub fn metric_in(metric: &Metric, output: &str) -> Option<f64> {
    let pattern = Regex::new(&metric.pattern).ok()?;
    let last = pattern.captures_iter(output).last()?;
    last.get(1)?.as_str().parse().ok().filter(|number: &f64| number.is_finite())
}
