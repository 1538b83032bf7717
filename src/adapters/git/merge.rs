//! Merging two commits into a tree, in memory: which engine, and what came of it.

mod check;
mod disjoint;
pub(super) mod guards;
mod identity;
pub(super) mod moved_aside;
mod renames;
mod replay;
mod session;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod traps;

use std::fmt;
use std::time::Duration;

pub use replay::{ReplayOutcome, ReplayRequest};
pub use session::MergeSession;

use super::capability::Backend;
use super::error::GitError;
use super::repo::{Engine, Repo};
use super::version::GitVersion;
use super::{merge_git, merge_libgit2};
use crate::domain::id::Oid;

/// Longest that one merge may take by default: a history that crosses over and over again takes
/// exponential time.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Two commits to be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeRequest {
    /// The commit to merge against in place of the common ancestor.
    pub base: Option<Oid>,
    /// The commit merged into.
    pub ours: Oid,
    /// The commit merged.
    pub theirs: Oid,
}

/// How merges are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeOptions {
    /// Whether a merge of git's is made once more by libgit2 and compared.
    pub cross_check: bool,
    /// Longest that one merge may take.
    pub time_limit: Duration,
}

impl Default for MergeOptions {
    /// No cross-check, 60 s.
    fn default() -> Self {
        Self { cross_check: false, time_limit: TIME_LIMIT }
    }
}

/// What made a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeEngine {
    /// `git merge-tree`.
    Git {
        /// Of this version.
        version: GitVersion,
    },
    /// libgit2, in this process.
    Libgit2,
    /// Nobody had to: the two sides changed different paths.
    Disjoint,
}

impl fmt::Display for MergeEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { version } => write!(f, "git {version}"),
            Self::Libgit2 => f.write_str("libgit2"),
            Self::Disjoint => f.write_str("disjoint paths"),
        }
    }
}

/// What the other engine says of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrossCheck {
    /// It was not asked, or knows that it cannot tell.
    NotMade,
    /// The same.
    Agrees,
    /// Something else; the first engine's answer counts.
    Differs {
        /// A sentence without a full stop.
        sentence: String,
    },
}

impl CrossCheck {
    /// What is to be said about it.
    pub fn sentence(self) -> Option<String> {
        match self {
            Self::NotMade | Self::Agrees => None,
            Self::Differs { sentence } => Some(sentence),
        }
    }
}

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// A tree, stored in the repository.
    Clean {
        /// The tree.
        tree: Oid,
        /// What made it.
        engine: MergeEngine,
        /// What the other engine says.
        check: CrossCheck,
    },
    /// The two sides collide.
    Conflict {
        /// The paths that collide, sorted.
        paths: Vec<String>,
        /// Excerpts, at most a few.
        hunks: Vec<Hunk>,
        /// What found it.
        engine: MergeEngine,
        /// What the other engine says.
        check: CrossCheck,
    },
    /// There is no common ancestor.
    Unrelated,
    /// libgit2 would get this wrong or cannot read it, and git is missing, too old or was ruled out.
    NeedsGit {
        /// What libgit2 cannot do.
        reason: String,
    },
    /// It took too long and was given up.
    TimedOut {
        /// How long it was given.
        limit: Duration,
        /// What was at work.
        engine: MergeEngine,
    },
}

/// A place where two sides collide, with conflict markers in the style `zdiff3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// In which file.
    pub path: String,
    /// The lines from `<<<<<<<` to `>>>>>>>`; long ones are shortened.
    pub text: String,
}

/// Who makes a merge.
enum Maker {
    Git,
    Libgit2,
    Nobody { reason: String },
}

impl Repo {
    /// Merges two commits without touching any worktree, index or ref. What it writes survives a
    /// loss of power.
    ///
    /// # Errors
    /// The engine fails; a conflict is no failure.
    pub fn merge(&self, request: MergeRequest) -> Result<MergeOutcome, GitError> {
        let limit = TIME_LIMIT;
        match self.merge_maker(request) {
            Maker::Git => {
                merge_git::merge(self, request, merge_git::Manner { limit, durable: true })
            }
            Maker::Libgit2 => {
                let outcome = merge_libgit2::merge_within(self, request, limit)?;
                if let MergeOutcome::Clean { tree, .. } = &outcome {
                    self.sync_objects(*tree, &[request.ours, request.theirs])?;
                }
                Ok(outcome)
            }
            Maker::Nobody { reason } => Ok(MergeOutcome::NeedsGit { reason }),
        }
    }

    /// Begins a train of merges: what is needed for each of them is kept between them. What it
    /// writes survives a loss of power only after [`Self::sync_objects`], as a landing calls it.
    pub fn merge_session(&self, options: MergeOptions) -> MergeSession {
        MergeSession::new(self.clone(), options)
    }

    /// The engine that [`Self::merge`] uses for merges without an explicit base.
    pub fn merge_engine(&self) -> MergeEngine {
        let version = self.program().version();
        match self.engine() {
            Engine::Auto if !version.at_least(2, 38) => MergeEngine::Libgit2,
            Engine::Libgit2 => MergeEngine::Libgit2,
            Engine::Auto | Engine::Git => MergeEngine::Git { version },
        }
    }

    fn merge_maker(&self, request: MergeRequest) -> Maker {
        let version = self.program().version();
        let fits = version.at_least(2, if request.base.is_some() { 40 } else { 38 });
        match self.engine() {
            Engine::Auto | Engine::Git if fits => Maker::Git,
            Engine::Auto | Engine::Libgit2 if self.backend() == Backend::Libgit2 => Maker::Libgit2,
            Engine::Libgit2 => {
                let reason = self.obstacles().objects.clone();
                let reason = reason.unwrap_or_else(|| "git reads this repository".to_owned());
                Maker::Nobody { reason }
            }
            Engine::Auto | Engine::Git => Maker::Nobody {
                reason: format!("git {version} has no `merge-tree` that does this"),
            },
        }
    }
}
