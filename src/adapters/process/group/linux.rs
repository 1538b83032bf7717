//! Members by group, session, environment and descent, as `/proc` shows them.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, pidfd_open, pidfd_send_signal,
    waitid,
};

use super::{Family, Load, Member};
use crate::adapters::host::process_table::{ProcessEntry, load_entries, load_entry};
use crate::adapters::process::adoption::Enrolled;
use crate::adapters::process::cgroup::Leaf;

/// Marks any process of any task.
const ANY_TASK: &[u8] = b"WT_ORCH_TASK=";

pub(super) fn load_members(family: &Family) -> Vec<Member> {
    if let Some(leaf) = &family.bonds.leaf {
        return held(leaf).iter().map(member).collect();
    }
    let entries = load_entries().unwrap_or_default();
    let environment = |pid| fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let observer = Observer::load(&entries);
    found(family, &entries, &observer, environment).into_iter().map(member).collect()
}

/// By one look at the table, without the environments: who left group and session and lost its
/// parent is only counted when it was seen before.
pub(super) fn load_usage(family: &mut Family) -> Load {
    if let Some(leaf) = &family.bonds.leaf {
        return usage(held(leaf).iter());
    }
    let entries = load_entries().unwrap_or_default();
    let observer = Observer::load(&entries);
    let found = found(family, &entries, &observer, |_| Vec::new());
    family.known.extend(found.iter().map(|entry| (entry.pid, entry.start_time)));
    usage(found.into_iter())
}

/// What may be called the name of a process: what it calls itself, the file that it runs, and what
/// it was started as.
pub(super) fn load_names(pid: u32) -> Vec<String> {
    let last =
        |path: &Path| Some(path.file_name()?.to_str()?.trim_end_matches(" (deleted)").to_owned());
    let called = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let file = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let mut names = vec![called.trim_end().to_owned()];
    names.extend(file.as_deref().and_then(last));
    names.extend(load_words(pid).first().and_then(|word| last(Path::new(word))));
    names
}

/// What a process was started as, word by word.
pub(super) fn load_words(pid: u32) -> Vec<String> {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = words.split(|byte| *byte == 0);
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Whether a process is held, and not at making one of git's locks, as far as its open files tell.
pub(super) fn is_held_harmlessly(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_held = stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 'Z', 'X']));
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    // That of all housekeeping is open as long as it lasts.
    let is_lock = |path: &Path| {
        path.extension().is_some_and(|end| end == "lock") && !path.ends_with("maintenance.lock")
    };
    is_held && !files.filter_map(|file| fs::read_link(file.path()).ok()).any(|path| is_lock(&path))
}

/// Takes away those that fell to this program when they lost their parent, and that have ended.
pub(super) fn reap_orphans(enrolled: &Enrolled) {
    let Some(orphanage) = enrolled.orphanage() else { return };
    let entries = load_entries().unwrap_or_default();
    let observer = Observer::load(&entries);
    for entry in entries.iter().filter(|entry| !entry.alive && observer.adopted(entry)) {
        let pid = i32::try_from(entry.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| !orphanage.started(entry.pid)) {
            // It is one exact process, which nobody else waits for.
            waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG).ok();
        }
    }
}

/// This process, as it stands in the table.
struct Observer {
    own: u32,
    session: u32,
    /// Itself and those above it.
    line: HashSet<u32>,
}

impl Observer {
    fn load(entries: &[ProcessEntry]) -> Self {
        Self::of(entries, std::process::id())
    }

    fn of(entries: &[ProcessEntry], own: u32) -> Self {
        let find = |pid| entries.iter().find(|entry: &&ProcessEntry| entry.pid == pid);
        let mut line = HashSet::new();
        let mut next = Some(own);
        while let Some(pid) = next.filter(|&pid| line.insert(pid)) {
            next = find(pid).map(|entry| entry.parent);
        }
        Self { own, session: find(own).map_or(0, |entry| entry.session), line }
    }

    /// Whether it is a child that this process did not start itself, or leads a command: what is
    /// started for other ends stays in the session.
    fn adopted(&self, entry: &ProcessEntry) -> bool {
        entry.parent == self.own && entry.session != self.session
    }
}

