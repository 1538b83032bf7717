//! What the machine is busy with, and what is left of its memory. Linux tells it; elsewhere work
//! cannot be told apart by who asked for it without special rights.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::run::{LoadReading, MemoryReading};

#[cfg(target_os = "linux")]
mod linux;

/// Part of the latest look in the number of runnable threads, which changes from moment to moment.
const LATEST: f64 = 0.3;

/// What one look tells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pressure {
    /// Between the look before and this one; `None` for the first, and where unknown.
    pub load: Option<LoadReading>,
    /// At this moment; `None` where unknown.
    pub memory: Option<MemoryReading>,
}

/// Looks at the machine again and again.
#[derive(Debug, Default)]
pub struct Sampler {
    before: Option<Sample>,
    runnable: Option<f64>,
}

/// Counters since the machine started.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    at: Duration,
    cpus: usize,
    /// Seconds of all processors at work.
    busy: f64,
    /// Seconds of them for each run, by the process that drives it.
    runs: BTreeMap<u32, f64>,
}

/// One look.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing makes one"))]
struct Seen {
    sample: Sample,
    /// Threads that work or want to, but for the one that looks.
    runnable: f64,
    memory: Option<MemoryReading>,
}

impl Sampler {
    /// Looks; `others` are the processes that drive runs besides this one, `at` is the time on any
    /// clock that only goes forwards.
    pub fn load(&mut self, others: &[u32], at: Duration) -> Pressure {
        let runs = [others, &[std::process::id()]].concat();
        let Some(Seen { sample, runnable, memory }) = look(&runs, at) else {
            return Pressure::default();
        };
        let runnable = self.runnable.map_or(runnable, |known| known + LATEST * (runnable - known));
        self.runnable = Some(runnable);
        let load = self.before.as_ref().and_then(|before| sample.since(before, runnable));
        self.before = Some(sample);
        Pressure { load, memory }
    }

    /// What the last look shows by itself, as if the threads that were at work always were; `None`
    /// before the first, and where unknown.
    pub fn moment(&self) -> Option<LoadReading> {
        let (cpus, runnable) = (self.before.as_ref()?.cpus, self.runnable?);
        Some(LoadReading { cpus, busy: runnable.min(cpus as f64), for_runs: 0.0, runnable })
    }

    /// Looks only how many threads are at work, for a better mean.
    pub fn glance(&mut self) {
        if let Some(runnable) = load_runnable() {
            let known = self.runnable.unwrap_or(runnable);
            self.runnable = Some(known + LATEST * (runnable - known));
        }
    }
}

impl Sample {
    fn since(&self, before: &Self, runnable: f64) -> Option<LoadReading> {
        let passed = self.at.saturating_sub(before.at).as_secs_f64();
        if passed <= 0.0 {
            return None;
        }
        let work = |(pid, now): (&u32, &f64)| Some((now - before.runs.get(pid)?).max(0.0));
        let for_runs: f64 = self.runs.iter().filter_map(work).sum();
        Some(LoadReading {
            cpus: self.cpus,
            busy: ((self.busy - before.busy) / passed).clamp(0.0, self.cpus as f64),
            for_runs: for_runs / passed,
            runnable,
        })
    }
}

#[cfg(target_os = "linux")]
fn look(runs: &[u32], at: Duration) -> Option<Seen> {
    linux::look(runs, at)
}

#[cfg(target_os = "linux")]
fn load_runnable() -> Option<f64> {
    linux::load_runnable()
}

/// Threads that worked or wanted to in the last minute, for each processor of the machine; `None` where
/// unknown.
#[cfg(target_os = "linux")]
pub fn load_crowding() -> Option<f64> {
    linux::load_crowding()
}

/// Threads that worked or wanted to in the last minute, for each processor of the machine; `None` where
/// unknown.
#[cfg(not(target_os = "linux"))]
pub fn load_crowding() -> Option<f64> {
    None
}

#[cfg(not(target_os = "linux"))]
fn look(_runs: &[u32], _at: Duration) -> Option<Seen> {
    None
}

#[cfg(not(target_os = "linux"))]
fn load_runnable() -> Option<f64> {
    None
}

#[cfg(test)]
mod tests;
