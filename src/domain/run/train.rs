//! Trains that are validated ahead: what has succeeded so far, merged onto the target while other
//! tasks still run, in a slot that none of them wants (`integrate.speculate`).

use serde::{Deserialize, Serialize};

use super::state::{RunPhase, RunState};
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::FailingSet;

/// Tasks with the heads of their branches, in the order of the plan.
pub type Train = Vec<(TaskId, Oid)>;

/// What came of validating a train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum TrainEnd {
    /// It passes on top of the target as that stood.
    Passed {
        /// The tasks that were merged for that: what the target holds already is left out.
        tasks: Vec<TaskId>,
    },
    /// These of it break a validation.
    Breaks {
        /// Its members that fail together, with the validation and what failed of it.
        set: FailingSet,
    },
    /// It cannot be told: its members collide, or nothing could be validated.
    Unknown {
        /// One line: which members collide, or what kept it from being validated.
        reason: String,
    },
    /// A task wanted its slot, or the run was held or ended.
    Dropped,
}

impl TrainEnd {
    /// What somebody should hear of it before anything lands.
    fn warning(&self) -> Option<String> {
        match self {
            Self::Breaks { set } => Some(format!("before anything lands: {}", set.sentence())),
            Self::Passed { .. } | Self::Unknown { .. } | Self::Dropped => None,
        }
    }
}

/// The trains of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trains {
    /// The one that is being validated.
    pub under_way: Option<Train>,
    /// The last one of which something is known.
    answered: Option<Train>,
    /// Tasks that were over when one was given up: it is begun again once there are more, so that no
    /// slot that comes and goes begins it over and over.
    given_up_after: Option<usize>,
    /// One was found that breaks a validation: which train lands is open until that is dealt with.
    breaks: Option<String>,
}

impl Trains {
    /// Whether the train could be requested.
    pub(super) fn begin(&mut self, train: &Train) -> bool {
        let is_free = self.under_way.is_none();
        if is_free {
            self.under_way = Some(train.clone());
        }
        is_free
    }

    /// Whether this train was under way; `over` is the number of tasks that are over.
    fn end(&mut self, train: &Train, end: &TrainEnd, over: usize) -> bool {
        if self.under_way.as_ref() != Some(train) {
            return false;
        }
        self.under_way = None;
        match end {
            TrainEnd::Dropped => self.given_up_after = Some(over),
            TrainEnd::Breaks { .. } => self.breaks = end.warning(),
            TrainEnd::Passed { .. } | TrainEnd::Unknown { .. } => {
                self.answered = Some(train.clone());
            }
        }
        true
    }

    /// The slots are others: somebody else drives the run, or it was held.
    pub(super) fn forget_slots(&mut self) {
        self.given_up_after = None;
    }
}

impl RunState {
    /// What came of a train; false when it was not under way.
    pub(super) fn apply_train_end(&mut self, train: &Train, end: &TrainEnd) -> bool {
        let over = self.tasks_over();
        let known = self.trains.end(train, end, over);
        if known {
            self.warnings.extend(end.warning());
        }
        known
    }

    /// What was found of trains says nothing of what lands from here on.
    pub(super) fn forget_trains(&mut self) {
        let before = std::mem::take(&mut self.trains);
        self.warnings.retain(|warning| before.breaks.as_ref() != Some(warning));
    }

    /// The train to validate in a slot that is idle: everything that has succeeded with work of its
    /// own, while something else may still do so.
    pub(super) fn train_to_validate(&self) -> Option<Train> {
        let (spec, trains) = (&self.spec, &self.trains);
        // Arms of a race never land together.
        let is_race = spec.kind.race().is_some();
        let wanted = spec.limits.speculate && spec.target.is_some() && !self.is_lane() && !is_race;
        let validated = wanted && !spec.plan.validations.is_empty();
        let is_early = trains.given_up_after.is_some_and(|after| self.tasks_over() <= after);
        let is_closed = trains.under_way.is_some() || trains.breaks.is_some() || is_early;
        if !validated || is_closed || !self.may_go_on_ahead() {
            return None;
        }
        let train: Train =
            (0..self.tasks.len()).filter_map(|task| self.contribution(task)).collect();
        (!train.is_empty() && trains.answered.as_ref() != Some(&train)).then_some(train)
    }

    /// Whether a train that is under way keeps nobody waiting: tasks run or are still to run, one slot
    /// is free of them, and none that is not over uses a lock of the validations.
    pub(super) fn may_go_on_ahead(&self) -> bool {
        let open = || (0..self.tasks.len()).filter(|&task| !self.tasks[task].state.is_finished());
        let validations = &self.spec.plan.validations;
        let is_locked = |task: usize| {
            let locks = &self.task(task).locks;
            validations.iter().any(|validation| validation.locks.iter().any(|l| locks.contains(l)))
        };
        self.phase == RunPhase::Running
            && !self.is_suspended()
            && open().next().is_some()
            && self.active_tasks().count() < self.dispatcher.width()
            && !open().any(is_locked)
    }

    fn contribution(&self, task: usize) -> Option<(TaskId, Oid)> {
        let record = &self.tasks[task];
        let counts = record.state.succeeded() && !record.is_left_out();
        let tip = self.standing_tip(task).filter(|_| counts)?;
        let id = &self.task(task).id;
        let landed = self.landings_of(id, tip).any(|(landing, _)| landing.spec.branch.is_none());
        (!landed).then(|| (id.clone(), tip))
    }

    fn tasks_over(&self) -> usize {
        self.tasks.iter().filter(|record| record.state.is_finished()).count()
    }
}
