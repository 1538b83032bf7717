//! How many cores a program really gets: measured, because on shared machines the number that the
//! system names is a promise.

use std::hint::black_box;
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::Duration;

use super::clock::Clock;

/// Threads that are tried at most. What more cores would give is extrapolated.
const MOST_THREADS: usize = 8;

/// How often one thread is held against several.
const ROUNDS: usize = 3;

/// How long each of the two spins in a round.
const WINDOW: Duration = Duration::from_millis(10);

/// Steps between two looks at the clock: some microseconds.
const STEPS: u64 = 2_000;

/// Measures how many times the work of one thread all `cores` together get done, from 1 to `cores`.
/// Takes about 60 ms, and nothing where there is one core. The median of three rounds; in each, what
/// one thread gets done is taken right before, so that busy neighbours slow both alike.
pub fn measure_cores(cores: usize) -> f64 {
    let threads = cores.min(MOST_THREADS);
    if threads < 2 {
        return 1.0;
    }
    let mut ratios: Vec<f64> =
        (0..ROUNDS).map(|_| spin(threads) as f64 / spin(1).max(1) as f64).collect();
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios.get(ROUNDS / 2).copied().unwrap_or(1.0);
    (ratio / threads as f64 * cores as f64).clamp(1.0, cores as f64)
}

/// Steps that so many threads take together within the window, which begins with the first of them:
/// one that has to wait for a core gets less of it.
fn spin(threads: usize) -> u64 {
    let (ready, begun) = (Barrier::new(threads), OnceLock::new());
    thread::scope(|scope| {
        let spinning: Vec<_> = (0..threads)
            .map(|thread| {
                let (ready, begun) = (&ready, &begun);
                scope.spawn(move || {
                    ready.wait();
                    count_steps(begun.get_or_init(Clock::start), thread as u64 + 1)
                })
            })
            .collect();
        spinning.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    })
}

fn count_steps(clock: &Clock, seed: u64) -> u64 {
    let (mut value, mut steps) = (seed, 0);
    while clock.elapsed() < WINDOW {
        for _ in 0..STEPS {
            // xorshift: in registers alone, so that neither memory nor cache is what is measured.
            value ^= value << 13;
            value ^= value >> 7;
            value ^= value << 17;
        }
        black_box(value);
        steps += STEPS;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_at_least_one_core_and_no_more_than_it_names() {
        assert!((measure_cores(1) - 1.0).abs() < f64::EPSILON);
        let measured = measure_cores(2);
        assert!((1.0..=2.0).contains(&measured), "{measured}");
    }
}
