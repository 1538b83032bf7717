//! Real graphs with noise of known kind: forty runs of each in one repository.

use std::path::Path;

use crate::repeats::figures;
use crate::replay_data::{Trace, instances};
use crate::replay_noise::Noise;
use crate::replay_world::{Played, World};
use crate::table::{Limit, Row};

const RUNS: usize = 40;
const SEEDS: u64 = 3;
/// Runs before the first prediction that counts.
const CALIBRATION_RUNS: usize = 19;

/// How the runs of one workflow differ.
struct Kind {
    run_sd: f64,
    task_sd: f64,
    outliers: f64,
}

/// Figures of `wfinstances/`.
pub(crate) fn rows(data: &Path) -> Vec<Row> {
    let traces: Vec<Trace> = instances(data).into_iter().filter(|t| t.parents.len() > 1).collect();
    let all: Vec<Played> = (1..=SEEDS).flat_map(|seed| played(&traces, seed)).collect();
    figures("real graphs with noise", &all, Limit::AtMost(10.0), Limit::Between(93.0, 97.0))
}

fn played(traces: &[Trace], seed: u64) -> Vec<Played> {
    let mut noise = Noise::new(seed);
    let kinds: Vec<Kind> = traces
        .iter()
        .map(|_| Kind {
            run_sd: noise.between(0.01, 0.15),
            task_sd: noise.between(0.03, 0.40),
            outliers: noise.between(0.0, 0.03),
        })
        .collect();
    let mut world = World::default();
    let mut attempts: Vec<Vec<_>> = traces.iter().map(|_| Vec::new()).collect();
    let mut all = Vec::new();
    for _ in 0..RUNS {
        for ((trace, kind), attempts) in traces.iter().zip(&kinds).zip(&mut attempts) {
            // Attempts of other workflows teach nothing here: every task has its own.
            world.history.attempts = std::mem::take(attempts);
            all.push(world.play(trace, &kind.run(&trace.runs[0], &mut noise)));
            *attempts = std::mem::take(&mut world.history.attempts);
        }
    }
    all.into_iter().skip(CALIBRATION_RUNS).filter(|run| run.calibrated).collect()
}

impl Kind {
    fn run(&self, recorded: &[Option<f64>], noise: &mut Noise) -> Vec<Option<f64>> {
        let shared = self.run_sd * noise.normal();
        let mut one = |seconds: f64| {
            let own = self.task_sd * noise.normal();
            let outlier =
                if noise.uniform() < self.outliers { noise.between(1.5, 4.0) } else { 1.0 };
            seconds * (shared + own).exp() * outlier
        };
        recorded.iter().map(|seconds| seconds.map(&mut one)).collect()
    }
}
