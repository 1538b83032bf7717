//! What is spent beside the tasks, in seconds: measured in this repository where it was, defaults
//! of `research/scheduling.md` §4 until then.

use serde::{Deserialize, Serialize};

use super::median::median;

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostSample {
    /// Size of the thing done: files of a worktree; 1 for a commit, merge or validation.
    pub quantity: f64,
    /// How long it took.
    pub seconds: f64,
}

/// Costs of one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Fixed cost of going parallel at all.
    pub fixed: f64,
    /// One worktree.
    pub provision: f64,
    /// Bringing ignored files of the checkout into one worktree.
    pub carry: f64,
    /// One commit of a task's work.
    pub commit: f64,
    /// One merge of a branch.
    pub merge: f64,
    /// All setup hooks once, in one worktree.
    pub setup: SetupCost,
    /// All validations once; `None` when there are none or they never ran.
    pub validate: Option<f64>,
    /// What a conflict costs, as a share of the duration of the task that is done again.
    pub redo: f64,
    /// Probability that the merged state fails its validation once.
    pub red: f64,
    /// A worktree of an earlier run waits, made, set up and warm: one lane needs no other. Side by
    /// side it counts for nothing, since the slowest task is one without it.
    pub lane_ready: bool,
    /// Worktrees go from one task to the next, as those of a test run do.
    #[serde(default)]
    pub reuse: Option<Reuse>,
    /// What is spent on a task beside its steps, side by side: storing what happened, starting its
    /// program, reading what that left.
    #[serde(default)]
    pub handling: f64,
    /// The same in one lane, with bringing the worktree to the start of the next task.
    #[serde(default)]
    pub lane_handling: f64,
    /// Standard deviation of the logarithm of all these, from run to run.
    #[serde(default)]
    pub sd: f64,
    /// How many of provision, commit and merge come from measurements.
    pub measured: u8,
}

/// Worktrees that are used again as soon as a task is over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reuse {
    /// Those that wait beforehand, warm.
    pub ready: usize,
    /// Seconds until one of them can be used.
    pub seconds: f64,
}

/// What the setup hooks of one worktree are expected to take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SetupCost {
    /// Hooks that will run.
    pub hooks: usize,
    /// Seconds, all of them together.
    pub seconds: f64,
    /// From measurements, not from a default.
    pub measured: bool,
}

/// No hooks.
pub(super) const NO_SETUP: SetupCost = SetupCost { hooks: 0, seconds: 0.0, measured: false };

/// A hook that was never measured, seconds.
pub(super) const DEFAULT_HOOK_S: f64 = 10.0;

/// Share of a task that is done again when its work does not merge: half, since most of it stands.
const DEFAULT_REDO: f64 = 0.5;

/// A worktree of tests that is made what it was, or that waits and is taken: until measured here.
const DEFAULT_RENEW_S: f64 = 0.05;
const DEFAULT_REUSE_S: f64 = 0.05;

/// Handling a task until it was measured here, seconds: three writes to a disk and a start of a program
/// (`scripts/bench/latency.sh`). In one lane the worktree is brought to its start on top of that.
const DEFAULT_HANDLING_S: f64 = 0.02;
const DEFAULT_LANE_HANDLING_S: f64 = 0.03;
/// Spread of such costs from run to run before there are runs, and what that is worth in runs.
const COST_SD: f64 = 0.4;
const COST_WORTH: f64 = 4.0;
/// Going parallel at all, until the handling of tasks was measured side by side.
const DEFAULT_FIXED_S: f64 = 0.2;

/// One merged state in ten fails at first: a judgement, not measured.
const DEFAULT_RED: f64 = 0.1;

/// A world in which only tasks take time.
pub const NO_COSTS: Costs = Costs {
    fixed: 0.0,
    provision: 0.0,
    carry: 0.0,
    commit: 0.0,
    merge: 0.0,
    setup: NO_SETUP,
    validate: None,
    redo: 0.0,
    red: 0.0,
    lane_ready: false,
    reuse: None,
    handling: 0.0,
    lane_handling: 0.0,
    sd: 0.0,
    measured: 0,
};

