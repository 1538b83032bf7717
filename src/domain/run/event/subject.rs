//! What an event is about.

use super::Event;
use crate::domain::id::TaskId;

impl Event {
    /// The one task it is about.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::ProvisionRequested { task, .. }
            | Self::StartResolved { task, .. }
            | Self::Provisioned { task, .. }
            | Self::ProvisionFailed { task, .. }
            | Self::SetupRequested { task, .. }
            | Self::SetupFinished { task, .. }
            | Self::AttemptRequested { task, .. }
            | Self::AttemptStarted { task, .. }
            | Self::AttemptNotStarted { task, .. }
            | Self::AttemptFinished { task, .. }
            | Self::CommitRequested { task, .. }
            | Self::SuiteFinished { task, .. }
            | Self::Committed { task, .. }
            | Self::CommitFailed { task, .. }
            | Self::CheckRequested { task, .. }
            | Self::CheckFinished { task, .. }
            | Self::RetryScheduled { task, .. }
            | Self::RetryReady { task, .. }
            | Self::TaskFinished { task, .. }
            | Self::Reconciled { task, .. }
            | Self::ConflictForeseen { task, .. } => Some(task),
            Self::RunCreated { .. }
            | Self::RunStarted { .. }
            | Self::StopRequested { .. }
            | Self::Halted { .. }
            | Self::RaceDecided { .. }
            | Self::GroupTimedOut { .. }
            | Self::RetryRequested { .. }
            | Self::Replanned { .. }
            | Self::WidthChanged { .. }
            | Self::TrainRequested { .. }
            | Self::TrainValidated { .. }
            | Self::Suspended
            | Self::Continued
            | Self::SharedChanged { .. }
            | Self::Warned { .. }
            | Self::RunFinished
            | Self::RunStopped { .. }
            | Self::Integration { .. } => None,
        }
    }
}
