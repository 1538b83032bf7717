//! The state machine of one task.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::outcome::{Outcome, ProcessStamp};
use super::reason::Reason;
use crate::domain::time::Timestamp;

/// Where a task stands. Each variant holds only its own data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum TaskState {
    /// Waits for what it depends on, or for room.
    Pending,
    /// Its worktree is being made.
    Provisioning {
        /// From 1.
        attempt: u32,
    },
    /// Its worktree is there.
    Provisioned {
        /// From 1.
        attempt: u32,
    },
    /// Its setup hooks run.
    SettingUp {
        /// From 1.
        attempt: u32,
    },
    /// Its setup hooks ended.
    SetUp {
        /// From 1.
        attempt: u32,
    },
    /// Its command was asked for and may run.
    Running {
        /// From 1.
        attempt: u32,
        /// Since when.
        since: Timestamp,
        /// Its process, once known.
        process: Option<ProcessStamp>,
    },
    /// Its command ended.
    Ended {
        /// From 1.
        attempt: u32,
    },
    /// Its work is being committed.
    Committing {
        /// From 1.
        attempt: u32,
        /// Why the attempt failed, when its work is only kept.
        failed: Option<(Outcome, Reason)>,
    },
    /// Its work is committed.
    Committed {
        /// From 1.
        attempt: u32,
        /// Why the attempt failed, when its work is only kept.
        failed: Option<(Outcome, Reason)>,
    },
    /// Its check runs on the committed tip.
    Checking {
        /// From 1.
        attempt: u32,
    },
    /// Its check ended.
    Checked {
        /// From 1.
        attempt: u32,
    },
    /// Another attempt follows.
    RetryWait {
        /// Not before this point.
        until: Timestamp,
    },
    /// Over.
    Finished {
        /// How.
        outcome: Outcome,
        /// Why.
        reason: Reason,
    },
}

/// An event that cannot happen to a task in this state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot happen to a task that is {state}")]
pub struct IllegalTransition {
    /// Name of the event.
    pub event: &'static str,
    /// Name of the state.
    pub state: &'static str,
}