/// Measurements by kind, newest last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CostSamples {
    /// Worktrees, quantity in files.
    pub provision: Vec<CostSample>,
    /// Commits.
    pub commit: Vec<CostSample>,
    /// Merges.
    pub merge: Vec<CostSample>,
    /// Setups of a worktree in which every hook ran, quantity in hooks.
    pub setup: Vec<CostSample>,
    /// All validations of an integration.
    pub validate: Vec<CostSample>,
    /// Handling the tasks of a run side by side, quantity in tasks.
    pub handling: Vec<CostSample>,
    /// In one lane.
    pub lane_handling: Vec<CostSample>,
}

impl Costs {
    /// Costs for a base of `files` files that `hooks` setup hooks are meant for, and whose worktrees
    /// get nothing else.
    pub fn learn(samples: &CostSamples, files: usize, hooks: usize) -> Self {
        let files = files as f64;
        let worktrees: Vec<CostSample> = samples
            .provision
            .iter()
            .map(|s| CostSample { quantity: 1.0, seconds: s.seconds * files / s.quantity.max(1.0) })
            .collect();
        let provision = unit_seconds(&worktrees);
        let commit = unit_seconds(&samples.commit);
        let merge = unit_seconds(&samples.merge);
        let measured = [provision, commit, merge].iter().filter(|cost| cost.is_some()).count();
        let handling = unit_seconds(&samples.handling);
        let lane_handling = unit_seconds(&samples.lane_handling);
        Self {
            fixed: if handling.is_some() { 0.0 } else { DEFAULT_FIXED_S },
            provision: provision.unwrap_or(0.05 + 1e-4 * files),
            carry: 0.0,
            commit: commit.unwrap_or(0.15),
            merge: merge.unwrap_or(0.03),
            setup: setup_cost(&samples.setup, hooks),
            validate: unit_seconds(&samples.validate),
            redo: DEFAULT_REDO,
            red: DEFAULT_RED,
            lane_ready: false,
            reuse: None,
            handling: handling.or(lane_handling).unwrap_or(DEFAULT_HANDLING_S),
            lane_handling: lane_handling.or(handling).unwrap_or(DEFAULT_LANE_HANDLING_S),
            sd: spread([&samples.handling, &samples.lane_handling]),
            measured: u8::try_from(measured).unwrap_or(u8::MAX),
        }
    }
}

impl Costs {
    /// The same for a test run: a worktree is made what it was in place of a commit, nothing is merged
    /// or validated, and `ready` worktrees wait. Measurements of making one what it was and of taking
    /// one that waits, newest last.
    #[must_use]
    pub fn for_tests(self, renew: &[CostSample], reuse: &[CostSample], ready: usize) -> Self {
        let (renewed, reused) = (unit_seconds(renew), unit_seconds(reuse));
        Self {
            commit: renewed.unwrap_or(DEFAULT_RENEW_S),
            merge: 0.0,
            validate: None,
            redo: 0.0,
            red: 0.0,
            lane_ready: ready > 0,
            reuse: Some(Reuse { ready, seconds: reused.unwrap_or(DEFAULT_REUSE_S) }),
            measured: 2 * u8::from(renewed.is_some()) + u8::from(reused.is_some()),
            ..self
        }
    }

    /// Of as many tasks on so many slots, how many get a worktree of their own that is made for them,
    /// and how many one that is used again.
    pub(super) fn made_and_reused(&self, tasks: usize, width: usize) -> (usize, usize) {
        match self.reuse {
            None => (tasks, 0),
            Some(Reuse { ready, .. }) => {
                let made = tasks.min(width).saturating_sub(ready);
                (made, tasks - made)
            }
        }
    }
}

fn setup_cost(samples: &[CostSample], hooks: usize) -> SetupCost {
    let each = unit_seconds(samples).filter(|_| hooks > 0);
    let seconds = hooks as f64 * each.unwrap_or(DEFAULT_HOOK_S);
    SetupCost { hooks, seconds, measured: each.is_some() }
}

