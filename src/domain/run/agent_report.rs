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
    /// It gave up because its provider wants fewer calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
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

/// A provider's wish for fewer calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// What it said, in one line.
    pub said: String,
    /// How long it wants to be left alone, when it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
}
