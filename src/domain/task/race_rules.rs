//! How competing hypotheses are decided: `[race]` of a tasks file.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::time::millis;

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
