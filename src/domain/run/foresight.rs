//! Which tasks of a run will collide, as far as their committed work shows while others still run.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::RunState;
use super::task_state::TaskState;
use crate::domain::id::{Oid, TaskId};

/// Most branches of a run that are compared with one another: the first ones in the order of the plan.
pub const MOST_COMPARED: usize = 64;
/// Most paths of a collision that are stored.
const MOST_PATHS: usize = 20;

/// Another task whose work collides with that of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collision {
    /// The other task.
    pub with: TaskId,
    /// Head of its work.
    pub tip: Oid,
    /// Where, sorted; the first of them where there are many.
    pub paths: Vec<String>,
    /// How many paths are left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
}

impl Collision {
    /// A collision in these paths.
    pub fn new(with: TaskId, tip: Oid, mut paths: Vec<String>) -> Self {
        let more = paths.len().saturating_sub(MOST_PATHS);
        paths.truncate(MOST_PATHS);
        Self { with, tip, paths, more }
    }
}

/// A collision of two tasks that was foreseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The task whose work came later.
    pub task: TaskId,
    /// Head of its work.
    pub tip: Oid,
    /// With whom it collides, and where.
    pub collision: Collision,
}

/// A task that is to be held against others, by index of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The task.
    pub task: usize,
    /// The others, in the order of the plan.
    pub with: Vec<usize>,
}

impl RunState {
    /// Head of a task's work that is committed, is not known to be bad and has something to merge.
    pub fn standing_tip(&self, task: usize) -> Option<Oid> {
        let record = &self.tasks[task];
        let stands = match &record.state {
            TaskState::Committed { failed, .. } => failed.is_none(),
            TaskState::Checking { .. } | TaskState::Checked { .. } => true,
            TaskState::Finished { .. } => record.state.succeeded(),
            TaskState::Pending
            | TaskState::Provisioning { .. }
            | TaskState::Provisioned { .. }
            | TaskState::SettingUp { .. }
            | TaskState::SetUp { .. }
            | TaskState::Running { .. }
            | TaskState::Ended { .. }
            | TaskState::Committing { .. }
            | TaskState::RetryWait { .. } => false,
        };
        let declared = self.task(task);
        let merges = !declared.read_only && !declared.work.is_gate() && !record.changed.is_empty();
        record.tip.filter(|_| stands && merges)
    }

    /// Heads of the work of all tasks that have some, by index of the plan.
    pub fn standing_tips(&self) -> Vec<(usize, Oid)> {
        let tip = |task| self.standing_tip(task).map(|tip| (task, tip));
        (0..self.tasks.len()).filter_map(tip).collect()
    }

    /// What is to be compared once these tasks have committed, in this order: each with whoever has
    /// committed before it, unless one contains the other or it is known that they collide. In a lane
    /// every task contains the ones before.
    pub fn comparisons(&self, fresh: &[usize]) -> Vec<Comparison> {
        if self.is_lane() || self.is_apart() {
            return Vec::new();
        }
        let standing: Vec<usize> =
            self.standing_tips().into_iter().map(|(task, _)| task).take(MOST_COMPARED).collect();
        let known = self.known_pairs();
        let of = |(at, &task): (usize, &usize)| {
            let earlier = &fresh[..at];
            if earlier.contains(&task) || !standing.contains(&task) {
                return None;
            }
            let apart = |other: &usize| {
                *other != task
                    && (earlier.contains(other) || !fresh.contains(other))
                    && !self.contains(task, *other)
                    && !self.contains(*other, task)
                    && !known.contains(&ordered(task, *other))
            };
            let with: Vec<usize> = standing.iter().copied().filter(apart).collect();
            (!with.is_empty()).then_some(Comparison { task, with })
        };
        fresh.iter().enumerate().filter_map(of).collect()
    }

    /// The collisions that were foreseen between what stands at present.
    pub fn foreseen(&self) -> impl Iterator<Item = &Foreseen> + '_ {
        self.foreseen.iter().filter(|foreseen| {
            self.stands_at(&foreseen.task, foreseen.tip)
                && self.stands_at(&foreseen.collision.with, foreseen.collision.tip)
        })
    }

    /// The collisions of these that are between what stands at present and are not known.
    pub(super) fn unforeseen(
        &self,
        task: &TaskId,
        tip: Oid,
        collisions: Vec<Collision>,
    ) -> Vec<Collision> {
        let Some(index) = self.index(task).filter(|_| self.stands_at(task, tip)) else {
            return Vec::new();
        };
        let known = self.known_pairs();
        let is_news = |collision: &Collision| {
            let other = self.index(&collision.with);
            self.stands_at(&collision.with, collision.tip)
                && other
                    .is_some_and(|other| other != index && !known.contains(&ordered(index, other)))
        };
        collisions.into_iter().filter(is_news).collect()
    }

    /// False when that cannot have been foreseen.
    pub(super) fn apply_foreseen(
        &mut self,
        task: &TaskId,
        tip: Oid,
        collisions: &[Collision],
    ) -> bool {
        let stands = self.stands_at(task, tip)
            && collisions.iter().all(|collision| self.stands_at(&collision.with, collision.tip));
        if stands {
            let of = |collision: &Collision| Foreseen {
                task: task.clone(),
                tip,
                collision: collision.clone(),
            };
            Arc::make_mut(&mut self.foreseen).extend(collisions.iter().map(of));
        }
        stands
    }

    fn stands_at(&self, task: &TaskId, tip: Oid) -> bool {
        self.index(task).is_some_and(|task| self.standing_tip(task) == Some(tip))
    }

    fn contains(&self, task: usize, other: usize) -> bool {
        self.tasks[task].needs.contains(&self.task(other).id)
    }

    /// Who is known to collide, by index of the plan.
    fn known_pairs(&self) -> HashSet<(usize, usize)> {
        let of = |foreseen: &Foreseen| {
            let task = self.index(&foreseen.task)?;
            Some(ordered(task, self.index(&foreseen.collision.with)?))
        };
        self.foreseen().filter_map(of).collect()
    }
}

fn ordered(one: usize, two: usize) -> (usize, usize) {
    (one.min(two), one.max(two))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
