//! How much tasks that run at once slow one another down.

mod points;
mod regression;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::history::History;

/// Universal Scalability Law (Gunther 2007) and the cores that are really there
/// (`research/scheduling.md` §4).
///
/// Waiting for a core is no part of sigma and kappa: it is the demand of the tasks that run, divided
/// by [`effective_cores`](Self::effective_cores), which the simulator counts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contention {
    /// Share of the work that is serial.
    pub sigma: f64,
    /// Cost of keeping every pair of tasks coherent.
    pub kappa: f64,
    /// Cores that tasks really get, as measured; at least 1. `None`: those the system names.
    pub effective_cores: Option<f64>,
    /// Different widths from which sigma and kappa were fitted; 0: defaults.
    pub widths: u32,
}

/// What holds until three widths were observed.
pub const DEFAULT_CONTENTION: Contention =
    Contention { sigma: 0.03, kappa: 0.002, effective_cores: None, widths: 0 };

/// Widths at which tasks must have been seen before the defaults give way: two parameters cannot be
/// told apart with fewer.
const LEAST_WIDTHS: usize = 3;

impl Contention {
    /// How much longer everything takes when `active` tasks of the usual kind run at once.
    pub fn slowdown(&self, active: f64) -> f64 {
        let others = (active - 1.0).max(0.0);
        1.0 + self.sigma * others + self.kappa * active * others
    }

    /// The same among tasks that compute for this share of their time only: what waits is not slowed
    /// down by what runs beside it.
    #[must_use]
    pub fn among(self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        Self { sigma: share * self.sigma, kappa: share * self.kappa, ..self }
    }

    /// Sigma and kappa from attempts of equal work at different widths, on a machine with this many
    /// cores. Least squares with both at least 0, drawn to the defaults as by two further
    /// observations of each; the defaults themselves until three widths were observed. Where every
    /// comparison was made at one width, kappa keeps its default.
    ///
    /// Attempts of runs that kept more than 80 % of the cores busy do not count: what slowed those
    /// down was, or may have been, the want of cores, which is counted apart. Neither do attempts
    /// whose processor time is unknown, that were cut off, or that found a lane warm.
    pub fn fit(history: &History, cores: f64) -> Self {
        let observed = points::comparisons(history, cores);
        if observed.widths.len() < LEAST_WIDTHS {
            return DEFAULT_CONTENTION;
        }
        let prior = (DEFAULT_CONTENTION.sigma, DEFAULT_CONTENTION.kappa);
        let (sigma, kappa) = if observed.compared == 1 {
            (regression::first_only(&observed.points, prior), prior.1)
        } else {
            regression::both(&observed.points, prior)
        };
        Self {
            // 1: nothing at all gets done side by side.
            sigma: sigma.min(1.0),
            kappa,
            effective_cores: None,
            widths: u32::try_from(observed.widths.len()).unwrap_or(u32::MAX),
        }
    }

    /// Tasks at once beyond which more of them get less done in all; `None` when there is no such
    /// number.
    pub fn peak(&self) -> Option<usize> {
        let peak = ((1.0 - self.sigma).max(0.0) / self.kappa).sqrt().floor().max(1.0);
        // Conversion saturates; nobody runs as many as a u32 counts.
        (self.kappa > 0.0 && peak < f64::from(u32::MAX)).then_some(peak as usize)
    }
}
