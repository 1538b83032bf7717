//! What an event is called.

use super::Event;

impl Event {
    /// The event's name, as stored.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunCreated { .. } => "run_created",
            Self::RunStarted { .. } => "run_started",
            Self::ProvisionRequested { .. } => "provision_requested",
            Self::StartResolved { .. } => "start_resolved",
            Self::Provisioned { .. } => "provisioned",
            Self::ProvisionFailed { .. } => "provision_failed",
            Self::SetupRequested { .. } => "setup_requested",
            Self::SetupFinished { .. } => "setup_finished",
            Self::AttemptRequested { .. } => "attempt_requested",
            Self::AttemptStarted { .. } => "attempt_started",
            Self::AttemptNotStarted { .. } => "attempt_not_started",
            Self::AttemptFinished { .. } => "attempt_finished",
            Self::CommitRequested { .. } => "commit_requested",
            Self::SuiteFinished { .. } => "suite_finished",
            Self::Committed { .. } => "committed",
            Self::CommitFailed { .. } => "commit_failed",
            Self::CheckRequested { .. } => "check_requested",
            Self::CheckFinished { .. } => "check_finished",
            Self::RetryScheduled { .. } => "retry_scheduled",
            Self::RetryReady { .. } => "retry_ready",
            Self::TaskFinished { .. } => "task_finished",
            Self::StopRequested { .. } => "stop_requested",
            Self::Halted { .. } => "halted",
            Self::RaceDecided { .. } => "race_decided",
            Self::GroupTimedOut { .. } => "group_timed_out",
            Self::Reconciled { .. } => "reconciled",
            Self::RetryRequested { .. } => "retry_requested",
            Self::Replanned { .. } => "replanned",
            Self::WidthChanged { .. } => "width_changed",
            Self::TrainRequested { .. } => "train_requested",
            Self::TrainValidated { .. } => "train_validated",
            Self::Suspended => "suspended",
            Self::Continued => "continued",
            Self::SharedChanged { .. } => "shared_changed",
            Self::Warned { .. } => "warned",
            Self::ConflictForeseen { .. } => "conflict_foreseen",
            Self::RunFinished => "run_finished",
            Self::RunStopped { .. } => "run_stopped",
            Self::Integration { .. } => "integration",
        }
    }
}
