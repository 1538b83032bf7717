//! By how much tasks must be longer or shorter for the verdict to turn.

use super::Candidate;
use super::rule::needed_benefit;
use super::width::Curve;
use crate::domain::plan::montecarlo::Draw;
use crate::domain::plan::plan_type::Verdict;
use crate::domain::plan::simulate::Simulator;

/// Scales beyond this say nothing about real tasks.
const WIDEST_SCALE: f64 = 1e3;

impl Candidate<'_> {
    /// By how much all durations must be scaled for the verdict at medians to turn: `None` when it
    /// does not within a factor of 1,000, or when the draws say otherwise than the medians.
    pub(super) fn turning_scale(&self, ruled: Verdict) -> Option<f64> {
        let mut simulator = Simulator::new(self.problem);
        let now = ruled == Verdict::Parallel;
        if self.tasks.len() < 2 || self.would_split(&mut simulator, 1.0) != now {
            return None;
        }
        let (mut same, mut turned) =
            if now { (1.0, 1.0 / WIDEST_SCALE) } else { (1.0, WIDEST_SCALE) };
        if self.would_split(&mut simulator, turned) == now {
            return None;
        }
        let steps = if self.tasks.len() > 500 { 6 } else { 14 };
        for _ in 0..steps {
            let middle = f64::sqrt(same * turned);
            if self.would_split(&mut simulator, middle) == now {
                same = middle;
            } else {
                turned = middle;
            }
        }
        Some(turned)
    }

    /// The rule at medians when all of them are `scale` times as long.
    pub(in crate::domain::plan) fn would_split(
        &self,
        simulator: &mut Simulator,
        scale: f64,
    ) -> bool {
        let durations: Vec<f64> = self.medians.iter().map(|median| median * scale).collect();
        let sequential = self.lane_landed(&durations);
        let draws = [Draw::expected(&durations)];
        let curve = Curve::of(self, simulator, &draws, self.request.slots);
        let width = curve.best();
        let benefit = sequential - curve.time(width);
        width > 1 && benefit >= needed_benefit(sequential, self.tasks.len())
    }
}
