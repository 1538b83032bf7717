//! What a decision costs against the best one in hindsight.

use std::path::Path;

use wt_orch::domain::plan::{
    Costs, DEFAULT_CONTENTION, Host, Interplay, Luck, NO_COSTS, Plan, PlanRequest, Scenario,
    TaskTraits, build, simulate,
};
use wt_orch::domain::task::TaskSet;

use crate::replay_data::{Trace, instances, repeats, snapshots};
use crate::replay_noise::Noise;
use crate::replay_world::{World, tasks_of};
use crate::table::{Limit, Row};

/// Past runs that a decision is made from.
const PAST: usize = 3;
const WIDTHS: usize = 8;
/// What was measured in a repository of 5,000 files (`research/scheduling.md` §4).
const COSTS: Costs = Costs { fixed: 0.2, provision: 0.5, commit: 0.15, merge: 0.03, ..NO_COSTS };
/// Scales of the recorded times: as they are, and where splitting hardly pays.
const SCALES: [f64; 4] = [1.0, 0.1, 0.01, 0.001];

/// Time of the decision, of one after another and of the best width, seconds.
struct Outcome {
    chosen: f64,
    sequential: f64,
    best: f64,
}

/// Figures of every trace in the folder.
pub(crate) fn rows(data: &Path) -> Vec<Row> {
    let mut noise = Noise::new(11);
    let recorded = repeats(data).into_iter().chain(snapshots(data));
    let noisy = instances(data).into_iter().map(|trace| with_noise(trace, &mut noise));
    let traces: Vec<Trace> = recorded.chain(noisy).filter(|t| t.runs.len() > PAST).collect();
    let cases = traces.iter().flat_map(|trace| SCALES.map(|scale| (trace, scale)));
    let outcomes: Vec<Outcome> = cases.filter_map(|(trace, scale)| outcome(trace, scale)).collect();
    let row = |quantity: &str, measured: f64, unit: &'static str, limit: Limit| Row {
        quantity: format!("decision regret: {quantity}"),
        measured,
        unit,
        limit,
    };
    if outcomes.is_empty() {
        return vec![row("no data", 0.0, "cases", Limit::Shown)];
    }
    let count = outcomes.len() as f64;
    let regret = |o: &Outcome| 100.0 * (o.chosen / o.best - 1.0);
    let worse = outcomes.iter().filter(|o| o.chosen > 1.05 * o.sequential).count() as f64;
    vec![
        row("cases", count, "", Limit::Shown),
        row("mean", outcomes.iter().map(regret).sum::<f64>() / count, "%", Limit::AtMost(3.0)),
        row("worst", outcomes.iter().map(regret).fold(0.0, f64::max), "%", Limit::Shown),
        row("over 5 % worse than sequential", 100.0 * worse / count, "%", Limit::AtMost(5.0)),
    ]
}

/// Runs of a graph of which one was recorded.
fn with_noise(trace: Trace, noise: &mut Noise) -> Trace {
    let recorded = trace.runs[0].clone();
    let runs = (0..=PAST)
        .map(|_| {
            let shared = 0.08 * noise.normal();
            let mut one = |s: f64| s * (shared + 0.2 * noise.normal()).exp();
            recorded.iter().map(|seconds| seconds.map(&mut one)).collect()
        })
        .collect();
    Trace { runs, ..trace }
}

fn outcome(trace: &Trace, scale: f64) -> Option<Outcome> {
    let scaled = |run: &[Option<f64>]| -> Vec<Option<f64>> {
        run.iter().map(|seconds| seconds.map(|s| s * scale)).collect()
    };
    let mut world = World::default();
    let (past, rest) = trace.runs.split_at(PAST);
    for run in past {
        let (tasks, seconds) = tasks_of(trace, &scaled(run));
        world.remember(trace, &tasks, &seconds);
    }
    let (tasks, seconds) = tasks_of(trace, &scaled(rest.first()?));
    let set = TaskSet { name: Some(trace.name.clone()), tasks, ..TaskSet::default() };
    let plan = build(&PlanRequest {
        workflow: &trace.name,
        host: Host { cores: WIDTHS, memory: 0 },
        slots: WIDTHS,
        costs: COSTS,
        history: &world.history,
        draws: 200,
        seed: 1,
        ..PlanRequest::of(&set)
    })
    .ok()?;
    let time = |width: usize| played(&plan, &seconds, width);
    let times: Vec<f64> = (1..=WIDTHS).map(time).collect();
    Some(Outcome {
        chosen: *times.get(plan.decision.width.max(1) - 1)?,
        sequential: times[0],
        best: times.iter().copied().fold(f64::INFINITY, f64::min),
    })
}

/// Time of a run of this width; width 1 is one lane.
fn played(plan: &Plan, durations: &[f64], width: usize) -> f64 {
    let parallel = width > 1;
    let traits = plan.tasks.iter().map(|planned| TaskTraits {
        cpus: planned.task.demand.cpus,
        warm: 0.0,
        merges: true,
    });
    let traits: Vec<TaskTraits> = traits.collect();
    let interplay = Interplay::new(DEFAULT_CONTENTION, WIDTHS, &traits, &[]);
    let scenario = Scenario {
        problem: &plan.problem,
        width,
        durations,
        costs: &COSTS,
        one_lane: !parallel,
        interplay: &interplay,
        luck: Luck::Expected,
    };
    simulate(&scenario).makespan + if parallel { COSTS.fixed } else { 0.0 }
}
