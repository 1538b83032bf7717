//! By how much tasks must be longer or shorter for the verdict to turn.

use super::Candidate;
use super::rule::needed_benefit;
use crate::domain::plan::plan_type::Verdict;
use crate::domain::plan::simulate::Simulator;

/// Scales beyond this say nothing about real tasks.
const WIDEST_SCALE: f64 = 1e3;

/// Above this many tasks, only the chosen width is tried.
const MOST_TRIED: usize = 1000;

impl Candidate<'_> {
    /// By how much all durations must be scaled for the verdict at medians to turn: `None` when it
    /// does not within a factor of 1,000, or when the draws say otherwise than the medians.
    pub(super) fn turning_scale(&self, ruled: Verdict, width: usize) -> Option<f64> {
        let mut simulator = Simulator::new(self.problem);
        let now = ruled == Verdict::Parallel;
        if self.tasks.len() < 2
            || self.slots() < 2
            || self.would_split(&mut simulator, 1.0, width) != now
        {
            return None;
        }
        let (mut same, mut turned) =
            if now { (1.0, 1.0 / WIDEST_SCALE) } else { (1.0, WIDEST_SCALE) };
        if self.would_split(&mut simulator, turned, width) == now {
            return None;
        }
        let steps = if self.tasks.len() > 500 { 6 } else { 14 };
        for _ in 0..steps {
            let middle = f64::sqrt(same * turned);
            if self.would_split(&mut simulator, middle, width) == now {
                same = middle;
            } else {
                turned = middle;
            }
        }
        Some(turned)
    }

    /// The rule at medians when all of them are `scale` times as long.
    fn would_split(&self, simulator: &mut Simulator, scale: f64, width: usize) -> bool {
        self.share_of_need(simulator, scale, width) >= 1.0
    }

    /// The benefit at medians that are all `scale` times as long, as a share of what splitting must
    /// bring: on the best of a few widths, since this is asked often.
    pub(in crate::domain::plan) fn share_of_need(
        &self,
        simulator: &mut Simulator,
        scale: f64,
        width: usize,
    ) -> f64 {
        let durations: Vec<f64> = self.medians.iter().map(|median| median * scale).collect();
        let sequential = self.lane_landed(&durations);
        let parallel = self
            .tried_widths(width)
            .into_iter()
            .map(|width| self.landed(simulator, &durations, width))
            .fold(f64::INFINITY, f64::min);
        (sequential - parallel) / needed_benefit(sequential, self.tasks.len())
    }

    /// Widths of which the best one counts: the chosen one; for few enough tasks, narrower and
    /// wider ones.
    fn tried_widths(&self, chosen: usize) -> Vec<usize> {
        let chosen = chosen.max(2);
        if self.tasks.len() > MOST_TRIED {
            return vec![chosen];
        }
        let mut widths = vec![2, usize::midpoint(2, chosen), chosen, self.slots().max(2)];
        widths.dedup();
        widths
    }
}
