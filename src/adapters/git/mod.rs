//! Git: libgit2 for reading and for forecasts in memory, the git program for whatever needs
//! filters, worktrees, refs, signatures or the merge that counts, and for everything where libgit2
//! cannot open the repository (`capability.rs` decides; `read/` and `forecast/` have both). Its own
//! git runs no hook, no fsmonitor, no pager and no editor of the user's. libgit2's types don't leave
//! this folder.

mod apply;
mod backoff;
mod blobs;
mod branches;
mod capability;
mod collide;
mod conversion;
mod credits;
mod diff;
mod drivers;
mod durable;
mod error;
#[cfg(test)]
pub(in crate::adapters) mod fixture;
mod forecast;
mod head;
mod history;
mod hunks;
mod index_form;
mod land;
mod land_branch;
mod land_check;
mod land_cut_off;
mod land_early;
mod land_holder;
mod land_refusal;
mod land_restore;
mod land_session;
mod latest;
mod listing;
mod merge;
mod merge_git;
mod merge_libgit2;
mod oid;
mod patch;
mod path;
mod program;
mod progress;
mod push;
mod raw_commit;
mod read;
mod repo;
mod root_refs;
mod settings;
mod shared;
mod status;
mod texts;
mod tree_difference;
mod version;
mod worktrees;
mod write;

pub use apply::{PatchFault, PatchOutcome, load_patch};
pub(in crate::adapters) use backoff::Backoff;
pub(in crate::adapters) use blobs::BlobReader;
pub(in crate::adapters) use branches::BranchesOutcome;
pub use capability::{Area, Backend, Capability};
pub use collide::{Collided, CollidedPath, FileVersion, MarkerStyle};
pub(in crate::adapters) use conversion::{Conversion, ConvertedReader, attributes_outside};
pub use credits::{CommitMessage, Credits};
pub use diff::{ChangeKind, PathChange};
pub(in crate::adapters) use diff::{FileMode, RawChange};
pub use error::GitError;
pub(in crate::adapters) use error::io;
pub use forecast::{Forecast, ForecastRequest, ForecastTip, all_pairs};
pub use head::Head;
pub use history::BranchConflict;
pub use land::{LandOutcome, LandRequest, land};
pub use land_branch::{BranchRequest, delete_branch, make_branch};
pub use land_cut_off::{UnsettledLanding, unsettled_landings};
pub use land_early::early_obstacle;
pub use land_refusal::{LandRefusal, RefusedReason};
pub use land_restore::{RecoveredLanding, recover_landing};
pub use latest::BranchWork;
pub(in crate::adapters) use listing::{ListedFile, Listing};
pub use merge::{
    CrossCheck, Hunk, MergeEngine, MergeOptions, MergeOutcome, MergeRequest, MergeSession,
    ReplayOutcome, ReplayRequest,
};
pub(in crate::adapters) use oid::blob_id;
pub use patch::PatchSearch;
pub(in crate::adapters) use path::as_path;
pub use path::{quote_path, unquote_path};
pub use program::GitProgram;
pub(in crate::adapters) use program::Invocation;
pub use progress::Progress;
pub use push::Push;
pub use repo::{Engine, Repo};
pub use shared::{
    ProgramChange, RefChange, Refs, SettledSettings, SharedChange, SharedFiles, SharedPrograms,
    holds_copy,
};
pub use status::Dirty;
pub(in crate::adapters) use status::{StatusEntry, StatusKind, summary};
pub use texts::Texts;
pub use version::GitVersion;
pub use worktrees::WorktreeInfo;
pub use worktrees::worktree_among;
pub(in crate::adapters) use worktrees::{admin_dirs, real_path, real_place};
pub use write::{Expected, NewCommit, RefOutcome, RefUpdate};

#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod land_forms_tests;
#[cfg(test)]
mod land_swap_tests;
#[cfg(test)]
mod land_tests;
#[cfg(test)]
mod merge_tests;
#[cfg(test)]
mod tests;
