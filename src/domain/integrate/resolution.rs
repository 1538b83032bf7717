//! How a textual conflict was resolved, by what rules, and what must hold of the result whoever
//! resolved it: no markers left, nothing touched that neither side touched, no line lost unlisted.

mod content;
mod inherited;
mod question;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use content::{FileVersions, Side, SideLoss};
pub use question::{Question, QuestionFile, QuestionTask};

use crate::domain::task::{AgentPreset, Regenerate, agent_preset};
use crate::domain::time::millis;

/// A resolver that does not answer within this time is stopped.
pub const DEFAULT_RESOLVER_TIMEOUT: Duration = Duration::from_secs(600);

/// How often a resolver is asked about one merge.
pub const DEFAULT_RESOLVER_TRIES: u32 = 2;

/// How a path got the content with which it lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResolutionLabel {
    /// The user resolved the same conflict before, and git had recorded it.
    Rerere,
    /// A merge driver of the user's merged it.
    Driver,
    /// A command of `[[integrate.regenerate]]` made it anew.
    Regenerated,
    /// The resolver's command wrote it.
    Agent,
    /// The user resolved it in a worktree that was left for that.
    ByHand,
}

impl ResolutionLabel {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rerere => "rerere",
            Self::Driver => "driver",
            Self::Regenerated => "regenerated",
            Self::Agent => "agent",
            Self::ByHand => "by hand",
        }
    }
}

/// One path that both sides changed, and how it was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathResolution {
    /// The path.
    pub path: String,
    /// How.
    pub label: ResolutionLabel,
}

/// What may resolve a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResolutionRules {
    /// `integrate.resolver`; `None` when nobody is asked.
    pub resolver: Option<Resolver>,
    /// `integrate.resolver_timeout`.
    #[serde(with = "millis")]
    pub timeout: Duration,
    /// `integrate.resolver_tries`, 1 or more.
    pub tries: u32,
    /// `[[integrate.regenerate]]`.
    pub regenerate: Vec<Regenerate>,
}

impl Default for ResolutionRules {
    fn default() -> Self {
        Self {
            resolver: None,
            timeout: DEFAULT_RESOLVER_TIMEOUT,
            tries: DEFAULT_RESOLVER_TRIES,
            regenerate: Vec::new(),
        }
    }
}

impl ResolutionRules {
    /// The rule that makes a path anew: the first that names it.
    pub fn regenerates(&self, path: &str) -> Option<&Regenerate> {
        self.regenerate.iter().find(|rule| rule.paths.matches(path))
    }
}

/// Who is asked about what remains. Stored as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Resolver {
    /// An agent that is known by name.
    Agent(&'static AgentPreset),
    /// A shell command.
    Command(String),
}

impl Resolver {
    /// The name of an agent, or a command; nothing is nobody.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        Some(agent_preset(text).map_or_else(|| Self::Command(text.to_owned()), Self::Agent))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Agent(preset) => preset.name,
            Self::Command(command) => command,
        }
    }
}

impl From<String> for Resolver {
    fn from(text: String) -> Self {
        Self::parse(&text).unwrap_or(Self::Command(text))
    }
}

impl From<Resolver> for String {
    fn from(resolver: Resolver) -> Self {
        resolver.as_str().to_owned()
    }
}

/// Paths that a resolution touched and may not have touched.
pub fn outside<'p>(
    touched: &'p [String],
    may: impl Fn(&str) -> bool + 'p,
) -> impl Iterator<Item = &'p str> {
    touched.iter().map(String::as_str).filter(move |path| !may(path))
}

#[cfg(test)]
mod tests;
