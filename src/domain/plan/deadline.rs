//! `--deadline`: how likely everything has landed in time, and what would make it so.

use std::collections::BTreeSet;

use super::build::{GateCycle, PlanRequest, Preference, build};
use super::plan_type::{Plan, Verdict};
use super::what_if::{behind, remaining_risk, without};
use crate::domain::id::TaskId;
use crate::domain::task::Priority;

/// Probability from which on a deadline counts as met.
pub const IN_TIME: f64 = 0.95;
/// Plans that are made in search of tasks to drop, times tasks: bounds the time on large files.
const MOST_PLANNED: usize = 20_000;
/// Most and fewest of these plans.
const PLANS: (usize, usize) = (6, 80);
/// Tasks that are tried at each step of it.
const TRIED: usize = 6;

/// A deadline held against a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Deadline {
    /// Seconds from the start until everything should have landed.
    pub seconds: f64,
    /// Probability that it has, as planned.
    pub probability: f64,
    /// Tasks without which it is more likely: those of low priority first, none of high priority,
    /// and none that something depends on which stays. Empty where it is likely enough, or where
    /// dropping tasks does not help.
    pub drop: Vec<TaskId>,
    /// Probability without them; `None` where there are none.
    pub probability_after: Option<f64>,
    /// More slots, where they alone help.
    pub slots: Option<MoreSlots>,
}

/// More slots than `[run] slots` or the chosen width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MoreSlots {
    /// How many.
    pub slots: usize,
    /// Probability to be in time on them.
    pub probability: f64,
}

impl Deadline {
    /// Whether the plan as it is, or with the tasks dropped, is likely enough to be in time.
    pub fn is_met_after(&self) -> bool {
        self.probability_after.unwrap_or(self.probability) >= IN_TIME
    }
}

/// Holds the deadline of `request` against `plan`, which is its plan; `None` without a deadline.
///
/// # Errors
/// As [`build`].
pub fn meet_deadline(
    request: &PlanRequest<'_>,
    plan: &Plan,
) -> Result<Option<Deadline>, GateCycle> {
    let (Some(seconds), Some(probability)) = (request.deadline, plan.predicted.in_time) else {
        return Ok(None);
    };
    let mut deadline =
        Deadline { seconds, probability, drop: Vec::new(), probability_after: None, slots: None };
    if probability < IN_TIME {
        deadline.slots = more_slots(request, plan, probability)?;
        let left = (MOST_PLANNED / plan.tasks.len().max(1)).clamp(PLANS.0, PLANS.1);
        let mut search = Search { request, plan, left };
        let (gone, after) = search.run(probability)?;
        deadline.probability_after = (!gone.is_empty()).then_some(after);
        let of_file = request.set.tasks.iter().map(|task| &task.id);
        deadline.drop = of_file.filter(|id| gone.contains(id)).cloned().collect();
    }
    Ok(Some(deadline))
}

/// The fewest slots, above the chosen width, with which it is likely enough to be in time; else as
/// many as there are tasks, if that helps at all.
fn more_slots(
    request: &PlanRequest<'_>,
    plan: &Plan,
    before: f64,
) -> Result<Option<MoreSlots>, GateCycle> {
    let most = plan.tasks.len();
    let now = match request.preference {
        Preference::ParallelWith(width) => width,
        Preference::Rule | Preference::Parallel => request.slots,
        Preference::Sequential => return Ok(None),
    };
    let with = |slots: usize| -> Result<MoreSlots, GateCycle> {
        let preference = match request.preference {
            Preference::ParallelWith(_) => Preference::ParallelWith(slots),
            Preference::Rule | Preference::Parallel | Preference::Sequential => request.preference,
        };
        let plan = build(&PlanRequest { slots, preference, ..request.clone() })?;
        Ok(MoreSlots { slots, probability: plan.predicted.in_time.unwrap_or(0.0) })
    };
    if now >= most {
        return Ok(None);
    }
    let all = with(most)?;
    if all.probability <= before + 0.01 {
        return Ok(None);
    }
    let enough = all.probability.min(IN_TIME);
    let (mut few, mut many) = (now, all);
    while many.slots - few > 1 {
        let middle = with(usize::midpoint(few, many.slots))?;
        if middle.probability >= enough { many = middle } else { few = middle.slots }
    }
    Ok(Some(many))
}

/// The search for tasks to drop.
struct Search<'a> {
    request: &'a PlanRequest<'a>,
    plan: &'a Plan,
    /// Plans that may still be made.
    left: usize,
}

