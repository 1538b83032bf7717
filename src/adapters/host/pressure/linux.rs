//! The counters of `/proc` and of control groups.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};

use super::{Sample, Seen};
use crate::adapters::host::process_table::{ProcessEntry, load_entries};
use crate::domain::run::MemoryReading;

pub(super) fn look(runs: &[u32], at: Duration) -> Option<Seen> {
    let processors = parse_processors(&fs::read_to_string("/proc/stat").ok()?)?;
    let entries = load_entries().ok()?;
    let of_runs: BTreeMap<u32, Vec<&ProcessEntry>> =
        runs.iter().map(|&run| (run, processes_of(run, &entries))).collect();
    let second = clock_ticks_per_second().max(1) as f64;
    let seconds = |of: &Vec<&ProcessEntry>| of.iter().map(|entry| entry.cpu as f64).sum::<f64>();
    let pages: u64 = of_runs.values().flatten().map(|entry| entry.resident).sum();
    let sample = Sample {
        at,
        cpus: processors.count,
        busy: processors.busy as f64 / second,
        runs: of_runs.iter().map(|(&run, of)| (run, seconds(of) / second)).collect(),
    };
    let memory = load_memory(pages * page_size() as u64);
    Some(Seen { sample, runnable: processors.runnable, memory })
}

pub(super) fn load_runnable() -> Option<f64> {
    Some(parse_processors(&fs::read_to_string("/proc/stat").ok()?)?.runnable)
}

pub(super) fn load_crowding() -> Option<f64> {
    let processors = parse_processors(&fs::read_to_string("/proc/stat").ok()?)?;
    let load = parse_load(&fs::read_to_string("/proc/loadavg").ok()?)?;
    Some(load / processors.count.max(1) as f64)
}

/// `/proc/loadavg`: the mean of the last minute comes first.
fn parse_load(text: &str) -> Option<f64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

/// The driver of a run, its children, and the sessions that these lead. What a process has used
/// moves to its parent when that waits for it, so that the sum never falls.
fn processes_of(run: u32, entries: &[ProcessEntry]) -> Vec<&ProcessEntry> {
    let own = entries.iter().find(|entry| entry.pid == run).map(|entry| entry.session);
    let sessions: BTreeSet<u32> = entries
        .iter()
        .filter(|entry| entry.parent == run && Some(entry.session) != own)
        .map(|entry| entry.session)
        .collect();
    let belongs = |entry: &&ProcessEntry| {
        entry.pid == run || entry.parent == run || sessions.contains(&entry.session)
    };
    entries.iter().filter(belongs).collect()
}

#[derive(Debug, PartialEq)]
struct Processors {
    count: usize,
    /// Clock ticks of all of them.
    busy: u64,
    runnable: f64,
}

/// `/proc/stat`: time at work is that for programs (nice or not), the system and interrupts.
fn parse_processors(text: &str) -> Option<Processors> {
    let all = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = all.split_ascii_whitespace().map_while(|n| n.parse().ok()).collect();
    let [user, nice, system, _idle, _wait, hard, soft, ..] = ticks[..] else { return None };
    let count = text.lines().filter(|line| line.starts_with("cpu")).count() - 1;
    let runnable = text.lines().find_map(|line| line.strip_prefix("procs_running "))?;
    let runnable: f64 = runnable.trim().parse().ok()?;
    Some(Processors {
        count,
        busy: user + nice + system + hard + soft,
        runnable: (runnable - 1.0).max(0.0),
    })
}

fn load_memory(held: u64) -> Option<MemoryReading> {
    let (mut total, mut available) = parse_memory(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let mut pressure = PathBuf::from("/proc/pressure/memory");
    if let Some(group) = load_group_memory() {
        total = total.min(group.limit);
        available = available.min(group.left);
        pressure = group.pressure;
    }
    // Not every kernel tells it.
    let stalled = fs::read_to_string(pressure);
    let stalled = stalled.ok().and_then(|text| parse_stalled(&text)).unwrap_or(0.0);
    Some(MemoryReading { total, available, held, stalled })
}

/// All memory and what could still be taken, bytes.
fn parse_memory(text: &str) -> Option<(u64, u64)> {
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
        kib.checked_mul(1024)
    };
    Some((of("MemTotal:")?, of("MemAvailable:")?))
}

/// Percent of the last ten seconds in which something waited.
fn parse_stalled(text: &str) -> Option<f64> {
    let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
    some.split(' ').find_map(|part| part.strip_prefix("avg10="))?.parse().ok()
}

/// Memory of a control group with a limit.
#[derive(Debug, PartialEq)]
struct GroupMemory {
    limit: u64,
    /// What is below it.
    left: u64,
    /// Where it tells what waits for memory in it: what other groups wait for is not its business.
    pressure: PathBuf,
}

/// The control group (version 2) around this process that leaves least.
fn load_group_memory() -> Option<GroupMemory> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    least_left(Path::new("/sys/fs/cgroup"), own)
}

/// What the kernel keeps of files, and gives up when memory is wanted, is no use of memory.
fn least_left(root: &Path, own: &str) -> Option<GroupMemory> {
    let left = |folder: &Path| {
        let read = |name: &str| fs::read_to_string(root.join(folder).join(name)).ok();
        let limit: u64 = read("memory.max")?.trim().parse().ok()?;
        let used: u64 = read("memory.current")?.trim().parse().ok()?;
        let stat = read("memory.stat").unwrap_or_default();
        let bytes = |name: &str| {
            let line = stat.lines().find_map(|line| line.strip_prefix(name))?;
            line.strip_prefix(' ')?.parse::<u64>().ok()
        };
        let kept = ["inactive_file", "active_file", "slab_reclaimable"].map(bytes);
        let used = used.saturating_sub(kept.into_iter().flatten().sum());
        let pressure = root.join(folder).join("memory.pressure");
        Some(GroupMemory { limit, left: limit.saturating_sub(used), pressure })
    };
    Path::new(own).ancestors().filter_map(left).min_by_key(|group| group.left)
}

#[cfg(test)]
mod tests;
