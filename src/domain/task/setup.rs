//! Commands that prepare a worktree before a task works in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Claims;

/// A setup hook is stopped after this time when it does not say otherwise.
pub const DEFAULT_SETUP_TIMEOUT: Duration = Duration::from_secs(600);

/// `[[setup]]`: a shell command that runs in each worktree before the task's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupHook {
    /// What it is called in messages.
    pub name: Option<String>,
    /// Shell command.
    pub run: String,
    /// It runs where the commit that a task starts from has a path of these; `None` means always.
    pub when: Option<Claims>,
    /// Stopped after this time.
    #[serde(with = "crate::domain::time::millis")]
    pub timeout: Duration,
}

impl SetupHook {
    /// Short name for messages: its own, else the first line of its command.
    pub fn label(&self) -> &str {
        let command = self.run.trim().lines().next().unwrap_or_default();
        self.name.as_deref().unwrap_or(command)
    }

    /// Whether one of these paths makes it run.
    pub fn is_meant_for<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> bool {
        match &self.when {
            Some(when) => paths.into_iter().any(|path| when.matches(path)),
            None => true,
        }
    }
}
