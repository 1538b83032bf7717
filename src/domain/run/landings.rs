//! What integrations of the run have landed.

use super::state::RunState;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{Integration, IntegrationOutcome};

impl RunState {
    /// The integrations that landed this commit of a task, each with the commit that its branch was
    /// moved to. A landing may have been undone since.
    pub fn landings_of<'a>(
        &'a self,
        task: &'a TaskId,
        tip: Oid,
    ) -> impl Iterator<Item = (&'a Integration, Oid)> {
        self.integrations.iter().filter_map(move |integration| {
            let Some(IntegrationOutcome::Landed { new, .. }) = &integration.outcome else {
                return None;
            };
            // A retry made another tip, which no earlier landing took.
            let same = integration.spec.members.iter().any(|m| m.task == *task && m.tip == tip);
            let taken = integration.train().iter().any(|(merged, _)| *merged == task);
            (same && taken).then_some((integration, *new))
        })
    }
}
