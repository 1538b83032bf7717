//! What the user asks for: a valid set of tasks.

mod agent;
mod argv;
mod attempt_rules;
mod claim;
mod condition;
mod glob;
mod hypothesis;
mod item;
mod model;
mod parse;
mod pattern;
mod race_rules;
mod regenerate;
mod setup;
mod shell_word;
mod size;

pub use agent::{AgentFormat, AgentInput, AgentPreset, agent_preset, agent_presets};
pub use argv::Placeholders;
pub use attempt_rules::{AttemptRules, RetryCause, RetryCauseError, human_limit, parse_limit};
pub use claim::{Claims, likely_overlaps};
pub use condition::{Compared, Condition, Ended, Fact, Observed};
pub use glob::{ClaimError, Glob};
pub use hypothesis::{ARM_VARIABLE, Hypothesis, RaceSet};
pub use item::ITEM_VARIABLES;
pub use model::{
    Command, DEFAULT_TIMEOUT, Demand, Gate, PERSONAS, PassRule, Priority, Task, TaskSet,
    Validation, Work,
};
pub use parse::{HypothesisPlace, Known, KnownHost, Parsed, parse, regenerations, setup_hooks};
pub use pattern::{FailFast, Item, Pattern, TimeLimits};
pub use race_rules::{Better, Metric, MetricError, RaceRules, RaceStop};
pub use regenerate::Regenerate;
pub use setup::{DEFAULT_SETUP_TIMEOUT, SetupHook, Turn, WithoutWhen};
pub use shell_word::shell_word;
pub use size::{SizeError, human_size, parse_size};