fn held(leaf: &Leaf) -> Vec<ProcessEntry> {
    leaf.load_pids().into_iter().filter_map(load_entry).filter(|entry| entry.alive).collect()
}

fn member(entry: &ProcessEntry) -> Member {
    let ProcessEntry { pid, parent, start_time, group, .. } = *entry;
    Member { pid, parent, start_time, group }
}

fn usage<'a>(members: impl Iterator<Item = &'a ProcessEntry>) -> Load {
    let (mut load, mut ticks) = (Load::default(), 0);
    for entry in members {
        ticks += entry.cpu;
        load.memory += entry.resident * page_size() as u64;
        load.processes += 1;
        let io = fs::read_to_string(format!("/proc/{}/io", entry.pid)).unwrap_or_default();
        for line in io.lines() {
            let Some((name, bytes)) = line.split_once(": ") else { continue };
            let bytes = bytes.parse().unwrap_or(0);
            match name {
                "read_bytes" => load.read_bytes += bytes,
                "write_bytes" => load.written_bytes += bytes,
                _ => {}
            }
        }
    }
    load.cpu = Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64);
    load
}

/// A file handle of the process can't come to mean another one between the look and the signal.
pub(super) fn signal(member: &Member, signal: Signal) -> io::Result<()> {
    let pid = i32::try_from(member.pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::ErrorKind::NotFound)?;
    let handle = pidfd_open(pid, PidfdFlags::empty());
    let is_same = load_entry(member.pid).is_some_and(|entry| entry.start_time == member.start_time);
    match handle {
        _ if !is_same => Ok(()),
        Ok(handle) => Ok(pidfd_send_signal(handle, signal)?),
        // No such call in this kernel or sandbox, or no file handles left.
        Err(_) => Ok(kill_process(pid, signal)?),
    }
}

fn found<'a>(
    family: &Family,
    entries: &'a [ProcessEntry],
    observer: &Observer,
    environment: impl Fn(u32) -> Vec<u8>,
) -> Vec<&'a ProcessEntry> {
    let orphanage = family.bonds.enrolled.as_ref().and_then(Enrolled::orphanage);
    let earliest = family.leader.as_ref().map_or(0, |leader| leader.start_time);
    let mut candidates: Vec<&ProcessEntry> = entries
        .iter()
        .filter(|entry| entry.alive && entry.start_time >= earliest)
        .filter(|entry| !observer.line.contains(&entry.pid))
        .collect();
    let mut found: Vec<&ProcessEntry> = Vec::new();
    let mut parents = HashSet::new();
    let leader = family.leader.as_ref().filter(|leader| {
        let heir = entries.iter().find(|entry| entry.pid == leader.pid);
        heir.is_none_or(|heir| heir.start_time == leader.start_time)
    });
    let is_numbered = |entry: &ProcessEntry| {
        leader.is_some_and(|leader| entry.group == leader.pid || entry.session == leader.pid)
            && (family.is_number_ours || is_of_a_task(&environment(entry.pid)))
    };
    let belongs = |entry: &ProcessEntry| {
        family.known.contains(&(entry.pid, entry.start_time))
            || is_numbered(entry)
            || orphanage.as_ref().is_some_and(|orphanage| {
                observer.adopted(entry) && orphanage.allots(entry.pid, entry.start_time)
            })
            || is_marked(family, entry, &environment)
    };
    let (seeds, rest) = candidates.into_iter().partition::<Vec<_>, _>(|entry| belongs(entry));
    candidates = rest;
    let mut generation = seeds;
    while !generation.is_empty() {
        parents.extend(generation.iter().map(|entry| entry.pid));
        found.append(&mut generation);
        (generation, candidates) =
            candidates.into_iter().partition(|entry| parents.contains(&entry.parent));
    }
    found
}

/// The number of a leader long gone may have been that of a stranger meanwhile, who is gone as well
/// and left a group; so there a member must at least be a task's.
fn is_of_a_task(environment: &[u8]) -> bool {
    environment.split(|&byte| byte == 0).any(|variable| variable.starts_with(ANY_TASK))
}

