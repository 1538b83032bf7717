//! Systems without `/proc`: the process group is all that can be asked for, as one member.

use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::{Family, Load, Member};
use crate::adapters::process::adoption::Enrolled;

pub(super) fn load_members(family: &Family) -> Vec<Member> {
    let leader = family.leader.as_ref().filter(|_| family.is_number_ours);
    let group = leader.and_then(|leader| number(leader.pid).map(|pid| (leader.pid, pid)));
    match group {
        // A group of zombies alone is reported as absent, or as one that may not be signalled.
        Some((pid, number)) if test_kill_process_group(number) == Ok(()) => {
            vec![Member { pid, parent: 0, start_time: 0, group: pid }]
        }
        Some(_) | None => Vec::new(),
    }
}

/// Nobody tells without `/proc`.
pub(super) fn load_usage(_family: &mut Family) -> Load {
    Load::default()
}

/// The same.
pub(super) fn load_names(_pid: u32) -> Vec<String> {
    Vec::new()
}

/// The same.
pub(super) fn load_words(_pid: u32) -> Vec<String> {
    Vec::new()
}

/// The same.
pub(super) fn is_held_harmlessly(_pid: u32) -> bool {
    true
}

/// Orphans fall to the system.
pub(super) fn reap_orphans(_enrolled: &Enrolled) {}

pub(super) fn signal(member: &Member, signal: Signal) -> io::Result<()> {
    let group = number(member.group).ok_or(Errno::SRCH)?;
    Ok(kill_process_group(group, signal)?)
}

fn number(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}
