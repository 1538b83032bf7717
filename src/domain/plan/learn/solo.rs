//! What an attempt would have taken alone: neighbours make it longer, and the plan adds them again
//! for the width it looks at.

use std::collections::BTreeMap;

use super::super::contention::Contention;
use super::super::history::ObservedAttempt;
use crate::domain::task::Task;

/// What is known of the neighbours of attempts.
#[derive(Debug, Clone)]
pub(super) struct Solo<'a> {
    contention: &'a Contention,
    /// Cores that each task says it keeps busy.
    cpus: BTreeMap<&'a str, f64>,
    /// Mean of them, for neighbours and for tasks that are gone.
    usual: f64,
}

impl<'a> Solo<'a> {
    /// Of tasks whose neighbours were tasks like them.
    pub(super) fn of(tasks: &'a [Task], contention: &'a Contention) -> Self {
        let cpus: BTreeMap<&str, f64> =
            tasks.iter().map(|task| (task.id.as_str(), task.demand.cpus)).collect();
        let usual = cpus.values().sum::<f64>() / cpus.len().max(1) as f64;
        Self { contention, cpus, usual }
    }

    /// Seconds alone.
    pub(super) fn seconds(&self, attempt: &ObservedAttempt) -> f64 {
        let neighbours = if attempt.active.is_finite() { attempt.active - 1.0 } else { 0.0 };
        if neighbours <= 0.0 {
            return attempt.wall_s;
        }
        self.with_a_core(attempt, neighbours) / self.contention.slowdown(attempt.active)
    }

    /// Seconds with cores enough. Neighbours whose demand exceeds the cores stretch the time in
    /// which the attempt computes, not that in which it waits for something else.
    fn with_a_core(&self, attempt: &ObservedAttempt, neighbours: f64) -> f64 {
        let wall = attempt.wall_s;
        let used = attempt.cpu_s.filter(|cpu| cpu.is_finite() && *cpu > 0.0 && wall > 0.0);
        let (Some(cores), Some(used)) = (self.contention.effective_cores, used) else {
            return wall;
        };
        // Attempts that together got more than was measured show that there was more.
        let cores = cores.max(used / wall * attempt.active);
        let own = self.cpus.get(attempt.task.as_str()).copied().unwrap_or(self.usual);
        // As in the simulator, alone none is slowed down by what it asks for beyond the machine.
        let asked = own.min(cores) + neighbours * self.usual.min(cores);
        let crowded = (asked / cores).max(1.0);
        let computing = used / own.max(1.0);
        (wall - computing * (crowded - 1.0)).max(wall / crowded)
    }
}

#[cfg(test)]
mod tests;
