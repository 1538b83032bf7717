//! How competing hypotheses are decided: `[race]` of a tasks file.

use std::time::Duration;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::domain::time::millis;

/// Bytes that a compiled pattern may take.
const LARGEST_METRIC: usize = 1 << 20;

/// Groups and repetitions within one another.
const DEEPEST_METRIC: u32 = 50;

/// One deciding check for all hypotheses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaceRules {
    /// Shell command; exit code 0 is a pass.
    pub check: String,
    /// The base itself must fail the check, else there is nothing to decide.
    pub control: bool,
    /// How often the check runs on each arm; at least 1.
    pub runs: u32,
    /// How many of them must pass; from 1 to `runs`.
    pub need: u32,
    /// When the race is over.
    pub stop: RaceStop,
    /// A number in the check's output that tells hypotheses apart that all pass.
    pub metric: Option<Metric>,
    /// One run of the check is stopped after this time.
    #[serde(with = "millis")]
    pub timeout: Duration,
}

/// When a race is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RaceStop {
    /// As soon as one arm can no longer miss `need`.
    #[default]
    First,
    /// When every run of every arm has ended.
    All,
}

/// A number that the check prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// Regular expression with one group, which holds the number; of several matches the last counts.
    pub pattern: String,
    /// Which of two numbers wins.
    pub better: Better,
}

/// Which of two numbers wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The smaller one.
    Lower,
    /// The greater one.
    Higher,
}

/// Why a text is no pattern of a metric. The message is a fragment that fits after "`metric` ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// No regular expression.
    #[error("is no regular expression: {0}")]
    Syntax(String),
    /// One that would take too much memory.
    #[error("is too large a regular expression")]
    TooLarge,
    /// None, or more than one, group.
    #[error("must have one group, which holds the number, and has {0}")]
    Groups(usize),
}

impl Metric {
    /// Checks a pattern.
    ///
    /// # Errors
    /// It is no regular expression, or has not exactly one group.
    pub fn parse(pattern: &str, better: Better) -> Result<Self, MetricError> {
        // The whole match is a group to the engine.
        match compiled(pattern)?.captures_len() {
            2 => Ok(Self { pattern: pattern.to_owned(), better }),
            groups => Err(MetricError::Groups(groups - 1)),
        }
    }

    /// What the group holds in the last match in a check's output; `None` where nothing matches.
    pub fn last_in<'t>(&self, output: &'t str) -> Option<&'t str> {
        let pattern = compiled(&self.pattern).ok()?;
        let last = pattern.captures_iter(output).last()?;
        Some(last.get(1).map_or("", |group| group.as_str()))
    }

    /// The number of a match; `None` where it is no finite one.
    pub fn number(matched: &str) -> Option<f64> {
        matched.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// `^` and `$` match at the ends of lines: a check prints many.
fn compiled(pattern: &str) -> Result<Regex, MetricError> {
    let built = RegexBuilder::new(pattern)
        .multi_line(true)
        .size_limit(LARGEST_METRIC)
        .dfa_size_limit(LARGEST_METRIC)
        .nest_limit(DEEPEST_METRIC)
        .build();
    built.map_err(|error| {
        if matches!(error, regex::Error::CompiledTooBig(_)) {
            return MetricError::TooLarge;
        }
        // The last line says what is wrong; those before it draw the place.
        let text = error.to_string();
        let line = text.lines().last().unwrap_or_default();
        MetricError::Syntax(line.trim_start_matches("error: ").to_owned())
    })
}

#[cfg(test)]
mod tests;
