//! From draws to what is promised.

use super::Candidate;
use crate::domain::plan::learn::{Calibration, median_and_spread};
use crate::domain::plan::montecarlo::{Arms, Comparison, Times, share_within};
use crate::domain::plan::plan_type::{Overhead, Predicted, RunPrediction, Verdict};
use crate::domain::plan::simulate::Scenario;

impl Candidate<'_> {
    pub(super) fn predicted(
        &self,
        comparison: &Comparison,
        arms: &Arms<'_>,
        verdict: Verdict,
    ) -> Predicted {
        let width = arms.parallel.width;
        let times: &Times = match verdict {
            Verdict::Parallel => &comparison.parallel,
            Verdict::Sequential => &comparison.sequential,
        };
        let [lane_floor, floor] = self.floors(arms);
        let floor_of = |way| match way {
            Verdict::Parallel => floor,
            Verdict::Sequential => lane_floor,
        };
        // What is spent beside the tasks is the same in every draw, and is not known for sure either.
        let spread_over = |draws: &[f64], way| {
            let (median, sd) = median_and_spread(draws);
            let share = if median > 0.0 { (floor_of(way) / median).min(1.0) } else { 0.0 };
            (median, sd.hypot(self.request.costs.sd * share))
        };
        let (median_s, sd) = spread_over(&times.runs, verdict);
        let calibration = self.calibration(verdict);
        // The one place where draws become intervals.
        let interval = |draws: &[f64], way| {
            let (median, sd) = spread_over(draws, way);
            self.calibration(way).interval(median, sd)
        };
        let landed = |times: &Times, way| interval(&times.landed, way);
        let (sequential, parallel) = (
            landed(&comparison.sequential, Verdict::Sequential),
            landed(&comparison.parallel, Verdict::Parallel),
        );
        let merge_bias_s = match verdict {
            Verdict::Parallel => {
                parallel.p50 - self.landed(&mut self.simulator(), self.medians, width)
            }
            Verdict::Sequential => sequential.p50 - self.lane_landed(self.medians),
        };
        Predicted {
            sequential,
            parallel,
            parallel_width: width,
            benefit_s: comparison.benefit,
            probability: comparison.wins,
            calibrated: calibration.calibrated,
            run: Some(RunPrediction { median_s, sd, interval: interval(&times.runs, verdict) }),
            merge_bias_s,
            in_time: self
                .request
                .deadline
                .map(|limit| share_within(&times.landed, limit / calibration.bias.exp())),
            overhead: self.overhead(comparison, width),
        }
    }

    /// What one lane, and going side by side, would take if no task took any time, seconds.
    fn floors(&self, arms: &Arms<'_>) -> [f64; 2] {
        let nothing = vec![0.0; self.tasks.len()];
        let lane = Scenario { durations: &nothing, ..arms.sequential };
        let several = Scenario { durations: &nothing, ..arms.parallel };
        let (_, merged) = lane.lane_times(arms.first);
        [merged, self.simulator().play(&several).makespan + arms.fixed]
    }

    /// How far predictions of runs done in this way were off so far.
    pub(in crate::domain::plan) fn calibration(&self, way: Verdict) -> Calibration {
        Calibration::learn(&self.request.history.runs, self.request.workflow, way)
    }

    /// What the parallel arm spends beside the tasks, in all its worktrees together.
    fn overhead(&self, comparison: &Comparison, width: usize) -> Overhead {
        let costs = &self.request.costs;
        let tasks = self.tasks.len() as f64;
        let (made, reused) = costs.made_and_reused(self.tasks.len(), width);
        let (made, reused) = (made as f64, reused as f64);
        let reuse = costs.reuse.map_or(0.0, |reuse| reused * reuse.seconds);
        let merges = self.merges() as f64;
        let validates = !self.request.set.validations.is_empty();
        let unknown = validates && costs.validate.is_none();
        Overhead {
            provision: Some(made * costs.provision + reuse),
            carry: Some(made * costs.carry),
            setup: Some(made * costs.setup.seconds),
            commit: Some(tasks * costs.commit),
            merge: Some(merges * costs.merge),
            validate: (!unknown).then(|| self.validation()),
            conflict: (!self.has_unknown_conflicts() || comparison.redone > 0.0)
                .then_some(comparison.redone),
        }
    }
}
