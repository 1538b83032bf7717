//! Folding events into the state. Live runs and recovery use the same function.

mod record;

use std::sync::Arc;

use super::envelope::{Envelope, JournalError};
use super::event::Event;
use super::outcome::{AttemptEnd, Outcome};
use super::patterns::Halt;
use super::reason::Reason;
use super::setup_end::SetupEnd;
use super::state::{RunPhase, RunState, TaskRecord};
use super::stop_reason::StopReason;
use super::task_state::{IllegalTransition, TaskState};
use super::time_limits::Expiry;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{Integration, IntegrationEvent};
use crate::domain::time::{Timestamp, from_secs};

/// A journal that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalEvent {
    /// The first event is not `run_created`, or a later one is.
    #[error("event {seq} ({event}) is out of place")]
    Misplaced {
        /// Where.
        seq: u64,
        /// Its name.
        event: &'static str,
    },
    /// The parts of the plan do not fit together.
    #[error("event {seq} holds a plan that contradicts itself")]
    UnsoundPlan {
        /// Where.
        seq: u64,
    },
    /// Names a task that the plan does not have.
    #[error("event {seq} names the unknown task `{task}`")]
    UnknownTask {
        /// Where.
        seq: u64,
        /// The name.
        task: TaskId,
    },
    /// Cannot happen to that task now.
    #[error("event {seq}: {source}")]
    Transition {
        /// Where.
        seq: u64,
        /// Why.
        source: IllegalTransition,
    },
    /// A row that cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is no event at all.
    #[error("the journal is empty")]
    Empty,
}

