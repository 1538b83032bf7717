//! The processes of a family, one by one.

use std::collections::HashSet;

use rustix::process::Signal;

use super::system;

/// One process of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) start_time: u64,
    pub(super) group: u32,
}

impl Member {
    pub(super) fn key(&self) -> (u32, u64) {
        (self.pid, self.start_time)
    }

    pub(super) fn signal(&self, signal: Signal) {
        // One that has just ended needs no signal.
        system::signal(self, signal).ok();
    }
}

/// Those of which this is true with all that these started, and the others.
pub(super) fn with_descendants(
    members: Vec<Member>,
    is_one: impl Fn(&Member) -> bool,
) -> (Vec<Member>, Vec<Member>) {
    let mut all = Vec::new();
    let (mut fresh, mut others) = members.into_iter().partition::<Vec<_>, _>(is_one);
    while !fresh.is_empty() {
        let parents: HashSet<u32> = fresh.iter().map(|member| member.pid).collect();
        all.append(&mut fresh);
        (fresh, others) =
            others.into_iter().partition(|member: &Member| parents.contains(&member.parent));
    }
    (all, others)
}
