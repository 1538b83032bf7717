//! Linux's process table, as `/proc` tells it.

use std::fs;
use std::io;

/// What `/proc/<pid>/stat` says of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) struct ProcessEntry {
    pub(in crate::adapters) pid: u32,
    pub(in crate::adapters) parent: u32,
    pub(in crate::adapters) group: u32,
    pub(in crate::adapters) session: u32,
    /// Clock ticks since boot.
    pub(in crate::adapters) start_time: u64,
    /// Runs, sleeps or is stopped; a process that only waits to be reaped is not alive.
    pub(in crate::adapters) alive: bool,
    /// Clock ticks of processor time, of itself and of the children that it waited for.
    pub(in crate::adapters) cpu: u64,
    /// Pages of memory that it holds.
    pub(in crate::adapters) resident: u64,
}

/// One process, `None` when there is none of that id.
pub(in crate::adapters) fn load_entry(pid: u32) -> Option<ProcessEntry> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&String::from_utf8_lossy(&stat))
}

/// Every process that can be seen; an error only when there is no `/proc`.
pub(in crate::adapters) fn load_entries() -> io::Result<Vec<ProcessEntry>> {
    let mut entries = Vec::new();
    for dir in fs::read_dir("/proc")? {
        let name = dir?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        entries.extend(pid.and_then(load_entry));
    }
    Ok(entries)
}

/// The name of the program may hold spaces and parentheses, so fields are counted from its last
/// closing one.
fn parse_stat(stat: &str) -> Option<ProcessEntry> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    let mut cpu: u64 = fields.nth(7)?.parse().ok()?;
    for _ in 0..3 {
        // A count of children may be negative where the kernel has lost it.
        cpu += fields.next()?.parse().unwrap_or(0);
    }
    let threads: u32 = fields.nth(2)?.parse().ok()?;
    let start_time = fields.nth(1)?.parse().ok()?;
    let resident = fields.nth(1)?.parse().unwrap_or(0);
    // A process whose first thread has ended shows as a zombie while its other threads run.
    let alive = !matches!(state, "Z" | "X" | "x") || threads > 1;
    Some(ProcessEntry { pid, parent, group, session, start_time, alive, cpu, resident })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (a (b) c) Z 7 40 39 0 -1 4228364 0 0 0 0 1 2 3 4 20 0 1 0 98765 0 17";

    #[test]
    fn a_program_name_with_parentheses_does_not_shift_the_fields() {
        let expected = ProcessEntry {
            pid: 42,
            parent: 7,
            group: 40,
            session: 39,
            start_time: 98765,
            alive: false,
            cpu: 1 + 2 + 3 + 4,
            resident: 17,
        };
        assert_eq!(parse_stat(STAT), Some(expected));
        assert!(parse_stat(&STAT.replace(" 1 0 98765", " 3 0 98765")).unwrap().alive);
        assert_eq!(parse_stat("42 (a"), None);
    }

    #[test]
    fn the_table_holds_this_process() {
        let own = std::process::id();
        let entry = load_entries().unwrap().into_iter().find(|entry| entry.pid == own).unwrap();
        assert!(entry.alive && entry.resident > 0);
        assert_eq!(entry.parent, std::os::unix::process::parent_id());
        assert_eq!(load_entry(own).map(|entry| entry.start_time), Some(entry.start_time));
    }
}
