//! What an earlier process of this program left behind, ended.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{Bonds, Cleared, Family, Requests, Urgency, marks};
use crate::adapters::process::cgroup::{Leaf, load_leftover_pids, load_leftovers};
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
        all.add(clear_group(leaf, &containment.keep, grace).await);
    }
    all
}

/// A command whose supervisor was killed, and how to find what belongs to it.
#[derive(Debug, Clone)]
pub struct LostCommand {
    /// Led its process group, where it was seen to run.
    pub leader: Option<ProcessIdentity>,
    /// Holds its [`MARKERS`](super::MARKERS).
    pub env: Vec<(OsString, OsString)>,
}

/// The processes that [`stop_stray`], [`stop_marked`] and [`stop_leftovers`] would end for these
/// commands and this owner, by number. Ends nothing.
pub fn load_strays(commands: &[LostCommand], containment: &Containment) -> Vec<u32> {
    let boot = ProcessIdentity::own().boot_id;
    let known = load_leftover_pids(&containment.owner).into_iter().map(ProcessIdentity::load);
    let known = known.map(|process| (process.pid, process.start_time)).collect();
    let held = Family { known, ..Family::new(None, Vec::new(), false) };
    let families = commands.iter().flat_map(|LostCommand { leader, env }| {
        let leader = leader.clone().filter(|it| it.start_time > 0 && it.boot_id == boot);
        let leader_lives = leader.as_ref().is_some_and(is_alive);
        [Family::new(leader, Vec::new(), leader_lives), Family::new(None, marks(env), false)]
    });
    let mut pids = BTreeSet::new();
    for mut family in families.chain([held]) {
        containment.keep.clone_into(&mut family.bonds.keep);
        pids.extend(family.load_members().iter().map(|member| member.pid));
    }
    pids.into_iter().collect()
}

/// A command without a supervisor, and how to find what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::adapters::process) struct Orphan {
    /// `NAME=value` of each marker.
    pub(in crate::adapters::process) marks: Vec<Vec<u8>>,
    pub(in crate::adapters::process) leader: Option<ProcessIdentity>,
    /// Folder of its control group.
    pub(in crate::adapters::process) group: Option<PathBuf>,
    /// Names of programs that may outlive it.
    pub(in crate::adapters::process) keep: Vec<String>,
}

/// Ends what is left of a command whose supervisor was killed: what is in its control group, all
/// processes that hold every marker, and what its leader led.
pub(in crate::adapters::process) async fn stop_orphan(orphan: Orphan, grace: Duration) -> Cleared {
    let Orphan { marks, leader, group, keep } = orphan;
    let mut all = Cleared::default();
    if let Some(leaf) = group.and_then(Leaf::reopen) {
        all.add(clear_group(leaf, &keep, grace).await);
    }
    let leader_lives = leader.as_ref().is_some_and(is_alive);
    all.add(clear(Family::new(leader, marks, leader_lives), &keep, grace).await);
    all
}

async fn clear_group(leaf: Leaf, keep: &[String], grace: Duration) -> Cleared {
    let bonds = Bonds { leaf: Some(leaf), ..Bonds::default() };
    // It may have been held when its wt-orch was killed.
    let family = Family { bonds, is_held: true, ..Family::new(None, Vec::new(), false) };
    clear(family, keep, grace).await
}

impl Cleared {
    fn add(&mut self, other: Self) {
        self.inside += other.inside;
        self.outside += other.outside;
        self.survivors += other.survivors;
        self.kept += other.kept;
        self.ran_out_of_memory |= other.ran_out_of_memory;
    }
}

async fn clear(mut family: Family, keep: &[String], grace: Duration) -> Cleared {
    keep.clone_into(&mut family.bonds.keep);
    family.clear(&mut Requests::none(), Urgency::polite(grace)).await
}
