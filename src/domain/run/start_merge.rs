//! A merge that a task starts from and that git alone could not make. It is made once, and integrated as
//! it is (landing.md rules 2 and 3).

use serde::{Deserialize, Serialize};

use super::state::RunState;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::MergeRemarks;

/// The merge of a tip with those that the task starts from as well and that were merged before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartMerge {
    /// What was merged so far.
    pub ours: Oid,
    /// Whose tip was merged.
    pub with: TaskId,
    /// That tip.
    pub theirs: Oid,
    /// The merge.
    pub commit: Oid,
    /// How each path was resolved, and what is to be said of it.
    pub remarks: MergeRemarks,
}

impl StartMerge {
    /// What it took, one sentence each.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let with = &self.with;
        self.remarks
            .sentences()
            .map(move |said| format!("where `{with}` is merged into its start, {said}"))
    }
}

impl RunState {
    /// Whether what collides in these two tips was resolved for a task that starts from both. It is
    /// integrated as it is.
    pub fn is_resolved_in_a_start(&self, one: (&TaskId, Oid), two: (&TaskId, Oid)) -> bool {
        self.tasks.iter().any(|record| {
            let place = |(task, tip)| record.from.iter().position(|(t, o)| t == task && *o == tip);
            let (Some(one), Some(two)) = (place(one), place(two)) else { return false };
            let (later, _) = &record.from[one.max(two)];
            record.start_merges.iter().any(|merge| merge.with == *later)
        })
    }
}
