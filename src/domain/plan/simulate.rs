//! A run in virtual time: the dispatcher of the real run, durations as numbers.

mod interplay;
mod serial;
mod simulator;
#[cfg(test)]
mod tests;

pub use interplay::{Interplay, NO_INTERPLAY, TaskTraits};
pub(super) use simulator::Simulator;

use super::costs::Costs;
use super::problem::Problem;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Scenario<'a> {
    /// The tasks.
    pub problem: &'a Problem,
    /// Slots.
    pub width: usize,
    /// Seconds each task takes when it runs alone in a worktree of its own.
    pub durations: &'a [f64],
    /// Costs beside the tasks.
    pub costs: &'a Costs,
    /// One worktree for all tasks, made once.
    pub one_lane: bool,
    /// What tasks do to one another when they run side by side.
    pub interplay: &'a Interplay,
    /// Which conflicts happen.
    pub luck: Luck<'a>,
}

/// Which of the conflicts that may happen do happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Luck<'a> {
    /// Every conflict costs its probability times what it would cost.
    Expected,
    /// A task conflicts when its number, uniform in (0, 1], is at most its probability.
    Drawn(&'a [f64]),
}

impl<'a> Scenario<'a> {
    /// A world in which only tasks take time and none disturbs another.
    pub fn of(problem: &'a Problem, width: usize, durations: &'a [f64]) -> Self {
        Self {
            problem,
            width,
            durations,
            costs: &super::costs::NO_COSTS,
            one_lane: false,
            interplay: &NO_INTERPLAY,
            luck: Luck::Expected,
        }
    }
}

/// A simulated run, seconds from its start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Simulated {
    /// When the worktree of each task was asked for.
    pub start: Vec<f64>,
    /// When each task's work was committed for the first time.
    pub finish: Vec<f64>,
    /// Tasks in the order in which they started.
    pub order: Vec<usize>,
    /// When everything was committed for the first time: the end of the run itself.
    pub committed: f64,
    /// When everything was merged.
    pub makespan: f64,
    /// Seconds of work that was done again because of conflicts.
    pub redone: f64,
    /// Most slots that were held at once.
    pub peak: usize,
}

/// Plays the scenario once. Whoever plays often keeps a `Simulator`.
pub fn simulate(scenario: &Scenario<'_>) -> Simulated {
    let mut simulator = Simulator::new(scenario.problem);
    simulator.play(scenario);
    simulator.into_result()
}
