//! What the patterns of a tasks file add to a task: the item it was made for, its group, the
//! condition under which it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Condition;

/// What patterns add to a task; empty for a plain one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pattern {
    /// `foreach`: the item it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Item>,
    /// `group`: which tasks a failure stops along with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `when`: what must hold for it to run, once everything it depends on is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

impl Pattern {
    /// Whether there is nothing in it.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// One item of a `foreach`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Id of the task in the file.
    pub of: String,
    /// The item: a path of the base, or a text of the list.
    pub text: String,
}

impl Item {
    /// What follows the last `/`.
    pub fn name(&self) -> &str {
        base_name(&self.text)
    }
}

/// What follows the last `/` of a text.
pub(super) fn base_name(text: &str) -> &str {
    let whole = text.trim_end_matches('/');
    whole.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(text)
}

/// Where the first failure stops the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FailFast {
    /// In the whole run.
    #[serde(default)]
    pub run: bool,
    /// In these groups.
    #[serde(default)]
    pub groups: BTreeSet<String>,
}

impl FailFast {
    /// Whether nothing stops anything.
    pub fn is_off(&self) -> bool {
        !self.run && self.groups.is_empty()
    }
}

/// How long groups, and the whole run, may be at work.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TimeLimits {
    /// All tasks together.
    #[serde(default)]
    pub run: Option<Duration>,
    /// The tasks of a group.
    #[serde(default)]
    pub groups: BTreeMap<String, Duration>,
}
