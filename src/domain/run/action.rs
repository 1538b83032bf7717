//! What comes into a step and what goes out of it.

use super::admission::Room;
use super::event::Event;
use super::stop_reason::StopReason;
use super::train::Train;
use crate::domain::id::{Oid, TaskId};
use crate::domain::time::Timestamp;

/// What the world or the user says.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Take the run over; after a crash the engine has reconciled what was running.
    Begin {
        /// Not for the first time.
        resumed: bool,
    },
    /// An observation, as the event that records it. One that cannot happen (any more) is ignored:
    /// actions may be performed twice.
    Fact(Event),
    /// How many tasks the machine bears. A run that shares its host starts nothing before the first
    /// one.
    Room(Room),
    /// The back-off of a task is over.
    Timer {
        /// Which task.
        task: TaskId,
    },
    /// The time of a group may be up.
    GroupTimer {
        /// Which; `None` means the run.
        group: Option<String>,
    },
    /// Stop before the end.
    Stop {
        /// How.
        reason: StopReason,
        /// At once.
        force: bool,
    },
    /// Run finished tasks again, with everything that depends on them.
    Retry {
        /// Those that were named; what depends on them follows by itself.
        tasks: Vec<TaskId>,
    },
}

/// A request to the engine. Performing one twice is safe. Tasks are indices of the plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Bring a worktree to the start of the task.
    Provision {
        /// Task.
        task: usize,
        /// Attempt.
        attempt: u32,
        /// Commits to start from.
        from: Vec<(TaskId, Oid)>,
    },
    /// Run the setup hooks.
    SetUp {
        /// Task.
        task: usize,
        /// Attempt.
        attempt: u32,
    },
    /// Start the command.
    Launch {
        /// Task.
        task: usize,
        /// Attempt.
        attempt: u32,
    },
    /// Commit what the command left, on the branch or (`keep`) under a ref of ours.
    Commit {
        /// Task.
        task: usize,
        /// Attempt.
        attempt: u32,
        /// The attempt failed.
        keep: bool,
    },
    /// Run the check.
    Check {
        /// Task.
        task: usize,
        /// Attempt.
        attempt: u32,
        /// Which run of it, from 1.
        run: u32,
    },
    /// Stop what resolves its start, the hooks, the command or the check.
    Stop {
        /// Task.
        task: usize,
        /// Without grace.
        force: bool,
    },
    /// Say [`Input::Timer`] at that point.
    Wake {
        /// Task.
        task: usize,
        /// When.
        at: Timestamp,
    },
    /// Say [`Input::GroupTimer`] at that point.
    WakeGroup {
        /// Group; `None` means the run.
        group: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Look for a better order of what has not started: a task ended otherwise than planned.
    Replan {
        /// The task that ended.
        because: usize,
    },
    /// Merge and validate what has succeeded so far.
    ValidateTrain {
        /// Its tasks, each with the head of its branch.
        train: Train,
    },
    /// Give up the train that is being validated.
    DropTrain {
        /// Without grace.
        force: bool,
    },
    /// Compare the committed work of a task with that of others, beside everything else.
    Forecast {
        /// The one that has committed.
        task: usize,
    },
    /// Leave the loop.
    Finish,
}

/// Facts to store, then requests to carry out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// In order.
    pub events: Vec<Event>,
    /// In order.
    pub actions: Vec<Action>,
}
