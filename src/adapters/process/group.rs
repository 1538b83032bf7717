//! Everything that a command started: finding it, holding it, and ending it.

#[cfg_attr(target_os = "linux", path = "group/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "group/portable.rs")]
mod system;

mod housekeeping;
mod member;
mod strays;
mod urgency;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::time::{Instant, sleep, sleep_until};

use self::housekeeping::{Housekeeping, is_git};
use self::member::{Member, with_descendants};
use super::adoption::Enrolled;
use super::cgroup::Leaf;
use super::{MARKERS, ProcessIdentity, Request};

pub(super) use housekeeping::git_patience;
pub use strays::{LostCommand, load_strays, stop_leftovers, stop_marked, stop_stray};
pub(super) use strays::{Orphan, stop_orphan};
pub(super) use urgency::{Requests, Urgency, later};

/// How long a process may take to die of SIGKILL before it counts as a survivor.
const PATIENCE: Duration = Duration::from_secs(2);
/// A process that ends by itself this soon after the command is not a leak.
const SECOND_LOOK: Duration = Duration::from_millis(20);
/// Waits between two looks at the process table grow from this to [`LONGEST_WAIT`].
const SHORTEST_WAIT: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_millis(50);
/// How often is looked for processes that are started while others are being held.
const LOOKS: usize = 5;

/// What all processes of a command use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Load {
    /// Processor time, of those too that ended and were waited for. It may fall where somebody ended
    /// without that and no control group counts.
    pub(super) cpu: Duration,
    /// Bytes of memory that they hold, shared ones once for each.
    pub(super) memory: u64,
    /// Bytes read from devices and written to them.
    pub(super) read_bytes: u64,
    /// See `read_bytes`.
    pub(super) written_bytes: u64,
    /// How many there are.
    pub(super) processes: u32,
}

/// What clearing found and left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleared {
    /// Processes ended that were in the command's process group.
    pub inside: u32,
    /// Processes ended that had left it.
    pub outside: u32,
    /// Processes that even SIGKILL did not end.
    pub survivors: u32,
    /// Processes that may outlive the command, and do.
    pub kept: u32,
    /// Its control group was ended because it held more memory than it may.
    pub ran_out_of_memory: bool,
}

/// What holds a family together beside its process group.
#[derive(Debug, Default)]
pub(super) struct Bonds {
    /// Its control group, which then is all that counts.
    pub(super) leaf: Option<Leaf>,
    /// Names of programs that may outlive the command.
    pub(super) keep: Vec<String>,
    /// Tells which orphans are its own.
    pub(super) enrolled: Option<Enrolled>,
}

/// What belongs to one command.
#[derive(Debug)]
pub(super) struct Family {
    /// Leads the process group and the session.
    leader: Option<ProcessIdentity>,
    /// `NAME=value` of each marker.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "environments can't be read"))]
    marks: Vec<Vec<u8>>,
    /// The number of the leader still means the leader, because it lives or is not reaped.
    is_number_ours: bool,
    bonds: Bonds,
    /// Members seen before (pid and start time), wherever they moved since.
    known: HashSet<(u32, u64)>,
    /// Those of the last look that may outlive the command.
    kept: Vec<Member>,
    /// All such that were ever seen.
    spared: HashSet<(u32, u64)>,
    housekeeping: Housekeeping,
    /// One of them is in the process group, so that this may not be signalled as a whole.
    is_group_mixed: bool,
    is_held: bool,
}

impl Family {
    /// The family of a child that is not reaped before it is cleared.
    pub(super) fn of_child(
        leader: ProcessIdentity,
        env: &[(OsString, OsString)],
        bonds: Bonds,
    ) -> Self {
        Self { bonds, ..Self::new(Some(leader), marks(env), true) }
    }

    fn new(leader: Option<ProcessIdentity>, marks: Vec<Vec<u8>>, is_number_ours: bool) -> Self {
        Self {
            leader,
            marks,
            is_number_ours,
            bonds: Bonds::default(),
            known: HashSet::new(),
            kept: Vec::new(),
            spared: HashSet::new(),
            housekeeping: Housekeeping::default(),
            is_group_mixed: false,
            is_held: false,
        }
    }