impl RunState {
    /// The state after all of `envelopes`, which must start with `run_created`.
    ///
    /// # Errors
    /// [`IllegalEvent`] for a journal that contradicts itself.
    pub fn fold<'a>(
        envelopes: impl IntoIterator<Item = &'a Envelope>,
    ) -> Result<Self, IllegalEvent> {
        let mut envelopes = envelopes.into_iter();
        let first = envelopes.next().ok_or(IllegalEvent::Empty)?;
        let Event::RunCreated { spec } = &first.event else {
            return Err(IllegalEvent::Misplaced { seq: first.seq, event: first.event.name() });
        };
        if !spec.is_sound() {
            return Err(IllegalEvent::UnsoundPlan { seq: first.seq });
        }
        let mut state = Self::new((**spec).clone(), first.at);
        for envelope in envelopes {
            state.apply(envelope)?;
        }
        Ok(state)
    }

    /// Adds one event.
    ///
    /// # Errors
    /// [`IllegalEvent`]; the state is then unchanged.
    pub fn apply(&mut self, envelope: &Envelope) -> Result<(), IllegalEvent> {
        let Envelope { seq, at, event } = envelope;
        let misplaced = || IllegalEvent::Misplaced { seq: *seq, event: event.name() };
        if *seq != self.next_seq {
            return Err(misplaced());
        }
        match event {
            Event::RunCreated { .. } => return Err(misplaced()),
            Event::RunStarted { .. } => {
                // What a crash cut off counts up to the last thing that was stored.
                if let Some(since) = self.since {
                    self.active += self.seen.since(since);
                }
                self.phase = RunPhase::Running;
                self.trains.forget_slots();
                self.lift_limits();
                self.started.get_or_insert(*at);
                self.ended = None;
                self.since = Some(*at);
            }
            Event::StopRequested { reason, .. } => self.phase = RunPhase::Stopping(*reason),
            Event::Halted { cause, group } => {
                self.halts.push(Halt { cause: cause.clone(), group: group.clone() });
            }
            Event::RaceDecided { by } => {
                if self.index(by).is_none() || self.decided.is_some() {
                    return Err(misplaced());
                }
                self.decided = Some(by.clone());
            }
            Event::GroupTimedOut { group, limit } => {
                self.expired.push(Expiry { group: group.clone(), limit: *limit });
            }
            Event::RunFinished => self.end(RunPhase::Finished, *at),
            Event::RunStopped { reason } => self.end(RunPhase::Stopped(*reason), *at),
            Event::RetryRequested { tasks } => self.apply_retry(tasks, envelope)?,
            Event::Replanned { because, ranks } => {
                let known = self.index(because).is_some();
                let mut places = ranks.clone();
                places.sort_unstable();
                let is_order = places.into_iter().eq(0..self.tasks.len());
                if !known || !is_order || self.phase != RunPhase::Running {
                    return Err(misplaced());
                }
                self.dispatcher.rerank(ranks);
            }
            Event::WidthChanged { width, because } => {
                if !self.apply_width(*width, because, *at) {
                    return Err(misplaced());
                }
            }
            Event::TrainRequested { train } => {
                if self.phase != RunPhase::Running || !self.trains.begin(train) {
                    return Err(misplaced());
                }
            }
            Event::TrainValidated { train, end } => {
                if !self.apply_train_end(train, end) {
                    return Err(misplaced());
                }
            }
            Event::Suspended => self.count_active_up_to(*at),
            // An integration is held and continued too, long after the run.
            Event::Continued if self.is_suspended() => {
                self.since = Some(*at);
                self.trains.forget_slots();
            }
            Event::Continued => {}
            Event::SharedChanged { finding } => self.apply_finding(finding),
            Event::ConflictForeseen { task, tip, collisions } => {
                if !self.apply_foreseen(task, *tip, collisions) {
                    return Err(misplaced());
                }
            }
            Event::Warned { message } => self.warnings.push(message.clone()),
            Event::Integration { event } => self.apply_integration(event, *at),
            Event::ProvisionRequested { .. }
            | Event::StartResolved { .. }
            | Event::Provisioned { .. }
            | Event::ProvisionFailed { .. }
            | Event::SetupRequested { .. }
            | Event::SetupFinished { .. }
            | Event::AttemptRequested { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptNotStarted { .. }
            | Event::AttemptFinished { .. }
            | Event::CommitRequested { .. }
            | Event::SuiteFinished { .. }
            | Event::Committed { .. }
            | Event::CommitFailed { .. }
            | Event::CheckRequested { .. }
            | Event::CheckFinished { .. }
            | Event::RetryScheduled { .. }
            | Event::RetryReady { .. }
            | Event::TaskFinished { .. }
            | Event::Reconciled { .. } => self.apply_task_event(envelope)?,
        }
        self.next_seq += 1;
        self.seen = *at;
        Ok(())
    }

    fn end(&mut self, phase: RunPhase, at: Timestamp) {
        self.phase = phase;
        self.trains.under_way = None;
        self.ended = Some(at);
        self.count_active_up_to(at);
        self.narrowed.end(self.active);
    }

    fn count_active_up_to(&mut self, at: Timestamp) {
        if let Some(since) = self.since.take() {
            self.active += at.since(since);
        }
    }

    fn apply_task_event(&mut self, envelope: &Envelope) -> Result<(), IllegalEvent> {
        let Envelope { seq, at, event } = envelope;
        let Some(index) = self.event_index(event) else {
            return Err(match event.task() {
                Some(task) => IllegalEvent::UnknownTask { seq: *seq, task: task.clone() },
                None => IllegalEvent::Misplaced { seq: *seq, event: event.name() },
            });
        };
        let before = &self.tasks[index].state;
        let after = before
            .transition(event, *at)
            .map_err(|source| IllegalEvent::Transition { seq: *seq, source })?;
        let failed = matches!(before, TaskState::Committing { failed: Some(_), .. });
        let active = before.is_active();
        Arc::make_mut(&mut self.tasks[index]).note_event(event, *at, failed);
        if after.is_finished() {
            Arc::make_mut(&mut self.tasks[index]).finished_seq = *seq;
        }
        if let Event::ProvisionRequested { attempt, .. } = event {
            self.lane_before = self.lane_user.replace((index, *attempt));
            Arc::make_mut(&mut self.tasks[index]).alone = self.widest() == 1;
            self.start_clocks(index, *at);
        }
        let lane_moves = after.succeeded().then(|| self.tasks[index].tip).flatten();
        Arc::make_mut(&mut self.tasks[index]).state = after;
        self.move_in_dispatcher(index, active);
        if let Some(tip) = lane_moves {
            self.lane_tip = tip;
        }
        Ok(())
    }

    fn move_in_dispatcher(&mut self, index: usize, was_active: bool) {
        let spec = self.spec.clone();
        let problem = &spec.plan.problem;
        match self.tasks[index].state {
            TaskState::Finished { outcome, .. } => self.finish_in_dispatcher(index, outcome),
            TaskState::RetryWait { .. } => self.dispatcher.pause(problem, index),
            TaskState::Pending => self.dispatcher.requeue(problem, index),
            TaskState::Provisioning { .. } if !was_active => self.dispatcher.start(problem, index),
            TaskState::Provisioning { .. }
            | TaskState::Provisioned { .. }
            | TaskState::SettingUp { .. }
            | TaskState::SetUp { .. }
            | TaskState::Running { .. }
            | TaskState::Ended { .. }
            | TaskState::Committing { .. }
            | TaskState::Committed { .. }
            | TaskState::Checking { .. }
            | TaskState::Checked { .. } => {}
        }
    }

    fn finish_in_dispatcher(&mut self, index: usize, outcome: Outcome) {
        let spec = self.spec.clone();
        let problem = &spec.plan.problem;
        let succeeded = outcome == Outcome::Succeeded;
        self.dispatcher.finish(problem, index, succeeded);
        if !succeeded {
            for next in self.excused(index) {
                self.dispatcher.excuse(next);
            }
        }
    }

    fn apply_retry(&mut self, tasks: &[TaskId], envelope: &Envelope) -> Result<(), IllegalEvent> {
        let mut indices = Vec::with_capacity(tasks.len());
        for id in tasks {
            let index = self
                .index(id)
                .ok_or_else(|| IllegalEvent::UnknownTask { seq: envelope.seq, task: id.clone() })?;
            self.tasks[index]
                .state
                .transition(&envelope.event, envelope.at)
                .map_err(|source| IllegalEvent::Transition { seq: envelope.seq, source })?;
            indices.push(index);
        }
        self.forget_clocks(&indices);
        self.width_cap = None;
        self.dispatcher.set_width(self.widest());
        for index in indices {
            let record = Arc::make_mut(&mut self.tasks[index]);
            let attempts = record.attempts;
            let kept = std::mem::take(&mut record.kept);
            *record = TaskRecord { attempts, kept, ..TaskRecord::fresh() };
        }
        self.halts.clear();
        self.decided = None;
        self.forget_trains();
        // From here on there is something to resume.
        self.phase = RunPhase::Stopped(StopReason::Interrupted);
        self.rebuild_dispatcher();
        Ok(())
    }

    /// After tasks went back to the start: their dependents wait again.
    fn rebuild_dispatcher(&mut self) {
        let spec = self.spec.clone();
        let problem = &spec.plan.problem;
        let ranks = self.dispatcher.ranks().to_vec();
        self.dispatcher.reset(problem);
        self.dispatcher.rerank(&ranks);
        for index in 0..self.tasks.len() {
            if let TaskState::Finished { outcome, .. } = self.tasks[index].state {
                self.finish_in_dispatcher(index, outcome);
            }
        }
        self.lane_tip = self.recorded_lane_tip();
    }

    /// In a lane every tip contains the earlier ones that are still there (what is run again takes the
    /// later ones along), so the one that finished last leads.
    fn recorded_lane_tip(&self) -> Oid {
        self.tasks
            .iter()
            .filter(|record| record.state.succeeded())
            .max_by_key(|record| record.finished_seq)
            .and_then(|record| record.tip)
            .unwrap_or(self.spec.base)
    }

    fn apply_integration(&mut self, event: &IntegrationEvent, at: Timestamp) {
        if let IntegrationEvent::Started { spec } = event {
            self.integrations.push(Integration::new((**spec).clone(), at));
        } else if let Some(current) = self.integrations.last_mut() {
            current.apply(event, at);
            if let IntegrationEvent::Landed { .. } = event {
                self.forget_trains();
            }
        }
    }
}

#[cfg(test)]
mod tests;
