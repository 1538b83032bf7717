//! Which process a number means: a pid alone is given to another process sooner or later.

use serde::{Deserialize, Serialize};

use super::machine;

/// One process, never mistaken for a later one of the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The number.
    pub pid: u32,
    /// When it started, in clock ticks since boot (`/proc/<pid>/stat` field 22); 0 where unknown.
    pub start_time: u64,
    /// The boot it ran under; empty where unknown.
    pub boot_id: String,
}

impl ProcessIdentity {
    /// The process that has this number at the moment.
    pub fn load(pid: u32) -> Self {
        Self { pid, start_time: load_start_time(pid), boot_id: machine::load_boot_id() }
    }

    /// This process.
    pub fn own() -> Self {
        Self::load(std::process::id())
    }
}

/// Whether exactly this process runs. One that only waits to be reaped does not. Where start times
/// are unknown, any process of that number counts.
pub fn is_alive(process: &ProcessIdentity) -> bool {
    process.boot_id == machine::load_boot_id() && has_started_as(process)
}

#[cfg(target_os = "linux")]
fn load_start_time(pid: u32) -> u64 {
    super::process_table::load_entry(pid).map_or(0, |entry| entry.start_time)
}

#[cfg(not(target_os = "linux"))]
fn load_start_time(_pid: u32) -> u64 {
    0
}

#[cfg(target_os = "linux")]
fn has_started_as(process: &ProcessIdentity) -> bool {
    super::process_table::load_entry(process.pid)
        .is_some_and(|entry| entry.alive && entry.start_time == process.start_time)
}

#[cfg(not(target_os = "linux"))]
fn has_started_as(process: &ProcessIdentity) -> bool {
    use rustix::io::Errno;
    let pid = i32::try_from(process.pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| {
        matches!(rustix::process::test_kill_process(pid), Ok(()) | Err(Errno::PERM))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_given_to_another_process_is_not_the_same_process() {
        let own = ProcessIdentity::own();
        assert!(is_alive(&own));
        assert!(!is_alive(&ProcessIdentity { boot_id: "another boot".into(), ..own.clone() }));
        #[cfg(target_os = "linux")]
        assert!(!is_alive(&ProcessIdentity { start_time: own.start_time + 1, ..own.clone() }));
        assert!(!is_alive(&ProcessIdentity { pid: 0, ..own.clone() }));
        assert!(!is_alive(&ProcessIdentity { pid: u32::MAX, ..own }));
    }
}