impl TaskState {
    /// The word in `status`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Provisioning { .. } | Self::Provisioned { .. } => "provisioning",
            Self::SettingUp { .. } | Self::SetUp { .. } => "setting up",
            Self::Running { .. } | Self::Ended { .. } => "running",
            Self::Committing { .. } | Self::Committed { .. } => "committing",
            Self::Checking { .. } | Self::Checked { .. } => "checking",
            Self::RetryWait { .. } => "waiting to retry",
            Self::Finished { .. } => "finished",
        }
    }

    /// Whether nothing more happens to it by itself.
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Finished { .. })
    }

    /// Whether it occupies its slot.
    pub fn is_active(&self) -> bool {
        !matches!(self, Self::Pending | Self::RetryWait { .. } | Self::Finished { .. })
    }

    /// Whether a crash takes it back to its start: its command is gone, or what follows from what
    /// had ended was not stored. Anything else is asked for again; doing that twice is safe.
    pub fn is_lost_in_a_crash(&self) -> bool {
        match self {
            Self::Provisioned { .. }
            | Self::SettingUp { .. }
            | Self::SetUp { .. }
            | Self::Running { .. }
            | Self::Ended { .. }
            | Self::Committed { .. }
            | Self::Checked { .. } => true,
            Self::Pending
            | Self::Provisioning { .. }
            | Self::Committing { .. }
            | Self::Checking { .. }
            | Self::RetryWait { .. }
            | Self::Finished { .. } => false,
        }
    }

    /// The outcome, once it is over.
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Finished { outcome, .. } => Some(*outcome),
            Self::Pending
            | Self::Provisioning { .. }
            | Self::Provisioned { .. }
            | Self::SettingUp { .. }
            | Self::SetUp { .. }
            | Self::Running { .. }
            | Self::Ended { .. }
            | Self::Committing { .. }
            | Self::Committed { .. }
            | Self::Checking { .. }
            | Self::Checked { .. }
            | Self::RetryWait { .. } => None,
        }
    }

    /// Whether the task succeeded.
    pub fn succeeded(&self) -> bool {
        self.outcome() == Some(Outcome::Succeeded)
    }

    /// The state after an event of this task. The same function serves live runs and recovery.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the event cannot happen here, also for a stale attempt.
    pub fn transition(&self, event: &Event, at: Timestamp) -> Result<Self, IllegalTransition> {
        let next = match (self, event) {
            (Self::Pending, Event::ProvisionRequested { attempt, .. }) => {
                Self::Provisioning { attempt: *attempt }
            }
            (Self::Provisioning { attempt }, Event::StartResolved { attempt: seen, .. })
                if attempt == seen =>
            {
                self.clone()
            }
            (Self::Provisioning { attempt }, Event::Provisioned { attempt: seen, .. })
                if attempt == seen =>
            {
                Self::Provisioned { attempt: *attempt }
            }
            (Self::Provisioning { attempt }, Event::ProvisionFailed { attempt: seen, .. })
                if attempt == seen =>
            {
                Self::Ended { attempt: *attempt }
            }
            (Self::Provisioned { attempt }, Event::SetupRequested { attempt: seen, .. })
                if attempt == seen =>
            {
                Self::SettingUp { attempt: *attempt }
            }
            (Self::SettingUp { attempt }, Event::SetupFinished { attempt: seen, .. })
                if attempt == seen =>
            {
                Self::SetUp { attempt: *attempt }
            }
            (
                Self::Provisioned { attempt } | Self::SetUp { attempt },
                Event::AttemptRequested { attempt: seen, .. },
            ) if attempt == seen => Self::Running { attempt: *attempt, since: at, process: None },
            (
                Self::Running { attempt, process: None, since },
                Event::AttemptStarted { attempt: seen, process, .. },
            ) if attempt == seen => {
                Self::Running { attempt: *attempt, since: *since, process: Some(process.clone()) }
            }
            (
                Self::Running { attempt, .. },
                Event::AttemptFinished { attempt: seen, .. }
                | Event::AttemptNotStarted { attempt: seen, .. },
            ) if attempt == seen => Self::Ended { attempt: *attempt },
            (Self::Ended { attempt }, Event::CommitRequested { attempt: seen, failed, .. })
                if attempt == seen =>
            {
                Self::Committing { attempt: *attempt, failed: failed.clone() }
            }
            (Self::Committing { attempt, .. }, Event::SuiteFinished { attempt: seen, .. })
                if attempt == seen =>
            {
                self.clone()
            }
            (
                Self::Committing { attempt, failed },
                Event::Committed { attempt: seen, .. } | Event::CommitFailed { attempt: seen, .. },
            ) if attempt == seen => Self::Committed { attempt: *attempt, failed: failed.clone() },
            (
                Self::Committed { attempt, failed: None } | Self::Checked { attempt },
                Event::CheckRequested { attempt: seen, .. },
            ) if attempt == seen => Self::Checking { attempt: *attempt },
            (Self::Checking { attempt }, Event::CheckFinished { attempt: seen, .. })
                if attempt == seen =>
            {
                Self::Checked { attempt: *attempt }
            }
            (state, Event::RetryScheduled { not_before, .. }) if state.is_active() => {
                Self::RetryWait { until: *not_before }
            }
            (Self::RetryWait { .. }, Event::RetryReady { .. }) => Self::Pending,
            (state, Event::Reconciled { .. }) if !state.is_finished() => Self::Pending,
            (state, Event::TaskFinished { outcome, reason, .. }) if !state.is_finished() => {
                Self::Finished { outcome: *outcome, reason: reason.clone() }
            }
            (Self::Finished { .. }, Event::RetryRequested { .. }) => Self::Pending,
            (state, event) => {
                return Err(IllegalTransition { event: event.name(), state: state.word() });
            }
        };
        Ok(next)
    }
}
