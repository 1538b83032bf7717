//! How much of the machine a suite takes: what waits leaves room for others.

use super::memory::SuiteSample;

/// A suite is never planned with less: it has to be started, and to report.
const LEAST: f64 = 0.05;
/// Shorter runs are mostly the start of their program, seconds.
const LEAST_S: f64 = 0.2;
/// A suite with this share computes for most of its time: on a machine that does other things
/// meanwhile, what it got of a core is less than what it would take.
const COMPUTES: f64 = 0.4;
/// Shares are told in this many parts of a core, so that noise makes no difference.
const PARTS: f64 = 20.0;

/// Seconds of processor time that a suite would have had with a processor to itself, at most `wall_s`
/// where it had less. `crowding`: threads that worked or wanted to meanwhile, for each processor. What
/// computes among many gets a small share of its time, as what waits does alone.
pub fn wanted_cpu(wall_s: f64, cpu_s: f64, crowding: f64) -> f64 {
    cpu_s.max((cpu_s * crowding).min(wall_s))
}

/// Cores that a module keeps busy: the most that was seen lately, since what runs beside it, here or
/// elsewhere on the machine, can only take from that. `None` where nothing of use was seen.
pub(super) fn cpu_share(samples: &[SuiteSample<'_>]) -> Option<f64> {
    let shares = samples.iter().filter(|sample| sample.seconds >= LEAST_S).filter_map(|sample| {
        let share = sample.cpu_s? / sample.seconds;
        share.is_finite().then_some(share)
    });
    let most = shares.max_by(f64::total_cmp)?;
    if most >= COMPUTES {
        return Some(((most * PARTS).round() / PARTS).max(1.0));
    }
    Some(((most * PARTS).round() / PARTS).max(LEAST))
}
