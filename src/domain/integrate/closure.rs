//! Sets of tasks closed under what they started from (landing.md rule 1).

use serde::{Deserialize, Serialize};

use crate::domain::id::{Oid, TaskId};
use crate::domain::task::Priority;

/// A task that is ready to land: it contributes `start → tip` (landing.md rule 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The task.
    pub task: TaskId,
    /// Commit its work began at.
    pub start: Oid,
    /// Head of its branch.
    pub tip: Oid,
    /// Branch it lies on.
    pub branch: String,
    /// Line for the commit message.
    pub title: Option<String>,
    /// Tasks it started from: without them it does not land.
    pub needs: Vec<TaskId>,
    /// Its history holds work of tasks that it does not need (one lane): replay its own commits
    /// with `start` as merge base instead of merging its branch.
    pub replay: bool,
    /// Breaks ties of the order.
    pub priority: Priority,
}

/// The members that may land when `out` must not: everything that needs a task which is `out`, at
/// any distance, is named with the task that keeps it from landing.
pub fn closed<'a>(
    members: &'a [Member],
    out: impl IntoIterator<Item = &'a TaskId>,
) -> (Vec<&'a Member>, Vec<(&'a TaskId, &'a TaskId)>) {
    let mut gone: Vec<&TaskId> = out.into_iter().collect();
    let mut dragged = Vec::new();
    loop {
        let found = members.iter().find_map(|member| {
            if gone.contains(&&member.task) {
                return None;
            }
            let cause = member.needs.iter().find(|need| gone.contains(need))?;
            Some((&member.task, cause))
        });
        let Some((task, cause)) = found else { break };
        gone.push(task);
        dragged.push((task, cause));
    }
    let kept = members.iter().filter(|member| !gone.contains(&&member.task)).collect();
    (kept, dragged)
}
