//! What an agent says about its own work, read from its output.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What was found; what an agent does not tell stays unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentReport {
    /// Tokens of its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
    /// What it says it cost, in millionths of a US dollar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
    /// Its own last word is that it failed: what it said, in one line. The exit code may be 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// It gave up because its provider wants fewer calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
}

impl AgentReport {
    /// Adds what another attempt used. What went wrong is of the later attempt alone.
    pub fn followed_by(&self, later: &Self) -> Self {
        let tokens = match (self.tokens, later.tokens) {
            (Some(one), Some(other)) => Some(one.plus(other)),
            (one, other) => one.or(other),
        };
        let cost_micro_usd = match (self.cost_micro_usd, later.cost_micro_usd) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self { tokens, cost_micro_usd, ..later.clone() }
    }
}

/// Tokens that went through a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// Read, without what a cache gave.
    pub input: u64,
    /// Read from a cache.
    pub cached: u64,
    /// Written, with what was only thought.
    pub output: u64,
}

impl Tokens {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            output: self.output.saturating_add(other.output),
        }
    }
}

/// A provider's wish for fewer calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// What it said, in one line.
    pub said: String,
    /// How long it wants to be left alone, when it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
}
