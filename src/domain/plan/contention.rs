//! How much tasks that run at once slow one another down.

use serde::{Deserialize, Serialize};

/// Universal Scalability Law (Gunther 2007) and the cores that are really there
/// (`research/scheduling.md` §4).
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

impl Contention {
    /// How much longer everything takes when `active` tasks of the usual kind run at once.
    pub fn slowdown(&self, active: f64) -> f64 {
        let others = (active - 1.0).max(0.0);
        1.0 + self.sigma * others + self.kappa * active * others
    }
}
