//! What a process does between its birth and the command: what it leaves, and what it may take.

use std::fs;
use std::io;

use super::cgroup::Leaf;

/// Added to how ready the system is to end the process when memory runs out, of 1000: a command goes
/// before this program.
const SACRIFICE: i32 = 500;

/// Prepared before the fork, so that nothing is allocated after it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Bytes of memory of each process.
    limit: Option<libc::rlimit>,
    /// Text for `/proc/self/oom_score_adj`.
    sacrifice: Vec<u8>,
}

impl Entry {
    /// For a command in this control group, which bounds the memory where it can.
    pub(super) fn prepare(leaf: Option<&Leaf>, memory_limit: Option<u64>) -> io::Result<Self> {
        let uncounted =
            memory_limit.filter(|&bytes| !leaf.is_some_and(|leaf| leaf.limit_memory(bytes)));
        let limit = uncounted.map(tightened).transpose()?;
        let own = fs::read_to_string("/proc/self/oom_score_adj").unwrap_or_default();
        let own: i32 = own.trim().parse().unwrap_or(0);
        let sacrifice = (own + SACRIFICE).min(1000).to_string().into_bytes();
        Ok(Self { limit, sacrifice })
    }

    /// Only system calls, no allocation, no lock.
    pub(super) fn carry_out(&self) -> io::Result<()> {
        // Without a session of its own a task could ask its questions on the user's terminal.
        rustix::process::setsid()?;
        if let Some(limit) = &self.limit {
            // SAFETY: the call reads `limit`, which lives.
            if unsafe { libc::setrlimit(LIMITED, limit) } != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        self.sacrifice();
        Ok(())
    }

    /// Not every system has it, and none needs it.
    fn sacrifice(&self) {
        // SAFETY: the path ends in NUL.
        let file = unsafe { libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY) };
        if file >= 0 {
            write(file, &self.sacrifice).ok();
            // SAFETY: opened above and used by nobody else.
            unsafe { libc::close(file) };
        }
    }
}

/// What is counted of a process: memory that it may write and shares with nobody. Where that cannot be
/// bounded, all that it has mapped is.
#[cfg(target_os = "linux")]
const LIMITED: libc::__rlimit_resource_t = libc::RLIMIT_DATA;
#[cfg(not(target_os = "linux"))]
const LIMITED: libc::c_int = libc::RLIMIT_AS;

/// The limit, or the one in force where that is tighter.
fn tightened(bytes: u64) -> io::Result<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call fills in `limit`.
    if unsafe { libc::getrlimit(LIMITED, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let rlim_max = limit.rlim_max.min(bytes);
    Ok(libc::rlimit { rlim_cur: limit.rlim_cur.min(bytes), rlim_max })
}

fn write(file: i32, text: &[u8]) -> io::Result<()> {
    // SAFETY: `text` is valid for reading all its bytes.
    if unsafe { libc::write(file, text.as_ptr().cast(), text.len()) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
