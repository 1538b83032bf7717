//! What a process does between its birth and the command: what it leaves, and what it may take.

use std::fs;
use std::io;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::cgroup::Leaf;

/// Added to how ready the system is to end the process when memory runs out, of 1000: a command goes
/// before this program.
const SACRIFICE: i32 = 500;

/// Prepared before the fork, so that nothing is allocated after it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Bytes of memory of each process.
    limit: Option<Rlimit>,
    /// Text for `/proc/self/oom_score_adj`.
    sacrifice: Vec<u8>,
}

impl Entry {
    /// For a command in this control group, which bounds the memory where it can.
    pub(super) fn prepare(leaf: Option<&Leaf>, memory_limit: Option<u64>) -> Self {
        let uncounted =
            memory_limit.filter(|&bytes| !leaf.is_some_and(|leaf| leaf.limit_memory(bytes)));
        let limit = uncounted.map(tightened);
        let own = fs::read_to_string("/proc/self/oom_score_adj").unwrap_or_default();
        let own: i32 = own.trim().parse().unwrap_or(0);
        let sacrifice = (own + SACRIFICE).min(1000).to_string().into_bytes();
        Self { limit, sacrifice }
    }

    /// Only system calls, no allocation, no lock.
    pub(super) fn carry_out(&self) -> io::Result<()> {
        // Without a session of its own a task could ask its questions on the user's terminal.
        rustix::process::setsid()?;
        if let Some(limit) = self.limit {
            setrlimit(LIMITED, limit)?;
        }
        self.sacrifice();
        Ok(())
    }

    /// Not every system has it, and none needs it.
    fn sacrifice(&self) {
        let path = c"/proc/self/oom_score_adj";
        if let Ok(file) = rustix::fs::open(path, OFlags::WRONLY, Mode::empty()) {
            rustix::io::write(file, &self.sacrifice).ok();
        }
    }
}

/// What is counted of a process: memory that it may write and shares with nobody. Where that cannot be
/// bounded, all that it has mapped is.
#[cfg(target_os = "linux")]
const LIMITED: Resource = Resource::Data;
#[cfg(not(target_os = "linux"))]
const LIMITED: Resource = Resource::As;

/// The limit, or the one in force where that is tighter.
fn tightened(bytes: u64) -> Rlimit {
    let least = |in_force: Option<u64>| Some(in_force.map_or(bytes, |limit| limit.min(bytes)));
    let Rlimit { current, maximum } = getrlimit(LIMITED);
    Rlimit { current: least(current), maximum: least(maximum) }
}
