//! What a command used, from what the system told at its end and what was seen before.

use std::time::Duration;

use super::group::Load;
use super::wait::Reaped;

/// This program may be a little larger when the command begins than it was when it was measured.
const MARGIN: u64 = 1 << 20;

/// Resources of a command with all its processes. What was left running and never waited for is in
/// it as far as it was seen, by looks at most four times a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// User and system time.
    pub cpu: Duration,
    /// Most bytes resident at once: in all processes together as far as that was seen, else in the
    /// largest one. `None` for a command that ended before it was seen and was smaller than this
    /// program: Linux then tells the size of this program, whose memory it had before its own.
    pub peak_rss: Option<u64>,
    /// Bytes read from devices; `None` where the system does not count them.
    pub read_bytes: Option<u64>,
    /// Bytes written to devices, or still to be; `None` as for `read_bytes`.
    pub written_bytes: Option<u64>,
    /// Most processes at once, as far as was seen: at least 1.
    pub processes: u32,
}

impl Used {
    /// `own_memory` is what [`load_own_memory`] told when the command was started.
    pub(super) fn of(reaped: &Reaped, most: &Load, own_memory: u64) -> Self {
        let is_its_own = reaped.peak_rss > own_memory.saturating_add(MARGIN);
        let largest = if is_its_own || own_memory == 0 { reaped.peak_rss } else { 0 };
        let at_least = |bytes: Option<u64>, seen: u64| bytes.map(|bytes| bytes.max(seen));
        Self {
            cpu: reaped.cpu.max(most.cpu),
            peak_rss: Some(largest.max(most.memory)).filter(|bytes| *bytes > 0),
            read_bytes: at_least(reaped.read_bytes, most.read_bytes),
            written_bytes: at_least(reaped.written_bytes, most.written_bytes),
            processes: most.processes.max(1),
        }
    }
}

/// Most bytes that were ever resident in this program; 0 where a child does not inherit them in its own
/// count.
#[cfg(target_os = "linux")]
pub(super) fn load_own_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = most.and_then(|most| most.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.map_or(0, |kibibytes| kibibytes.saturating_mul(1024))
}

/// See the other one.
#[cfg(not(target_os = "linux"))]
pub(super) fn load_own_memory() -> u64 {
    0
}

#[cfg(test)]
mod tests;
