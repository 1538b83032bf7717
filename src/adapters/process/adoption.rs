//! Processes that lost their parent: where there are no control groups, this program takes them in,
//! ends those of its commands, and reaps them.
//!
//! Such a process may have shed everything that told whose it is. Then it is of one of the commands
//! that ran when it was born, and the last of these to end takes it along.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Commands that this process runs. There is one table of processes and one parent for orphans, so
/// there is one of these.
static RUNNING: Mutex<Running> =
    Mutex::new(Running { is_adopting: false, commands: Vec::new(), exempt: Vec::new() });

#[derive(Debug)]
struct Running {
    is_adopting: bool,
    commands: Vec<Command>,
    /// Children in sessions of their own that are no commands.
    exempt: Vec<u32>,
}

#[derive(Debug)]
struct Command {
    leader: u32,
    /// As in the table of processes.
    began: u64,
    /// It has ended, and what is left of it is being looked for.
    is_over: bool,
}

/// Has processes below this one fall to it when they lose their parent, unless control groups hold
/// them. For a process that does nothing but run commands, before the first one.
pub fn adopt_orphans() {
    if super::cgroup::home().is_err() {
        lock().is_adopting = is_foster_parent();
    }
}

/// Asks the system for it; not every system has it.
fn is_foster_parent() -> bool {
    #[cfg(target_os = "linux")]
    return rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok();
    #[cfg(not(target_os = "linux"))]
    return false;
}

#[cfg(all(test, target_os = "linux"))]
pub(super) fn adopt_orphans_in_any_case() {
    lock().is_adopting = is_foster_parent();
}

/// A command among those that run, until it is dropped.
#[derive(Debug)]
pub(super) struct Enrolled {
    leader: u32,
}

/// Starts a command and enrols it. Where orphans are taken in, nobody meets it as a child that is not
/// known; elsewhere several may be started at once.
pub(super) fn enrolled<T, E>(
    start: impl FnOnce() -> Result<T, E>,
    leader: impl FnOnce(&T) -> (u32, u64),
) -> Result<(T, Enrolled), E> {
    let mut running = lock();
    let started = if running.is_adopting {
        start()?
    } else {
        drop(running);
        let started = start()?;
        running = lock();
        started
    };
    let (leader, began) = leader(&started);
    running.commands.push(Command { leader, began, is_over: false });
    Ok((started, Enrolled { leader }))
}

impl Enrolled {
    /// The command has ended; from here on orphans that may be its own are.
    pub(super) fn end(&self) {
        let mut running = lock();
        let own = running.commands.iter_mut().filter(|command| command.leader == self.leader);
        own.for_each(|command| command.is_over = true);
    }

    /// Which orphans are the command's; `None` where none are taken in.
    pub(super) fn orphanage(&self) -> Option<Orphanage> {
        let running = lock();
        let own = running.commands.iter().find(|command| command.leader == self.leader)?;
        let others = |command: &&Command| command.leader != self.leader && !command.is_over;
        running.is_adopting.then(|| Orphanage {
            children: running
                .commands
                .iter()
                .map(|command| command.leader)
                .chain(running.exempt.iter().copied())
                .collect(),
            since: own.began,
            others: running.commands.iter().filter(others).map(|other| other.began).collect(),
        })
    }
}

impl Drop for Enrolled {
    fn drop(&mut self) {
        lock().commands.retain(|command| command.leader != self.leader);
    }
}

/// A child that is no command and must not be taken for an orphan, until this is dropped.
#[derive(Debug)]
pub(super) struct Exempt(u32);

impl Exempt {
    /// To be called before any command ends that began after the child.
    pub(super) fn child(pid: u32) -> Self {
        lock().exempt.push(pid);
        Self(pid)
    }
}

impl Drop for Exempt {
    fn drop(&mut self) {
        lock().exempt.retain(|pid| *pid != self.0);
    }
}

/// Tells for one command which adopted processes are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orphanage {
    /// Leaders of commands, running or not yet reaped, and those that are exempt.
    children: HashSet<u32>,
    /// When the command began.
    since: u64,
    /// When the others began that have not ended.
    others: Vec<u64>,
}

impl Orphanage {
    /// Whether this process started it as its child.
    pub(super) fn started(&self, pid: u32) -> bool {
        self.children.contains(&pid)
    }

    /// Whether an adopted process is the command's, or of no other that still runs. One that was born
    /// while others ran is left to the last of them.
    pub(super) fn allots(&self, pid: u32, born: u64) -> bool {
        !self.started(pid) && born >= self.since && self.others.iter().all(|began| *began > born)
    }
}

fn lock() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
