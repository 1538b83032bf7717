//! What an agent said of its work, in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::run::AgentReport;

/// What an agent said of its work, over all attempts; null is what it did not tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentEntry {
    /// Tokens that its model read, without what a cache gave.
    pub input_tokens: Option<u64>,
    /// Tokens that a cache gave.
    pub cached_tokens: Option<u64>,
    /// Tokens that its model wrote, with what was only thought.
    pub output_tokens: Option<u64>,
    /// What it cost, US dollars.
    pub cost_usd: Option<f64>,
    /// Its last attempt gave up because its provider wants fewer calls.
    pub rate_limited: bool,
    /// The error that was the last word of its last attempt.
    pub error: Option<String>,
}

/// The entry of a report.
pub(super) fn agent_entry(report: &AgentReport) -> AgentEntry {
    AgentEntry {
        input_tokens: report.tokens.map(|tokens| tokens.input),
        cached_tokens: report.tokens.map(|tokens| tokens.cached),
        output_tokens: report.tokens.map(|tokens| tokens.output),
        cost_usd: report.cost_micro_usd.map(|cost| cost as f64 / 1e6),
        rate_limited: report.rate_limit.is_some(),
        error: report.error.clone(),
    }
}
