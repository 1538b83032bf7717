//! Git: libgit2 for reading and for forecasts in memory, the git program for whatever needs
//! filters, worktrees, refs, signatures or the merge that counts. Its own git runs no hook, no
//! fsmonitor, no pager and no editor of the user's. libgit2's types don't leave this folder.

mod backoff;
mod diff;
mod error;
#[cfg(test)]
pub(in crate::adapters) mod fixture;
mod forecast;
mod head;
mod history;
mod hunks;
mod merge;
mod merge_git;
mod merge_libgit2;
mod oid;
mod path;
mod program;
mod repo;
mod settings;
mod status;
mod worktrees;
mod write;

pub use diff::{ChangeKind, PathChange};
pub use error::GitError;
pub use forecast::{Forecast, ForecastTip};
pub use head::{Head, Progress, in_progress};
pub use history::BranchConflict;
pub use merge::{Hunk, MergeEngine, MergeOutcome, MergeRequest};
pub use path::{quote_path, unquote_path};
pub use program::{GitProgram, GitVersion};
pub use repo::{Engine, Repo};
pub use status::Dirty;
pub use worktrees::WorktreeInfo;
pub use write::{Expected, NewCommit, RefOutcome, RefUpdate};

#[cfg(test)]
mod tests;