impl Search<'_> {
    /// Greedy: the task that helps most goes first, low priority before medium. What turns out not
    /// to be needed is put back.
    fn run(&mut self, before: f64) -> Result<(BTreeSet<TaskId>, f64), GateCycle> {
        let mut gone = BTreeSet::new();
        let mut steps: Vec<BTreeSet<TaskId>> = Vec::new();
        let mut hope = Hope::of(self.plan, before);
        for most in [Priority::Low, Priority::Medium] {
            while hope.probability < IN_TIME && self.left > 0 {
                let Some((step, better)) = self.best(&gone, most)? else { break };
                if !better.is_above(hope) {
                    break;
                }
                gone.extend(step.iter().cloned());
                steps.push(step);
                hope = better;
            }
        }
        let mut reached = hope.probability;
        if reached <= before {
            return Ok((BTreeSet::new(), before));
        }
        if reached >= IN_TIME {
            for step in &steps {
                let fewer: BTreeSet<TaskId> = gone.difference(step).cloned().collect();
                // A part of a step can be behind another one, so it must still be closed.
                let closed = behind(self.request.set, fewer.iter().cloned()) == fewer;
                if fewer.is_empty() || !closed || self.left == 0 {
                    continue;
                }
                let probability = self.hope(&fewer)?.probability;
                if probability >= IN_TIME {
                    (gone, reached) = (fewer, probability);
                }
            }
        }
        Ok((gone, reached))
    }

    /// The tasks, one with what depends on it, whose end helps most beside what is gone.
    fn best(
        &mut self,
        gone: &BTreeSet<TaskId>,
        most: Priority,
    ) -> Result<Option<(BTreeSet<TaskId>, Hope)>, GateCycle> {
        let mut best: Option<(BTreeSet<TaskId>, Hope)> = None;
        for step in self.steps(gone, most) {
            let all: BTreeSet<TaskId> = gone.union(&step).cloned().collect();
            if all.len() >= self.request.set.tasks.len() || self.left == 0 {
                continue;
            }
            let hope = self.hope(&all)?;
            if best.as_ref().is_none_or(|(_, known)| hope.is_above(*known)) {
                best = Some((step, hope));
            }
        }
        Ok(best)
    }

    /// What may be dropped, the most promising first: on the critical path, then long.
    fn steps(&self, gone: &BTreeSet<TaskId>, most: Priority) -> Vec<BTreeSet<TaskId>> {
        let mut found: Vec<(bool, f64, BTreeSet<TaskId>)> = Vec::new();
        for task in self.request.set.tasks.iter().filter(|task| !gone.contains(&task.id)) {
            let mut step = behind(self.request.set, [task.id.clone()]);
            step.retain(|id| !gone.contains(id));
            let planned = || self.plan.tasks.iter().filter(|p| step.contains(&p.task.id));
            if planned().all(|planned| planned.task.priority <= most) {
                let critical = planned().any(|planned| planned.schedule.critical);
                let time = planned().map(|planned| planned.estimate.p50).sum();
                found.push((critical, time, step));
            }
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        found.into_iter().take(TRIED).map(|(_, _, step)| step).collect()
    }

    fn hope(&mut self, gone: &BTreeSet<TaskId>) -> Result<Hope, GateCycle> {
        self.left = self.left.saturating_sub(1);
        let set = without(self.request.set, gone);
        let risk = remaining_risk(self.request.risk, self.request.set, gone);
        let request = PlanRequest { set: &set, risk: &risk, ..self.request.clone() };
        let plan = build(&request)?;
        Ok(Hope::of(&plan, plan.predicted.in_time.unwrap_or(0.0)))
    }
}

/// How near a plan comes to its deadline. Far from it every probability is 0, so the median counts
/// as well.
#[derive(Debug, Clone, Copy)]
struct Hope {
    probability: f64,
    landed_s: f64,
}

impl Hope {
    fn of(plan: &Plan, probability: f64) -> Self {
        let predicted = &plan.predicted;
        let landed_s = match plan.decision.verdict {
            Verdict::Parallel => predicted.parallel.p50,
            Verdict::Sequential => predicted.sequential.p50,
        };
        Self { probability, landed_s }
    }

    fn is_above(self, other: Self) -> bool {
        self.probability > other.probability
            || self.probability >= other.probability && self.landed_s < other.landed_s
    }
}

#[cfg(test)]
mod tests;
