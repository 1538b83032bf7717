//! How many tasks of a run the machine bears, beside everything else that it does.

mod share;

use serde::{Deserialize, Serialize};

use self::share::fair_share;
use super::state::RunState;
use super::width::WidthCause;
use crate::domain::plan::JobState;

/// Readings in a row with a busy machine before fewer tasks run: a burst is no load.
const PRESSED: u32 = 3;

/// Readings in a row without what pressed before more tasks run again.
const CALM: u32 = 5;

/// Percent of the time in which something waited for memory: from here on the machine swaps more
/// than it works.
const THRASHING: f64 = 10.0;

/// Part of the processors whose work belongs to nobody: the kernel's own, and what measuring misses.
const UNTOLD: f64 = 0.05;

/// Others are taken to want at most so many times what they get: what a crowded machine shows of them
/// is too little to be told from noise.
const CROWD: f64 = 2.0;

/// What the machine does at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostReading {
    /// Cores that this process may use.
    pub cores: usize,
    /// Work for its processors; `None` where that cannot be told apart by who asked for it.
    pub load: Option<LoadReading>,
    /// Its memory; `None` where unknown.
    pub memory: Option<MemoryReading>,
    /// Other runs on it.
    pub others: Vec<RunUse>,
}

/// Work for the processors of a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadReading {
    /// Processors of the machine, whoever may use them.
    pub cpus: usize,
    /// How many of them work.
    pub busy: f64,
    /// How many of them work for runs, this one and others.
    pub for_runs: f64,
    /// Threads that work or want to.
    pub runnable: f64,
}

/// Memory of a machine, bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryReading {
    /// All there is.
    pub total: u64,
    /// What programs could still take.
    pub available: u64,
    /// What the processes of all runs hold.
    pub held: u64,
    /// Percent of the last ten seconds in which something waited for memory.
    pub stalled: f64,
}

/// What a run takes of its machine, by what its tasks declare.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RunUse {
    /// Tasks that run.
    pub slots: usize,
    /// Cores of those.
    pub cpus: f64,
    /// Cores of those and of what is ready to start.
    pub wanted: f64,
    /// Memory of those, bytes.
    pub memory: u64,
}

/// So many tasks may run at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// At least 1.
    pub width: usize,
    /// What limits it; [`WidthCause::Eased`] when nothing does.
    pub because: WidthCause,
}

/// What the readings of a machine come to: fewer tasks soon, more of them only after a while.
#[derive(Debug, Clone)]
pub struct Admission {
    told: usize,
    pressed: u32,
    calm: u32,
    /// Least room of the calm readings.
    least: usize,
}

impl Admission {
    /// For a run of this width that has just begun: the first reading counts at once.
    pub fn new(width: usize) -> Self {
        Self { told: width, pressed: PRESSED - 1, calm: 0, least: width }
    }

    /// What changes with another reading, if anything does.
    pub fn observe(&mut self, room: Room) -> Option<Room> {
        if room.width <= self.told {
            self.calm = 0;
        }
        if room.width >= self.told {
            self.pressed = 0;
        }
        if room.width < self.told {
            self.pressed += 1;
            if room.because == WidthCause::Load && self.pressed < PRESSED {
                return None;
            }
            self.pressed = 0;
            self.told = room.width;
            return Some(room);
        }
        if room.width > self.told {
            self.least = if self.calm == 0 { room.width } else { self.least.min(room.width) };
            self.calm += 1;
            if self.calm >= CALM {
                self.calm = 0;
                self.told = self.least;
                return Some(Room { width: self.told, because: WidthCause::Eased });
            }
        }
        None
    }
}

impl LoadReading {
    /// Processors without work, but for that of runs that declare `declared` cores. A part of one
    /// that is busy counts as idle.
    fn left(&self, declared: f64) -> f64 {
        let cpus = self.cpus as f64;
        let busy = (self.busy - self.for_runs - UNTOLD * cpus).max(0.0);
        // Who waits for a processor wants one, too.
        let crowd = (self.runnable / self.busy.max(f64::EPSILON)).clamp(1.0, CROWD);
        // What tasks have others do for them (a daemon that builds or runs containers) is theirs.
        let lent = (declared - self.for_runs).max(0.0);
        let others = (busy * crowd - lent).max(0.0);
        (cpus - others).ceil().max(0.0)
    }
}

impl RunState {
    /// What it takes of a machine with so many cores.
    pub fn host_use(&self, cores: usize) -> RunUse {
        let demand = |task: usize| &self.task(task).demand;
        let active: Vec<usize> = self.active_tasks().collect();
        let mut ready: Vec<usize> = (0..self.tasks.len())
            .filter(|&task| self.dispatcher.state(task) == JobState::Ready)
            .collect();
        ready.sort_by_key(|&task| self.dispatcher.ranks()[task]);
        ready.truncate(self.widest().saturating_sub(active.len()));
        // A validation ahead keeps a core of its own busy.
        let ahead = if self.trains.under_way.is_some() { 1.0 } else { 0.0 };
        let cpus: f64 = active.iter().map(|&task| demand(task).cpus).sum::<f64>() + ahead;
        let more: f64 = ready.iter().map(|&task| demand(task).cpus).sum::<f64>() + 0.0;
        RunUse {
            slots: active.len(),
            cpus,
            wanted: (cpus + more).min((cores as f64).max(cpus)),
            memory: active.iter().map(|&task| demand(task).memory).sum(),
        }
    }