    /// Asks all of it to end but for git at work, which may first come to its end; whoever is stopped
    /// is woken up for it. Answers whether there is such.
    pub(super) fn terminate(&mut self) -> bool {
        self.resume();
        let (git, others) = self.git_apart();
        for signal in [Signal::TERM, Signal::CONT] {
            if git.is_empty() {
                self.signal_group(signal);
            }
            let alone =
                |member: &&Member| !git.is_empty() || self.is_group_mixed || !self.leads(member);
            others.iter().filter(alone).for_each(|member| member.signal(signal));
        }
        git.iter().for_each(|member| member.signal(Signal::CONT));
        !git.is_empty()
    }

    /// Asks git, too, but for its housekeeping, which is not asked before the command has ended.
    pub(super) fn terminate_git(&mut self) {
        let (mut git, _others) = self.git_apart();
        self.note_housekeeping(&git);
        git.retain(|member| !self.housekeeping.has(member));
        for signal in [Signal::TERM, Signal::CONT] {
            git.iter().for_each(|member| member.signal(signal));
        }
    }

    /// Git that the command started with all that this started, and the others.
    fn git_apart(&mut self) -> (Vec<Member>, Vec<Member>) {
        let leader = self.leader.as_ref().map(|leader| leader.pid);
        let is_git = |member: &Member| leader != Some(member.pid) && is_git(member);
        with_descendants(self.load_members(), is_git)
    }

    /// Ends all of it by force.
    pub(super) fn kill(&mut self) {
        // Children are found through their parents, so they must be known before these die.
        let members = self.load_leaving();
        self.kill_members(&members);
    }

    /// Holds all of it, whoever is started meanwhile included.
    pub(super) fn suspend(&mut self) {
        self.is_held = true;
        if self.bonds.leaf.as_ref().is_some_and(|leaf| leaf.freeze(true).is_ok()) {
            return;
        }
        let mut held = 0;
        // Who was being started while the others were held is found by the next look.
        for _ in 0..LOOKS {
            let members = self.signal_all(Signal::STOP);
            if members == held {
                break;
            }
            held = members;
        }
    }

    /// Lets all of it go on that was held; does nothing where it was not.
    pub(super) fn resume(&mut self) {
        if !std::mem::take(&mut self.is_held) {
            return;
        }
        if self.bonds.leaf.as_ref().is_none_or(|leaf| leaf.freeze(false).is_err()) {
            self.signal_all(Signal::CONT);
        }
    }

    /// What it uses at the moment, and the processor time so far. Without a table of processes
    /// nothing is known.
    pub(super) fn load_usage(&mut self) -> Load {
        let load = system::load_usage(self);
        let counted = self.bonds.leaf.as_ref().and_then(Leaf::load_cpu);
        Load { cpu: counted.unwrap_or(load.cpu), ..load }
    }

