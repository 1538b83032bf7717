//! When work is compared with that of others, and what is told of it.

use super::Draft;
use crate::domain::id::{Oid, TaskId};
use crate::domain::run::action::Action;
use crate::domain::run::event::Event;
use crate::domain::run::foresight::Collision;

impl Draft {
    /// Has the work that a task has just committed compared, if there is anything to compare it with.
    pub(super) fn forecast(&mut self, task: usize) {
        if !self.state.comparisons(&[task]).is_empty() {
            self.step.actions.push(Action::Forecast { task });
        }
    }

    /// Has compared what an earlier process may not have come to.
    pub(super) fn forecast_again(&mut self) {
        let standing: Vec<usize> =
            self.state.standing_tips().into_iter().map(|(task, _)| task).collect();
        let again = self.state.comparisons(&standing);
        let again = again.into_iter().map(|comparison| Action::Forecast { task: comparison.task });
        self.step.actions.extend(again);
    }

    /// Stores what is news: meanwhile the work may be another.
    pub(super) fn foresee(&mut self, task: TaskId, tip: Oid, collisions: Vec<Collision>) {
        let collisions = self.state.unforeseen(&task, tip, collisions);
        if !collisions.is_empty() {
            self.emit(Event::ConflictForeseen { task, tip, collisions });
        }
    }
}