fn is_marked(family: &Family, entry: &ProcessEntry, environment: impl Fn(u32) -> Vec<u8>) -> bool {
    if family.marks.is_empty() {
        return false;
    }
    let environment = environment(entry.pid);
    let found: HashSet<&[u8]> = environment.split(|&byte| byte == 0).collect();
    family.marks.iter().all(|mark| found.contains(mark.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::super::ProcessIdentity;
    use super::*;

    const OWN: u32 = 50;

    fn entry(pid: u32, parent: u32, group: u32, start_time: u64) -> ProcessEntry {
        ProcessEntry {
            pid,
            parent,
            group,
            session: group,
            start_time,
            alive: true,
            cpu: 0,
            resident: 0,
        }
    }

    fn found(family: &Family, entries: &[ProcessEntry]) -> Vec<u32> {
        let environment = |pid| match pid {
            70 | OWN => b"HOME=/\0WT_ORCH_RUN=r\0WT_ORCH_TASK=t\0WT_ORCH_ATTEMPT=1\0".to_vec(),
            71 => b"WT_ORCH_RUN=r\0WT_ORCH_TASK=t\0WT_ORCH_ATTEMPT=11\0".to_vec(),
            _ => Vec::new(),
        };
        let mut pids: Vec<u32> =
            super::found(family, entries, &Observer::of(entries, OWN), environment)
                .iter()
                .map(|m| m.pid)
                .collect();
        pids.sort_unstable();
        pids
    }

    fn family(is_number_ours: bool) -> Family {
        let leader = ProcessIdentity { pid: 60, start_time: 100, boot_id: String::new() };
        let env = [("WT_ORCH_RUN", "r"), ("WT_ORCH_TASK", "t"), ("WT_ORCH_ATTEMPT", "1")];
        let env = env.map(|(name, value)| (name.into(), value.into()));
        Family::new(Some(leader), super::super::marks(&env), is_number_ours)
    }

    #[test]
    fn group_session_environment_and_descent_make_a_member() {
        let job = ProcessEntry { session: 60, ..entry(62, 60, 62, 101) };
        let zombie = ProcessEntry { alive: false, ..entry(60, OWN, 60, 100) };
        let table = [
            entry(1, 0, 1, 1),
            entry(OWN, 1, OWN, 100),
            zombie,
            entry(61, 60, 60, 100),
            job,
            entry(70, 1, 70, 102),
            entry(71, 1, 71, 102),
            entry(80, 70, 80, 103),
            entry(81, 80, 81, 103),
            entry(90, OWN, 90, 103),
        ];
        assert_eq!(found(&family(true), &table), [61, 62, 70, 80, 81]);
    }

    #[test]
    fn a_process_older_than_the_command_is_never_a_member() {
        assert_eq!(found(&family(true), &[entry(70, 1, 60, 99)]), [0_u32; 0]);
    }

    #[test]
    fn a_known_member_is_found_again_after_it_left_and_its_number_alone_is_not_enough() {
        let mut family = family(true);
        family.known.insert((66, 105));
        assert_eq!(found(&family, &[entry(66, 1, 66, 105)]), [66]);
        assert_eq!(found(&family, &[entry(66, 1, 66, 106)]), [0_u32; 0]);
    }

    #[test]
    fn the_group_of_a_leader_long_gone_is_only_ended_where_it_is_of_a_task() {
        let family = Family { marks: Vec::new(), ..family(false) };
        assert_eq!(found(&family, &[entry(70, 1, 60, 105), entry(72, 1, 60, 105)]), [70]);
    }

    #[test]
    fn the_group_of_another_leader_with_the_same_number_is_left_alone() {
        let family = Family { marks: Vec::new(), ..family(false) };
        assert_eq!(found(&family, &[entry(60, 1, 60, 104), entry(70, 60, 60, 105)]), [0_u32; 0]);
    }

    #[test]
    fn without_all_three_markers_nothing_is_looked_up_by_environment() {
        let env = [("WT_ORCH_RUN".into(), "r".into()), ("WT_ORCH_TASK".into(), "t".into())];
        let family = Family { marks: super::super::marks(&env), ..family(true) };
        assert_eq!(found(&family, &[entry(70, 1, 70, 105)]), [0_u32; 0]);
    }
}
