//! What an earlier process of this program left behind, ended.

use std::ffi::OsString;
use std::time::Duration;

use super::{Bonds, Cleared, Family, Requests, Urgency, marks};
use crate::adapters::process::cgroup::load_leftovers;
use crate::adapters::process::{Containment, ProcessIdentity, is_alive};

/// Ends what is left of a process that an earlier run of this program started: its group, its
/// session and its descendants, except for the programs of these names. Never touches a later process
/// that was given the same number, and nothing at all where the start time is unknown.
pub async fn stop_stray(process: &ProcessIdentity, keep: &[String], grace: Duration) -> Cleared {
    if process.start_time == 0 || process.boot_id != ProcessIdentity::own().boot_id {
        return Cleared::default();
    }
    let leader_lives = is_alive(process);
    clear(Family::new(Some(process.clone()), Vec::new(), leader_lives), keep, grace).await
}

/// Ends every process whose environment holds the [`MARKERS`](super::MARKERS) that `env` has; none
/// when `env` lacks one of the first three, or where environments cannot be read.
pub async fn stop_marked(
    env: &[(OsString, OsString)],
    keep: &[String],
    grace: Duration,
) -> Cleared {
    clear(Family::new(None, marks(env), false), keep, grace).await
}

/// Ends everything in control groups that were made for this owner, and takes these away. To be
/// called by whoever alone may run commands for the owner, while none runs.
pub async fn stop_leftovers(containment: &Containment, grace: Duration) -> Cleared {
    let mut all = Cleared::default();
    for leaf in load_leftovers(&containment.owner) {
        let bonds = Bonds { leaf: Some(leaf), ..Bonds::default() };
        let family = Family { bonds, ..Family::new(None, Vec::new(), false) };
        let cleared = clear(family, &containment.keep, grace).await;
        all.inside += cleared.inside;
        all.outside += cleared.outside;
        all.survivors += cleared.survivors;
        all.kept += cleared.kept;
    }
    all
}

/// Ends what is left of a command whose supervisor was killed: all processes that hold every one of
/// `marks` (`NAME=value`), and what its leader led.
pub(in crate::adapters::process) async fn stop_orphans(
    leader: Option<ProcessIdentity>,
    marks: Vec<Vec<u8>>,
    grace: Duration,
) -> Cleared {
    let leader_lives = leader.as_ref().is_some_and(is_alive);
    clear(Family::new(leader, marks, leader_lives), &[], grace).await
}

async fn clear(mut family: Family, keep: &[String], grace: Duration) -> Cleared {
    keep.clone_into(&mut family.bonds.keep);
    family.clear(&mut Requests::none(), Urgency::polite(grace)).await
}
