//! The JSON document of `clean`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::SCHEMA;
use crate::domain::id::RunId;

/// What `clean` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CleanDocument {
    /// Always 1.
    pub schema: u32,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Bytes on disk that came back, or would.
    pub bytes: u64,
    /// Everything that was found.
    pub items: Vec<CleanEntry>,
    /// Runs that were left alone.
    pub skipped: Vec<SkippedRun>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CleanEntry {
    /// The run that it is of; null when it is of none.
    pub run: Option<RunId>,
    /// `worktree`, `branch`, `saved work`, `logs`, `pooled worktree`, `lock`, `leftover`.
    pub kind: String,
    /// Path or name.
    pub name: String,
    /// Whether it is gone.
    pub removed: bool,
    /// Whether it waits for a later task, or would.
    pub pooled: bool,
    /// Why it stays; null when it goes or would go.
    pub kept: Option<String>,
    /// Bytes on disk that it takes, where they were counted.
    pub bytes: u64,
    /// Commits that nothing else holds.
    pub commits: Vec<LostCommit>,
    /// Files that are not committed, relative to the worktree.
    pub paths: Vec<String>,
    /// What else would be lost, in words.
    pub notes: Vec<String>,
}

/// A commit that nothing else holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LostCommit {
    /// Short id.
    pub id: String,
    /// First line of its message.
    pub subject: String,
}

/// A run that was left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedRun {
    /// The run.
    pub run: RunId,
    /// Why.
    pub message: String,
}

impl CleanDocument {
    /// The document of a clean-up.
    pub fn new(dry_run: bool, items: Vec<CleanEntry>, skipped: Vec<SkippedRun>) -> Self {
        let goes = items.iter().filter(|item| item.kept.is_none() && !item.pooled);
        let bytes = goes.map(|item| item.bytes).sum();
        Self { schema: SCHEMA, dry_run, bytes, items, skipped }
    }
}
