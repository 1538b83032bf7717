//! Scenarios side by side.

use super::WhatIf;
use super::apply::Applied;
use super::sentence::sentence;
use crate::domain::plan::build::{GateCycle, PlanRequest, build};
use crate::domain::plan::plan_type::{Binding, Interval, Plan, Verdict};

/// What the plan of one scenario says, beside that of things as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The scenario as it was written; `None` for things as they are.
    pub changes: Option<String>,
    /// Side by side or one after another.
    pub verdict: Verdict,
    /// Slots; 1 when sequential.
    pub width: usize,
    /// Tasks, gates included.
    pub tasks: usize,
    /// When everything has landed, in the chosen arm, seconds.
    pub landed: Interval,
    /// How much sooner than as things are; negative: later. Seconds at the medians.
    pub saving_s: f64,
    /// Share of the draws in which parallel was faster than sequential.
    pub probability: f64,
    /// What limits the best parallel schedule.
    pub binding: Binding,
    /// Probability that it has landed by the deadline, where one was given.
    pub in_time: Option<f64>,
    /// What that means, in one plain sentence without a final stop.
    pub sentence: String,
}

/// Things as they are, which is `plan` of `base`, then every scenario.
///
/// # Errors
/// As [`build`]; a scenario that was read by [`super::parse_what_if`] adds no cycle.
pub fn compare(
    base: &PlanRequest<'_>,
    plan: &Plan,
    what_ifs: &[WhatIf],
) -> Result<Vec<Compared>, GateCycle> {
    let mut all = vec![compared(plan, plan)];
    for what_if in what_ifs {
        let applied = Applied::new(what_if, base, plan);
        let changed = build(&applied.request(base))?;
        let sentence = sentence(what_if, &applied, base, (plan, &changed));
        let changes = Some(what_if.text.clone());
        all.push(Compared { changes, sentence, ..compared(&changed, plan) });
    }
    Ok(all)
}

fn compared(plan: &Plan, base: &Plan) -> Compared {
    Compared {
        changes: None,
        verdict: plan.decision.verdict,
        width: plan.decision.width,
        tasks: plan.tasks.len(),
        landed: landed(plan),
        saving_s: landed(base).p50 - landed(plan).p50,
        probability: plan.predicted.probability,
        binding: plan.decision.binding,
        in_time: plan.predicted.in_time,
        sentence: "as things are".to_owned(),
    }
}

/// Prediction of the chosen arm.
pub(super) fn landed(plan: &Plan) -> Interval {
    match plan.decision.verdict {
        Verdict::Parallel => plan.predicted.parallel,
        Verdict::Sequential => plan.predicted.sequential,
    }
}
