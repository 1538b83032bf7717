//! Everything that a command started: finding it, and ending it.

#[cfg_attr(target_os = "linux", path = "group/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "group/portable.rs")]
mod system;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::{MARKERS, ProcessIdentity, Request, is_alive};

/// How long a process may take to die of SIGKILL before it counts as a survivor.
const PATIENCE: Duration = Duration::from_secs(2);
/// A process that ends by itself this soon after the command is not a leak.
const SECOND_LOOK: Duration = Duration::from_millis(20);
/// Waits between two looks at the process table grow from this to [`LONGEST_WAIT`].
const SHORTEST_WAIT: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// What clearing found and left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleared {
    /// Processes ended that were in the command's process group.
    pub inside: u32,
    /// Processes ended that had left it.
    pub outside: u32,
    /// Processes that even SIGKILL did not end.
    pub survivors: u32,
}

/// Ends what is left of a process that an earlier run of this program started: its group, its
/// session and its descendants. Never touches a later process that was given the same number, and
/// nothing at all where the start time is unknown.
pub async fn stop_stray(process: &ProcessIdentity, grace: Duration) -> Cleared {
    if process.start_time == 0 || process.boot_id != ProcessIdentity::own().boot_id {
        return Cleared::default();
    }
    let leader_lives = is_alive(process);
    let family = Family::new(Some(process.clone()), Vec::new(), leader_lives);
    family.clear(&mut Requests::none(), Urgency::polite(grace)).await
}

/// Ends every process whose environment holds the [`MARKERS`] that `env` has; none when `env` lacks
/// one of the first three, or where environments cannot be read.
pub async fn stop_marked(env: &[(OsString, OsString)], grace: Duration) -> Cleared {
    let family = Family::new(None, marks(env), false);
    family.clear(&mut Requests::none(), Urgency::polite(grace)).await
}

/// Requests that reach an attempt; once their sender is gone there are no more.
#[derive(Debug)]
pub(super) struct Requests(Option<mpsc::Receiver<Request>>);

impl Requests {
    pub(super) fn new(receiver: mpsc::Receiver<Request>) -> Self {
        Self(Some(receiver))
    }

    fn none() -> Self {
        Self(None)
    }

    /// The next one. May be dropped and called again without losing any.
    pub(super) async fn next(&mut self) -> Request {
        if let Some(receiver) = &mut self.0
            && let Some(request) = receiver.recv().await
        {
            return request;
        }
        self.0 = None;
        std::future::pending().await
    }
}

/// How clearing begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Urgency {
    /// SIGKILL is sent from here on.
    pub(super) kill_at: Instant,
    /// Leave a moment to end without any signal.
    pub(super) look_twice: bool,
}

impl Urgency {
    pub(super) fn polite(grace: Duration) -> Self {
        Self { kill_at: later(grace), look_twice: false }
    }
}

/// The point `duration` from here; far away where that cannot be told.
pub(super) fn later(duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(3600 * 24 * 365);
    Instant::now() + duration.min(FAR)
}

/// What belongs to one command.
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// Leads the process group and the session.
    leader: Option<ProcessIdentity>,
    /// `NAME=value` of each marker.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "environments can't be read"))]
    marks: Vec<Vec<u8>>,
    /// The number of the leader still means the leader, because it lives or is not reaped.
    is_number_ours: bool,
    /// Members seen before (pid and start time), wherever they moved since.
    known: HashSet<(u32, u64)>,
}

impl Family {
    /// The family of a child that is not reaped before it is cleared.
    pub(super) fn of_child(leader: ProcessIdentity, env: &[(OsString, OsString)]) -> Self {
        Self::new(Some(leader), marks(env), true)
    }

    fn new(leader: Option<ProcessIdentity>, marks: Vec<Vec<u8>>, is_number_ours: bool) -> Self {
        Self { leader, marks, is_number_ours, known: HashSet::new() }
    }

    /// Asks the group to end; one that is stopped is woken up for it.
    pub(super) fn terminate(&self) {
        self.signal_group(Signal::TERM);
        self.signal_group(Signal::CONT);
    }

    /// Ends the group and all descendants by force.
    pub(super) fn kill(&mut self) {
        // Children are found through their parents, so they must be known before these die.
        let members = self.load_members();
        self.signal_group(Signal::KILL);
        members.iter().for_each(|member| member.signal(Signal::KILL));
    }

    /// Ends what is left, and looks until nothing is.
    pub(super) async fn clear(mut self, requests: &mut Requests, urgency: Urgency) -> Cleared {
        let mut members = self.load_members();
        if urgency.look_twice && !members.is_empty() {
            sleep(SECOND_LOOK).await;
            members = self.load_members();
        }
        let mut cleared = Cleared::default();
        let mut signalled = HashSet::new();
        let mut kill_at = urgency.kill_at;
        let mut give_up_at = kill_at + PATIENCE;
        let mut wait = SHORTEST_WAIT;
        while !members.is_empty() {
            let is_forced = Instant::now() >= kill_at;
            for member in &members {
                let is_first = signalled.insert(member.key());
                if is_first && self.leads(member) {
                    cleared.inside += 1;
                } else if is_first {
                    cleared.outside += 1;
                }
                if is_forced {
                    member.signal(Signal::KILL);
                } else if is_first {
                    member.signal(Signal::TERM);
                    member.signal(Signal::CONT);
                }
            }
            if is_forced {
                self.signal_group(Signal::KILL);
            }
            if Instant::now() >= give_up_at {
                cleared.survivors = u32::try_from(members.len()).unwrap_or(u32::MAX);
                break;
            }
            let next_look = Instant::now() + wait;
            let next_look = if is_forced { next_look } else { next_look.min(kill_at) };
            tokio::select! {
                () = sleep_until(next_look) => {}
                request = requests.next() => if request == Request::Kill && !is_forced {
                    kill_at = Instant::now();
                    give_up_at = kill_at + PATIENCE;
                }
            }
            wait = (wait * 2).min(LONGEST_WAIT);
            members = self.load_members();
        }
        // For the member that was started while the table was read, or when there is no table.
        self.signal_group(Signal::KILL);
        cleared
    }

    /// Members that are alive.
    fn load_members(&mut self) -> Vec<Member> {
        let members = system::load_members(self);
        self.known.extend(members.iter().map(Member::key));
        members
    }

    fn leads(&self, member: &Member) -> bool {
        self.leader.as_ref().is_some_and(|leader| leader.pid == member.group)
    }

    fn signal_group(&self, signal: Signal) {
        let leader = self.leader.as_ref().filter(|_| self.is_number_ours);
        let pid = leader.and_then(|leader| i32::try_from(leader.pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // A group whose last member has just ended needs no signal.
            kill_process_group(pid, signal).ok();
        }
    }
}

/// One process of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Member {
    pid: u32,
    start_time: u64,
    group: u32,
}

impl Member {
    fn key(&self) -> (u32, u64) {
        (self.pid, self.start_time)
    }

    fn signal(&self, signal: Signal) {
        // One that has just ended needs no signal.
        system::signal(self, signal).ok();
    }
}

fn marks(env: &[(OsString, OsString)]) -> Vec<Vec<u8>> {
    let value = |marker: &str| {
        let found = env.iter().rfind(|(name, _)| name == OsStr::new(marker));
        found.map(|(_, value)| [marker.as_bytes(), b"=", value.as_bytes()].concat())
    };
    let found: Vec<_> = MARKERS.into_iter().map(value).collect();
    if found[..3].iter().all(Option::is_some) {
        found.into_iter().flatten().collect()
    } else {
        Vec::new()
    }
}
