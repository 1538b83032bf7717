//! Worktrees of ours: made all or nothing, looked at, saved, put back to a commit and removed.
//! Everything here finds a worktree by its folder and its git directory, never by its `.git` file,
//! which belongs to whatever ran in it.

mod admin;
mod batch;
mod by_hand;
mod carry;
mod checkout;
mod collision;
mod commit;
mod conclude;
mod delete;
mod embedded;
mod ensure;
mod files;
mod glance;
mod index_file;
mod lock;
mod method;
mod nested;
mod objection;
mod occupied;
pub mod pool;
mod prepared;
mod provision;
mod recover;
mod remove;
mod renew;
mod rerere;
mod settle;
mod snapshot;
mod space;
mod stale_locks;
mod stand;
mod submodule_fill;
mod submodule_work;
mod suspects;
mod test_report;
mod trash;
mod whole_file;
mod working_tree;

pub use carry::{
    Arrival, Carry, CarryError, KeptTimes, Origin, Selection, TooLarge, select as select_carried,
};
pub use checkout::{Broken, Checkout, CheckoutState};
pub use collision::{SideNames, StagedResolution};
pub use commit::{CommitOutcome, CommitRequest, Committed};
pub use delete::remove_empty_above;
pub use ensure::{EnsureOutcome, Saved};
pub use lock::RepoLock;
pub use objection::KeptReason;
pub use occupied::{Occupant, Occupied};
pub use prepared::Prepared;
pub use provision::{
    Detached, FileTimes, ProvisionError, Provisioned, WorktreeOptions, WorktreeSpec, detached,
    provision, provision_all,
};
pub use remove::{
    Removal, RemoveMode, RemoveOutcome, is_our_lock, objections, plan_removal, plan_removals,
    remove, remove_all,
};
pub use space::tree_bytes;
pub use test_report::{
    TakenReport, drop_report, read_report, report_is, report_place, take_report,
};
pub use trash::{Emptied, Trash, leftovers};
pub use working_tree::{WorkingTree, snapshot_of_working_tree};

#[cfg(test)]
mod conversion_tests;
#[cfg(test)]
mod equivalence_tests;
#[cfg(test)]
mod provision_tests;
#[cfg(test)]
mod tests;
