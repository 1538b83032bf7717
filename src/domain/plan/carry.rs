//! Ignored files of the user's checkout that every new worktree gets, as numbers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::task::human_size;

/// Seconds that a file takes until this was measured here.
const DEFAULT_RATE: f64 = 1e-4;

/// Bytes that take as long to copy as a file takes to make.
const BYTES_PER_FILE: f64 = 65_536.0;

/// Files and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    /// Files, links included.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
}

impl Amount {
    /// Adds one file.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// What one worktree gets, and in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CarryLoad {
    /// Written anew, byte by byte.
    pub copied: Amount,
    /// Sharing its blocks with the checkout's file until one of them is written.
    pub shared: Amount,
}

impl CarryLoad {
    /// How much work it is, in files of no size: what costs are measured by.
    pub fn work(&self) -> f64 {
        let files = self.copied.files + self.shared.files;
        files as f64 + self.copied.bytes as f64 / BYTES_PER_FILE
    }

    /// Seconds for it, at a measured number of seconds per unit of [`Self::work`].
    pub fn seconds(&self, rate: Option<f64>) -> f64 {
        self.work() * rate.unwrap_or(DEFAULT_RATE)
    }
}

impl fmt::Display for CarryLoad {
    /// `3 files (1.5KiB) copied, 200 files (1GiB) shared`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ways = [(self.copied, "copied"), (self.shared, "shared")];
        let there = ways.iter().filter(|(amount, _)| amount.files > 0);
        let words: Vec<String> = there
            .map(|(amount, how)| {
                let noun = if amount.files == 1 { "file" } else { "files" };
                format!("{} {noun} ({}) {how}", amount.files, human_size(amount.bytes))
            })
            .collect();
        if words.is_empty() { f.write_str("nothing") } else { f.write_str(&words.join(", ")) }
    }
}

/// What a run will bring into each of its worktrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CarryPlan {
    /// Files and folders that go along, build caches included; a folder ends with `/`.
    pub paths: Vec<String>,
    /// Those of them that are build caches.
    pub caches: Vec<String>,
    /// How much that is for one worktree.
    pub load: CarryLoad,
    /// Seconds it takes for one worktree.
    pub time_s: f64,
    /// The time comes from measurements in this repository.
    pub measured: bool,
    /// What stays behind, and why.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_bytes_cost_nothing_and_copied_ones_do() {
        let amount = Amount { files: 10, bytes: 1 << 20 };
        let shared = CarryLoad { shared: amount, ..CarryLoad::default() };
        let copied = CarryLoad { copied: amount, ..CarryLoad::default() };
        assert!((shared.work() - 10.0).abs() < 1e-9);
        assert!((copied.work() - 26.0).abs() < 1e-9);
        assert!((copied.seconds(Some(0.5)) - 13.0).abs() < 1e-9);
        assert!(copied.seconds(None) > shared.seconds(None));
        let one = Amount { files: 1, bytes: 5 };
        let both = CarryLoad { copied: one, shared: amount };
        assert_eq!(both.to_string(), "1 file (5B) copied, 10 files (1MiB) shared");
        assert_eq!(CarryLoad::default().to_string(), "nothing");
    }
}