/// Spread of measurements of several kinds, each about its own median.
fn spread(kinds: [&[CostSample]; 2]) -> f64 {
    let (mut squares, mut freedom) = (COST_WORTH * COST_SD * COST_SD, COST_WORTH);
    for samples in kinds {
        let Some(usual) = unit_seconds(samples).filter(|usual| *usual > 0.0) else { continue };
        let logs = samples.iter().map(|sample| (sample.seconds / sample.quantity / usual).ln());
        let logs: Vec<f64> = logs.filter(|log| log.is_finite()).collect();
        squares += logs.iter().map(|log| log * log).sum::<f64>();
        freedom += logs.len().saturating_sub(1) as f64;
    }
    (squares / freedom).sqrt()
}

/// Seconds for one unit of the quantity, the median where there are measurements.
pub fn unit_seconds(samples: &[CostSample]) -> Option<f64> {
    let rates = samples.iter().map(|s| s.seconds / s.quantity);
    median(rates.filter(|rate| rate.is_finite() && *rate >= 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measured_worktree_scales_with_the_number_of_files() {
        let samples = CostSamples {
            provision: vec![CostSample { quantity: 1000.0, seconds: 0.5 }],
            ..CostSamples::default()
        };
        let costs = Costs::learn(&samples, 4000, 0);
        assert!((costs.provision - 2.0).abs() < 1e-9);
        assert_eq!((costs.measured, costs.validate), (1, None));
    }

    #[test]
    fn a_test_run_makes_as_many_worktrees_as_do_not_wait() {
        let samples = [CostSample { quantity: 1.0, seconds: 0.3 }];
        let costs = Costs::learn(&CostSamples::default(), 100, 0).for_tests(&samples, &[], 1);
        assert_eq!((costs.commit, costs.merge, costs.validate), (0.3, 0.0, None));
        assert_eq!(costs.made_and_reused(8, 4), (3, 5));
        assert_eq!(costs.made_and_reused(1, 4), (0, 1));
        assert_eq!(NO_COSTS.made_and_reused(8, 4), (8, 0));
    }

    #[test]
    fn what_no_step_tells_of_is_measured_and_takes_the_place_of_what_was_assumed() {
        let unmeasured = Costs::learn(&CostSamples::default(), 1, 0);
        assert_eq!((unmeasured.handling, unmeasured.fixed), (DEFAULT_HANDLING_S, DEFAULT_FIXED_S));
        let runs = [0.4, 0.5, 0.6].map(|seconds| CostSample { quantity: 10.0, seconds }).to_vec();
        let lane = CostSamples { lane_handling: runs.clone(), ..CostSamples::default() };
        let lane = Costs::learn(&lane, 1, 0);
        // Better than nothing where side by side was never seen.
        assert_eq!((lane.handling, lane.lane_handling), (0.05, 0.05));
        assert_eq!(lane.fixed, DEFAULT_FIXED_S);
        assert!(lane.sd < unmeasured.sd, "runs that are alike say that the next one is, too");
        let wide = [0.1, 0.5, 2.5].map(|seconds| CostSample { quantity: 10.0, seconds }).to_vec();
        let both = CostSamples { lane_handling: runs, handling: wide, ..CostSamples::default() };
        let both = Costs::learn(&both, 1, 0);
        assert_eq!(both.fixed, 0.0);
        assert!(both.sd > unmeasured.sd, "{}", both.sd);
    }

    #[test]
    fn one_outlier_does_not_move_a_cost() {
        let commit = [0.1, 0.1, 9.0].map(|seconds| CostSample { quantity: 1.0, seconds }).to_vec();
        let samples = CostSamples { commit, ..CostSamples::default() };
        assert!((Costs::learn(&samples, 1, 0).commit - 0.1).abs() < 1e-9);
    }

    #[test]
    fn hooks_cost_what_they_took_each_and_a_default_before_that() {
        let unmeasured = Costs::learn(&CostSamples::default(), 1, 2).setup;
        assert_eq!(unmeasured, SetupCost { hooks: 2, seconds: 20.0, measured: false });
        let setup = vec![CostSample { quantity: 2.0, seconds: 6.0 }];
        let samples = CostSamples { setup, ..CostSamples::default() };
        let measured = Costs::learn(&samples, 1, 3).setup;
        assert_eq!(measured, SetupCost { hooks: 3, seconds: 9.0, measured: true });
        assert_eq!(Costs::learn(&samples, 1, 0).setup, NO_SETUP);
    }
}
