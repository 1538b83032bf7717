//! What a worktree is made of beside the files of its commit, and what becomes of it.

use serde::{Deserialize, Serialize};

/// `[worktree]`: what is brought into a worktree, and what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorktreeRules {
    /// Whether submodules are filled.
    pub submodules: Submodules,
    /// Bytes that must stay free on the disk after worktrees were made.
    pub disk_reserve: u64,
    /// Ignored files that are brought along, as lines of a `.gitignore`, beside those of
    /// `.worktreeinclude`.
    pub include: Vec<String>,
    /// Folders of installed packages that commands cannot run without, as lines of a `.gitignore`.
    /// Each is brought as one, and copied where the file system cannot share blocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub installed: Vec<String>,
    /// Most bytes that are copied into one worktree where the file system cannot share blocks.
    pub include_limit: u64,
    /// Build products worth keeping, as lines of a `.gitignore`.
    pub caches: Vec<String>,
    /// Whether a worktree begins with the checkout's caches.
    pub share_caches: CacheSharing,
    /// Worktrees that `clean` keeps for later tasks, with their caches.
    pub pool: u32,
}

impl Default for WorktreeRules {
    fn default() -> Self {
        Self {
            submodules: Submodules::Empty,
            disk_reserve: 1 << 30,
            include: Vec::new(),
            installed: Vec::new(),
            include_limit: 256 << 20,
            caches: ["target/", "node_modules/", ".venv/"].map(str::to_owned).to_vec(),
            share_caches: CacheSharing::Never,
            pool: 0,
        }
    }
}

/// What becomes of a submodule's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Submodules {
    /// It stays empty, as `git worktree add` leaves it.
    Empty,
    /// `git submodule update` fills it.
    Update,
}

impl Submodules {
    /// The words of the setting.
    pub const WORDS: [(&'static str, Self); 2] = [("empty", Self::Empty), ("update", Self::Update)];

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Update => "update",
        }
    }
}

/// How a worktree comes by the caches of the checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheSharing {
    /// Not at all.
    Never,
    /// As copies that share their blocks until one of them is written.
    Reflink,
}

impl CacheSharing {
    /// The words of the setting.
    pub const WORDS: [(&'static str, Self); 2] =
        [("never", Self::Never), ("reflink", Self::Reflink)];

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Reflink => "reflink",
        }
    }
}
