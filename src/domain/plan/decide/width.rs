//! How many slots are worth having.

use super::Candidate;
use crate::domain::plan::contention::Contention;
use crate::domain::plan::montecarlo::Draw;
use crate::domain::plan::simulate::Simulator;

/// Gains below this share are not worth another slot.
const WORTH: f64 = 0.02;

/// Widths above the slots that are looked at, to say whether more slots would pay.
const LOOKED_AT: usize = 32;

/// Above this many tasks, nothing is said of more slots than there are.
const MOST_BEYOND: usize = 1000;

/// Mean times up to landed by width: for each width, the best that is at most as wide. A
/// list schedule can end later with more slots; nobody must use them.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::domain::plan) struct Curve {
    /// Of the widths 1, 2, and so on.
    times: Vec<f64>,
    /// Slots there are.
    slots: usize,
}

impl Curve {
    /// Over these draws, up to `widest` slots, which bounds of the tasks or of the machine may cut
    /// short.
    pub(in crate::domain::plan) fn of(
        candidate: &Candidate<'_>,
        simulator: &mut Simulator,
        draws: &[Draw],
        widest: usize,
    ) -> Self {
        let without_slots = draws.first().map_or(0, |draw| {
            simulator.play(&candidate.parallel_in(draw, candidate.tasks.len())).peak
        });
        let widest =
            widest.min(without_slots).min(most_at_once(candidate.request.contention)).max(1);
        let mut times = Vec::with_capacity(widest);
        let mut best = f64::INFINITY;
        for width in 1..=widest {
            let mut merged = |draw| simulator.play(&candidate.parallel_in(draw, width)).makespan;
            let mean = draws.iter().map(&mut merged).sum::<f64>() / draws.len().max(1) as f64;
            let landed = mean + candidate.request.costs.fixed + candidate.validation();
            best = if width == 2 { landed } else { best.min(landed) };
            times.push(best);
        }
        Self { times, slots: candidate.request.slots.max(1) }
    }

    /// On few draws within the slots, at medians beyond them: what more slots would gain.
    pub(in crate::domain::plan) fn wide(
        candidate: &Candidate<'_>,
        simulator: &mut Simulator,
    ) -> (Self, usize) {
        let slots = candidate.request.slots.max(1);
        let within = Self::of(candidate, simulator, &candidate.few_draws(), slots);
        if candidate.tasks.len() > MOST_BEYOND {
            let until = within.pays_until();
            return (within, until);
        }
        let expected = Draw::expected(candidate.medians);
        let beyond = Self::of(candidate, simulator, &[expected], slots.max(LOOKED_AT));
        (within, beyond.pays_until())
    }

    /// The smallest width, at least 2, within 2 % of the fastest; 1 where two never run at once.
    pub(in crate::domain::plan) fn best(&self) -> usize {
        let within = &self.times[..self.times.len().min(self.slots)];
        let Some(&fastest) = within.get(1..).and_then(<[f64]>::last) else { return 1 };
        let worst = (1.0 + WORTH) * fastest;
        within.iter().skip(1).position(|&time| time <= worst).map_or(1, |at| at + 2)
    }

    /// The widest width that still gains 2 % over the one below.
    pub(in crate::domain::plan) fn pays_until(&self) -> usize {
        let gains = |at: &usize| self.times[*at] <= (1.0 - WORTH) * self.times[at - 1];
        (1..self.times.len()).rev().find(gains).map_or(1, |at| at + 1)
    }

    /// Time up to landed on `width` slots.
    #[cfg(test)]
    pub(in crate::domain::plan) fn time(&self, width: usize) -> f64 {
        let at = width.clamp(1, self.times.len().max(1)) - 1;
        self.times.get(at).copied().unwrap_or(0.0)
    }
}

/// The number of tasks from which on more of them get less done (`research/scheduling.md` §4).
fn most_at_once(contention: Contention) -> usize {
    let best = ((1.0 - contention.sigma).max(0.0) / contention.kappa).sqrt();
    if best.is_finite() { (best as usize).max(1) } else { usize::MAX }
}
