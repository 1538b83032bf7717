//! What was understood of an agent's output so far.

use std::time::Duration;

use super::super::agent_report::{AgentReport, RateLimit, Tokens};
use super::{limit, wording};
use crate::domain::time::Timestamp;

/// Facts in the agent's own words.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) tokens: Option<Tokens>,
    pub(super) cost_micro_usd: Option<u64>,
    /// Its last word was an error.
    pub(super) fault: Option<Fault>,
    /// It gave its answer; errors beside that are not its own.
    pub(super) answered: bool,
    /// When a limit that it told of ends, in seconds since the epoch.
    pub(super) limit_ends: Option<i64>,
}

/// An error that an agent told of.
#[derive(Debug)]
pub(super) struct Fault {
    said: String,
    limit: bool,
    wait: Option<Duration>,
    /// When the limit ends, in seconds since the epoch.
    ends: Option<i64>,
}

impl Fault {
    /// An error in these words.
    pub(super) fn new(said: &str) -> Self {
        Self {
            said: wording::one_line(said),
            limit: limit::is_limit(said),
            wait: limit::wait_in(said),
            ends: limit::end_in(said),
        }
    }

    /// The same; an HTTP status that came with it tells more than words.
    pub(super) fn with_status(mut self, status: Option<u64>) -> Self {
        self.limit |= status.is_some_and(limit::is_limit_status);
        self
    }

    /// The same, with a time to wait that came with it.
    pub(super) fn with_wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait.or(self.wait);
        self
    }

    /// Whether it asks for fewer calls.
    pub(super) fn is_limit(&self) -> bool {
        self.limit
    }
}

impl Findings {
    /// Adds the tokens of one step.
    pub(super) fn add_tokens(&mut self, tokens: Tokens) {
        self.tokens = Some(self.tokens.unwrap_or_default().plus(tokens));
    }

    /// Adds the cost of one step.
    pub(super) fn add_cost(&mut self, micro_usd: u64) {
        self.cost_micro_usd = Some(self.cost_micro_usd.unwrap_or(0).saturating_add(micro_usd));
    }

    /// All in all, at the end.
    pub(super) fn report(self, now: Timestamp) -> AgentReport {
        let Self { tokens, cost_micro_usd, fault, answered: _, limit_ends } = self;
        let now = now.0.div_euclid(1000);
        let rate_limit = fault.as_ref().filter(|fault| fault.limit).map(|fault| RateLimit {
            said: fault.said.clone(),
            retry_after: fault.wait.or_else(|| limit::until(fault.ends.or(limit_ends)?, now)),
        });
        AgentReport { tokens, cost_micro_usd, error: fault.map(|fault| fault.said), rate_limit }
    }
}