    /// Ends what is left, and looks until nothing is.
    pub(super) async fn clear(&mut self, requests: &mut Requests, urgency: Urgency) -> Cleared {
        self.resume();
        if let Some(enrolled) = &self.bonds.enrolled {
            enrolled.end();
        }
        let mut members = self.load_leaving();
        if urgency.look_twice && !members.is_empty() {
            sleep(SECOND_LOOK).await;
            members = self.load_leaving();
        }
        let mut cleared = Cleared::default();
        let mut signalled = HashSet::new();
        let mut kill_at = urgency.kill_at;
        let mut give_up_at = kill_at + PATIENCE;
        let ask_git_at = Housekeeping::may_go_on_until(urgency);
        let left = kill_at.saturating_duration_since(Instant::now());
        let end_git_at = later(git_patience(left));
        let mut wait = SHORTEST_WAIT;
        while !members.is_empty() {
            let is_forced = Instant::now() >= kill_at;
            self.note_housekeeping(&members);
            let (git, others) = members.iter().partition::<Vec<_>, _>(|m| self.housekeeping.has(m));
            if Instant::now() >= ask_git_at && !is_forced {
                self.housekeeping.ask(&git);
            }
            let others = others.into_iter().copied().collect();
            let others = if Instant::now() < end_git_at && !is_forced {
                with_descendants(others, is_git).1
            } else {
                others
            };
            for member in &others {
                let is_first = signalled.insert(member.key());
                if is_first && self.leads(member) {
                    cleared.inside += 1;
                } else if is_first {
                    cleared.outside += 1;
                }
                if is_first && !is_forced {
                    member.signal(Signal::TERM);
                    member.signal(Signal::CONT);
                }
            }
            if is_forced {
                self.kill_members(&members);
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
            members = self.load_leaving();
        }
        // For the member that was started while the table was read, or when there is no table.
        self.signal_group(Signal::KILL);
        let leaf = self.bonds.leaf.as_ref();
        cleared.ran_out_of_memory = leaf.is_some_and(Leaf::ran_out_of_memory);
        if cleared.survivors == 0 {
            self.dissolve().await;
        }
        cleared.kept = u32::try_from(self.spared.len()).unwrap_or(u32::MAX);
        cleared
    }

    /// Gives up what held it together, now that nothing is in it.
    async fn dissolve(&mut self) {
        let give_up_at = Instant::now() + PATIENCE;
        while let Some(leaf) = &mut self.bonds.leaf
            && leaf.try_remove().is_err()
            && Instant::now() < give_up_at
        {
            // Whoever was started while the last one was looked for.
            if self.kept.is_empty() {
                leaf.kill().ok();
            }
            sleep(SHORTEST_WAIT).await;
        }
        if let Some(enrolled) = &self.bonds.enrolled {
            system::reap_orphans(enrolled);
        }
    }

    /// Answers how many it reached, and those that are asked to end in another way.
    fn signal_all(&mut self, signal: Signal) -> usize {
        let members = self.load_members();
        self.note_housekeeping(&members);
        self.signal_group(signal);
        let others = members.iter().filter(|member| self.is_group_mixed || !self.leads(member));
        let others = others.filter(|m| signal != Signal::TERM || !self.housekeeping.has(m));
        others.for_each(|member| member.signal(signal));
        members.len()
    }

    fn kill_members(&mut self, members: &[Member]) {
        self.note_housekeeping(members);
        let (spared, others) =
            members.iter().partition::<Vec<_>, _>(|member| self.housekeeping.spares(member));
        self.housekeeping.ask(&spared);
        let are_all = self.kept.is_empty() && spared.is_empty();
        if self.bonds.leaf.as_ref().is_some_and(|leaf| are_all && leaf.kill().is_ok()) {
            return;
        }
        others.iter().for_each(|member| member.signal(Signal::KILL));
        self.signal_group(Signal::KILL);
    }

    fn note_housekeeping(&mut self, members: &[Member]) {
        let command = self.leader.as_ref().map(|leader| leader.pid);
        self.housekeeping.note(members, command);
    }

    /// Members, as [`Self::load_members`] has them, when whoever may outlive the command is put out of
    /// its control group.
    fn load_leaving(&mut self) -> Vec<Member> {
        let members = self.load_members();
        if let Some(leaf) = &self.bonds.leaf {
            // One that cannot leave stays on the list.
            self.kept.retain(|kept| leaf.release(kept.pid).is_err());
        }
        members
    }

    /// Members that are alive and have to end with the command.
    fn load_members(&mut self) -> Vec<Member> {
        let members = system::load_members(self);
        self.known.extend(members.iter().map(Member::key));
        let members = self.kept_apart(members);
        self.spared.extend(self.kept.iter().map(Member::key));
        self.is_group_mixed |= self.kept.iter().any(|kept| self.leads(kept));
        members
    }

    /// Notes who may outlive the command, with all that these started; the others.
    fn kept_apart(&mut self, members: Vec<Member>) -> Vec<Member> {
        self.kept.clear();
        if self.bonds.keep.is_empty() {
            return members;
        }
        let leader = self.leader.as_ref().map(|leader| leader.pid);
        let is_named = |member: &Member| {
            leader != Some(member.pid)
                && system::load_names(member.pid).iter().any(|name| self.bonds.keep.contains(name))
        };
        let (kept, others) = with_descendants(members, is_named);
        self.kept = kept;
        others
    }

    fn leads(&self, member: &Member) -> bool {
        self.leader.as_ref().is_some_and(|leader| leader.pid == member.group)
    }

    /// Signals the process group, unless somebody in it may outlive the command.
    fn signal_group(&self, signal: Signal) {
        if self.is_group_mixed {
            return;
        }
        let leader = self.leader.as_ref().filter(|_| self.is_number_ours);
        let pid = leader.and_then(|leader| i32::try_from(leader.pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // A group whose last member has just ended needs no signal.
            kill_process_group(pid, signal).ok();
        }
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
