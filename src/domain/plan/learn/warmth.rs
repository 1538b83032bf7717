//! What a task saves when another one had its lane before: caches are filled, things are built.

use super::observations::{Observation, Series};

/// Spread of one attempt about its mean before there are attempts (task and run together) and what
/// that is worth in attempts.
const SD: f64 = 0.21;
const WORTH: f64 = 4.0;

/// Seconds by which attempts further back in a lane are shorter than those in a fresh worktree; 0
/// where one of the two was never seen, less the more of the difference may be chance (James and
/// Stein 1961).
pub(super) fn saved(series: &Series<'_>) -> f64 {
    let of = |warm: bool| {
        let logs = series.observations.iter().filter(|o| !o.censored && o.warm == warm);
        Group::of(logs.map(|o| o.log))
    };
    let (Some(cold), Some(warm)) = (of(false), of(true)) else { return 0.0 };
    let freedom = WORTH + cold.count + warm.count - 2.0;
    let variance = (WORTH * SD.powi(2) + cold.squares + warm.squares) / freedom;
    let chance = variance * (1.0 / cold.count + 1.0 / warm.count);
    let difference = cold.mean - warm.mean;
    if difference <= chance.sqrt() {
        return 0.0;
    }
    (cold.mean.exp() - warm.mean.exp()) * (1.0 - chance / difference.powi(2))
}

/// The observation as it would have been in a fresh worktree.
pub(super) fn cold(observation: &Observation, saved: f64) -> Observation {
    if observation.warm && saved > 0.0 {
        Observation { log: (observation.log.exp() + saved).ln(), ..*observation }
    } else {
        *observation
    }
}

struct Group {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Group {
    fn of(logs: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let count = logs.clone().count() as f64;
        if count < 1.0 {
            return None;
        }
        let mean = logs.clone().sum::<f64>() / count;
        let squares = logs.map(|log| (log - mean).powi(2)).sum();
        Some(Self { count, mean, squares })
    }
}
