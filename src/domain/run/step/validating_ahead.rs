//! Validating a train ahead: begun in a slot that is idle, given up when somebody wants it.

use super::super::action::Action;
use super::super::event::Event;
use super::super::train::TrainEnd;
use super::Draft;

impl Draft {
    /// Begins a train where there is room for it, and gives up one for which there is none any more.
    /// With `force` what is given up is killed.
    pub(super) fn look_ahead(&mut self, force: bool) {
        if self.state.trains.under_way.is_some() {
            if !self.state.may_go_on_ahead() {
                self.step.actions.push(Action::DropTrain { force });
            }
        } else if let Some(train) = self.state.train_to_validate() {
            self.emit(Event::TrainRequested { train: train.clone() });
            self.step.actions.push(Action::ValidateTrain { train });
        }
    }

    /// What validated a train before a crash is gone.
    pub(super) fn forget_train(&mut self) {
        if let Some(train) = self.state.trains.under_way.clone() {
            self.emit(Event::TrainValidated { train, end: TrainEnd::Dropped });
        }
    }
}