    /// Whether the cores limit it; not so for a run that was told to disregard them (`--parallel=M`).
    pub fn minds_cores(&self) -> bool {
        self.resource("cores").is_some()
    }

    /// How many of its tasks the machine bears at once; at least 1, at most what was decided.
    pub fn room(&self, reading: &HostReading) -> Room {
        let own = self.host_use(reading.cores);
        let rooms = [self.room_for_work(reading, &own), self.room_in_memory(reading, &own)];
        let decided = self.widest();
        let tight = rooms.into_iter().flatten().filter(|room| room.width < decided);
        let tightest = tight.min_by_key(|room| room.width);
        tightest.unwrap_or(Room { width: decided, because: WidthCause::Eased })
    }

    /// Its fair share of the cores that are free of other work. `None` when they do not limit it.
    fn room_for_work(&self, reading: &HostReading, own: &RunUse) -> Option<Room> {
        if !self.minds_cores() {
            return None;
        }
        let mut demands: Vec<f64> = self.left().map(|task| self.task(task).demand.cpus).collect();
        demands.sort_by(|a, b| b.total_cmp(a));
        demands.truncate(self.widest());
        let most: f64 = demands.iter().sum();
        if most <= CRUMBS {
            return None;
        }
        let cores = reading.cores.max(1) as f64;
        let running: f64 = reading.others.iter().map(|run| run.cpus).sum();
        let wanted = || reading.others.iter().map(|run| run.wanted);
        let width = |cores: f64| {
            let (share, free) = (fair_share(cores, most, wanted()), cores - running);
            if share.min(free) + ROUNDING >= most.min(reading.cores.max(1) as f64) {
                return self.widest();
            }
            // The part of a task that is left goes to whoever finds it free.
            let tasks = |cores: f64| demands.len() as f64 * cores / most;
            let part = (tasks(share) - ROUNDING).ceil().min((tasks(free) + ROUNDING).floor());
            part.max(1.0) as usize
        };
        let shared = width(cores);
        let declared = own.cpus + running;
        let free = reading.load.map_or(cores, |load| load.left(declared).min(cores));
        let because = |width| if width < shared { WidthCause::Load } else { WidthCause::OtherRuns };
        let width = width(free).min(shared);
        Some(Room { width, because: because(width) })
    }

    /// What runs, and as much more as fits into the memory that is left. `None` where it is unknown.
    fn room_in_memory(&self, reading: &HostReading, own: &RunUse) -> Option<Room> {
        let memory = reading.memory?;
        let mut waiting: Vec<usize> =
            self.left().filter(|&task| !self.tasks[task].state.is_active()).collect();
        waiting.sort_by_key(|&task| self.dispatcher.ranks()[task]);
        let fitting = |mut space: u64| {
            let takes = |&&task: &&usize| {
                let rest = space.checked_sub(self.task(task).demand.memory);
                space = rest.unwrap_or(space);
                rest.is_some()
            };
            waiting.iter().filter(takes).count()
        };
        // What was declared and is not taken yet is spoken for.
        let declared = own.memory + reading.others.iter().map(|run| run.memory).sum::<u64>();
        let spoken_for = declared.saturating_sub(memory.held) + memory.total / 10;
        let space = memory.available.saturating_sub(spoken_for);
        let fits = if space == 0 || memory.stalled >= THRASHING { 0 } else { fitting(space) };
        let planned = self.resource("memory").unwrap_or(u64::MAX).saturating_sub(own.memory);
        let enough = fits >= fitting(planned);
        let width = if enough { self.widest() } else { (own.slots + fits).max(1) };
        Some(Room { width: width.min(self.widest()), because: WidthCause::Memory })
    }

    /// Tasks that are not over.
    fn left(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.tasks.len()).filter(|&task| !self.tasks[task].state.is_finished())
    }

    /// Units that the plan has of a resource.
    fn resource(&self, name: &str) -> Option<u64> {
        let problem = &self.spec.plan.problem;
        let at = problem.resources.iter().position(|known| known == name)?;
        problem.capacities.get(at).copied()
    }
}

/// Cores that tasks may want in all without being held back: who computes so little finds the time for
/// it on a machine that is busy, too, and takes none from others.
const CRUMBS: f64 = 0.5;

/// Sums of demands are not exact.
const ROUNDING: f64 = 1e-6;

#[cfg(test)]
mod tests;
