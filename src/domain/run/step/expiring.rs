//! What follows when the time of a group, or of the run, is up.

use super::super::action::Action;
use super::super::event::Event;
use super::super::state::RunPhase;
use super::Draft;

impl Draft {
    /// After a resume: the time that was spent before counts.
    pub(super) fn watch_clocks(&mut self) {
        let known: Vec<Option<String>> =
            self.state.clocks.iter().map(|(group, _)| group.clone()).collect();
        for group in known {
            self.watch_clock(group);
        }
    }

    /// Asks to be woken when the time is up.
    pub(super) fn watch_clock(&mut self, group: Option<String>) {
        if let Some(left) = self.state.time_left(group.as_deref(), self.now) {
            self.step.actions.push(Action::WakeGroup { group, at: self.now.after(left) });
        }
    }

    /// What runs of the group is asked to stop; what waits is cancelled. A run that is being stopped
    /// finds its limits again when it goes on.
    pub(super) fn time_up(&mut self, group: Option<String>) {
        let left = self.state.time_left(group.as_deref(), self.now);
        let limit = self.state.time_limit(group.as_deref());
        let (Some(left), Some(limit), RunPhase::Running) = (left, limit, self.state.phase) else {
            return;
        };
        if !left.is_zero() {
            // The machine slept, or its clock was put back.
            return self.watch_clock(group);
        }
        self.emit(Event::GroupTimedOut { group, limit });
        self.stop_tasks(false, |draft, task| draft.state.expired_by(task).is_some());
        self.dispatch();
    }
}
