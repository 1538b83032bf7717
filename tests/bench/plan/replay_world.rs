//! A repository in which recorded runs happen again: predicted from what was seen before, played
//! through the scheduler, remembered.

use std::collections::BTreeMap;
use std::time::Duration;

use wt_orch::domain::plan::{
    Calibration, Contention, Durations, History, Interval, Job, ObservedAttempt, ObservedRun,
    Problem, ResourceUse, Sampler, Scenario, Verdict, category, median_and_spread, simulate,
    work_digest,
};
use wt_orch::domain::task::{AttemptRules, Command, Demand, Pattern, Priority, Task, Work};
use wt_orch::domain::time::Timestamp;

use crate::replay_data::Trace;

/// Slots of the replayed machine.
pub(crate) const SLOTS: usize = 4;
/// Recorded times are played as they are: nothing slows them down again.
pub(crate) const STILL: Contention =
    Contention { sigma: 0.0, kappa: 0.0, effective_cores: None, widths: 0 };
const DRAWS: usize = 300;

/// What happened so far.
#[derive(Default)]
pub(crate) struct World {
    /// Attempts and runs.
    pub history: History,
    played: u64,
    now: i64,
}

/// One run, predicted and played.
pub(crate) struct Played {
    /// What was shown beforehand.
    pub shown: Interval,
    /// What it took.
    pub actual_s: f64,
    /// The interval was calibrated.
    pub calibrated: bool,
}

impl Played {
    /// Whether it took a time within the interval.
    pub(crate) fn is_covered(&self) -> bool {
        (self.shown.low..=self.shown.high).contains(&self.actual_s)
    }

    /// |predicted - actual| / actual.
    pub(crate) fn error(&self) -> f64 {
        (self.shown.p50 / self.actual_s - 1.0).abs()
    }
}

impl World {
    /// Predicts a run of those tasks of the trace that have a duration, plays it and remembers it.
    pub(crate) fn play(&mut self, trace: &Trace, seconds: &[Option<f64>]) -> Played {
        self.now += 1;
        let (tasks, actual) = tasks_of(trace, seconds);
        let problem = problem_of(&tasks);
        let makespan =
            |durations: &[f64]| simulate(&Scenario::of(&problem, SLOTS, durations)).makespan;
        let durations =
            Durations::learn(&tasks, &trace.name, &self.history, &STILL).aged(Timestamp(self.now));
        let sampler = Sampler::new(&durations, 1);
        let (mut drawn, mut chances) = (vec![0.0; tasks.len()], vec![0.0; tasks.len()]);
        let mut times: Vec<f64> = (0..DRAWS)
            .map(|draw| {
                sampler.fill(draw, &mut drawn, &mut chances);
                makespan(&drawn)
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (predicted_s, sd) = median_and_spread(&times);
        let calibration = Calibration::learn(&self.history.runs, &trace.name, Verdict::Parallel);
        let shown = calibration.interval(predicted_s, sd);
        let actual_s = makespan(&actual);
        self.remember(trace, &tasks, &actual);
        self.history.runs.push(ObservedRun {
            run: self.played,
            workflow: trace.name.clone(),
            width: SLOTS as u32,
            tasks: tasks.len() as u32,
            predicted_s,
            sd,
            low_s: shown.low,
            high_s: shown.high,
            calibrated: calibration.calibrated,
            overruled: false,
            actual_s,
            conflicts: None,
            branches: 0,
            at: Timestamp(self.now),
        });
        Played { shown, actual_s, calibrated: calibration.calibrated }
    }

    /// Lets time pass until a day.
    pub(crate) fn wait_until(&mut self, day: f64) {
        self.now = self.now.max((day * 86_400_000.0) as i64);
    }

    /// Takes note of attempts that ran alone.
    pub(crate) fn remember(&mut self, trace: &Trace, tasks: &[Task], seconds: &[f64]) {
        self.played += 1;
        let attempts = tasks.iter().zip(seconds).map(|(task, &wall_s)| ObservedAttempt {
            run: self.played,
            workflow: trace.name.clone(),
            task: task.id.to_string(),
            work: work_digest(task),
            category: category(task),
            wall_s,
            cpu_s: None,
            active: 1.0,
            lane_position: None,
            censored: false,
            used: ResourceUse::default(),
            at: Timestamp(self.now),
        });
        self.history.attempts.extend(attempts);
    }
}

/// The tasks of a run, with what they took.
pub(crate) fn tasks_of(trace: &Trace, seconds: &[Option<f64>]) -> (Vec<Task>, Vec<f64>) {
    let present: Vec<usize> = (0..seconds.len()).filter(|&i| seconds[i].is_some()).collect();
    let id = |i: usize| format!("t{i}").parse().ok();
    let tasks = present.iter().filter_map(|&i| {
        Some(Task {
            id: id(i)?,
            title: None,
            work: Work::Command {
                command: Command::Shell(format!("{} {i}", trace.name)),
                prompt: None,
            },
            depends_on: trace.parents[i]
                .iter()
                .filter(|parent| seconds[**parent].is_some())
                .filter_map(|parent| id(*parent))
                .collect(),
            owns: None,
            reads: Vec::new(),
            read_only: false,
            estimate: None,
            priority: Priority::Medium,
            phase: None,
            locks: Vec::new(),
            demand: Demand { cpus: 0.5, memory: 0, uses: BTreeMap::new() },
            timeout: Duration::from_secs(1_000_000),
            retries: 0,
            rules: AttemptRules::default(),
            check: None,
            env: BTreeMap::new(),
            pattern: Pattern::default(),
        })
    });
    (tasks.collect(), present.iter().filter_map(|&i| seconds[i]).map(|s| s.max(1e-3)).collect())
}

/// Dependencies only, started in the order of the file.
fn problem_of(tasks: &[Task]) -> Problem {
    let index: BTreeMap<_, usize> = tasks.iter().enumerate().map(|(i, t)| (&t.id, i)).collect();
    let mut jobs: Vec<Job> = tasks
        .iter()
        .enumerate()
        .map(|(rank, task)| Job {
            predecessors: task.depends_on.iter().map(|id| index[id]).collect(),
            successors: Vec::new(),
            excludes: Vec::new(),
            cliques: Vec::new(),
            demands: Vec::new(),
            rank,
        })
        .collect();
    for job in 0..jobs.len() {
        for before in jobs[job].predecessors.clone() {
            jobs[before].successors.push(job);
        }
    }
    Problem { jobs, capacities: Vec::new(), resources: Vec::new() }
}
