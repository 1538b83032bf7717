//! Which process a number means: a pid alone is given to another process sooner or later.

use serde::{Deserialize, Serialize};

use super::machine;

/// One process, never mistaken for a later one of the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The number.
    pub pid: u32,
    /// When it started: clock ticks since boot on Linux (`/proc/<pid>/stat` field 22), microseconds
    /// since the epoch on macOS, 0 where unknown.
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

#[cfg(target_os = "macos")]
fn load_start_time(pid: u32) -> u64 {
    let mut info = std::mem::MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    let size = size_of::<libc::proc_bsdinfo>();
    let (Ok(pid), Ok(len)) = (i32::try_from(pid), i32::try_from(size)) else { return 0 };
    // SAFETY: `info` is valid for writing `len` bytes.
    let written = unsafe {
        libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, info.as_mut_ptr().cast(), len)
    };
    if written != len {
        return 0;
    }
    // SAFETY: every field is an integer or an array of them, and the call filled in all of it.
    let info = unsafe { info.assume_init() };
    info.pbi_start_tvsec.saturating_mul(1_000_000).saturating_add(info.pbi_start_tvusec)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn load_start_time(_pid: u32) -> u64 {
    0
}

#[cfg(target_os = "linux")]
fn has_started_as(process: &ProcessIdentity) -> bool {
    super::process_table::load_entry(process.pid)
        .is_some_and(|entry| entry.alive && entry.start_time == process.start_time)
}

#[cfg(target_os = "macos")]
fn has_started_as(process: &ProcessIdentity) -> bool {
    process.start_time != 0 && load_start_time(process.pid) == process.start_time
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
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
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        assert!(!is_alive(&ProcessIdentity { start_time: own.start_time + 1, ..own.clone() }));
        assert!(!is_alive(&ProcessIdentity { pid: 0, ..own.clone() }));
        assert!(!is_alive(&ProcessIdentity { pid: u32::MAX, ..own }));
    }
}
