//! The 16 worked cases of `research/scheduling.md` §4, and where they turn.
//!
//! The lane of the table is ready: made, set up and warm. Its worktrees are made one by one, so
//! that the first task starts before the last worktree is there; here they are a batch. It counts
//! conflicts by task; here they are between pairs, as likely as gives as many.

use super::*;
use crate::domain::plan::costs::SetupCost;
use crate::domain::plan::decide::{Choice, decide};
use crate::domain::plan::model::Model;
use crate::domain::plan::simulate::Simulator;

/// Seconds of tolerance, and as a share of the table's figure.
const WITHIN: (f64, f64) = (0.6, 0.12);

struct Worked {
    case: Case,
    /// Log standard deviations: of each task, and of the run.
    sd: (f64, f64),
    /// Seconds of building in every fresh worktree.
    build_s: f64,
    /// As in the table: the probability that a task conflicts, and the seconds that costs.
    conflict: (f64, f64),
    expected: (Verdict, usize),
    /// T_seq and T_par at medians, E[B].
    seconds: [f64; 3],
}

fn worked(case: Case, expected: (Verdict, usize), seconds: [f64; 3]) -> Worked {
    Worked { case, sd: (0.15, 0.05), build_s: 0.0, conflict: (0.0, 0.0), expected, seconds }
}

fn building(build_s: f64, expected: (Verdict, usize), seconds: [f64; 3]) -> Worked {
    Worked { build_s, ..worked(equal(3, 120), expected, seconds) }
}

fn conflicting(probability: f64, expected: (Verdict, usize), seconds: [f64; 3]) -> Worked {
    Worked { conflict: (probability, 180.0), ..worked(equal(6, 90), expected, seconds) }
}

impl Worked {
    /// The choice, and both times at medians.
    fn decide(&self) -> (Choice, [f64; 2]) {
        let set = set_of(&self.case);
        let tasks = set.tasks.len();
        let (probability, redo_s) = self.conflict;
        let each = pairwise(probability, tasks);
        let pairs = (0..tasks).flat_map(|b| (0..b).map(move |a| (a, b)));
        let pairs = pairs.filter(|_| each > 0.0).map(|(a, b)| PairRisk {
            a,
            b,
            probability: each,
            why: "in the table".to_owned(),
        });
        let risk = Risk { pairs: pairs.collect(), ..Risk::default() };
        let believe = |tasks: &[Task]| {
            let mut durations = Durations::learn(tasks, "", &NO_HISTORY, &DEFAULT_CONTENTION);
            durations.estimates.iter_mut().for_each(|estimate| estimate.sd = self.sd.0);
            durations.run.sd = self.sd.1;
            durations
        };
        let longest = set.tasks[0].estimate.unwrap().as_secs_f64();
        let setup = SetupCost { hooks: 1, seconds: self.build_s, measured: true };
        // The last of a batch is ready when theirs are on average.
        let batch = tasks as f64;
        let provision = costs().provision * (batch + 1.0) / (2.0 * batch);
        let redo = redo_s / longest;
        let costs = Costs { setup, provision, redo, lane_ready: true, ..costs() };
        let request = PlanRequest {
            host: Host { cores: self.case.cores, memory: self.case.memory },
            costs,
            risk: &risk,
            draws: 2000,
            ..PlanRequest::of(&set)
        };
        let model = Model::of(&request, believe).unwrap();
        let candidate = model.candidate();
        let choice = decide(&candidate);
        let width = choice.predicted.parallel_width;
        let parallel = candidate.landed(&mut Simulator::new(&model.problem), &model.medians, width);
        (choice, [candidate.lane_landed(&model.medians), parallel])
    }
}

/// The probability for each pair with which as many of `n` tasks conflict as when all but the first
/// do with probability `each`.
fn pairwise(each: f64, n: usize) -> f64 {
    let expected = |pair: f64| (1..n).map(|k| 1.0 - (1.0 - pair).powi(k as i32)).sum::<f64>();
    let (mut low, mut high) = (0.0, each);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if expected(middle) < each * (n - 1) as f64 { low = middle } else { high = middle }
    }
    high
}

fn locked(name: fn(usize) -> String) -> Case {
    each(equal(4, 300), |i, task| task.locks = vec![name(i)])
}

fn busy(n: usize, cpus: f64) -> Case {
    Case { cores: 2, ..each(equal(n, 60), |_, task| task.demand.cpus = cpus) }
}

fn table() -> Vec<(&'static str, Worked)> {
    let chain = chained(equal(6, 120), &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
    let heavy = each(equal(6, 200), |_, task| task.demand.memory = 3 << 30);
    let uneven = each(equal(6, 30), |i, task| {
        if i == 0 {
            task.estimate = Some(Duration::from_secs(900));
        }
    });
    let middle: Vec<(usize, usize)> = (1..5).flat_map(|i| [(0, i), (i, 5)]).collect();
    let diamond = each(chained(equal(6, 300), &middle), |i, task| {
        let seconds = [30, 300, 300, 300, 300, 60][i];
        task.estimate = Some(Duration::from_secs(seconds));
    });
    let novel = Worked { sd: (0.6, 0.3), ..worked(equal(4, 5), parallel(4), [20.6, 8.0, 13.0]) };
    vec![
        ("1", worked(equal(2, 2), SEQUENTIAL, [4.3, 3.5, 0.9])),
        ("1b", worked(equal(2, 10), parallel(2), [20.3, 11.8, 8.2])),
        ("2", worked(equal(5, 600), parallel(5), [3000.8, 698.9, 2222.0])),
        ("3", worked(chain, SEQUENTIAL, [720.9, 724.6, -3.7])),
        ("4", worked(locked(|i| format!("pair{}", i / 2)), parallel(2), [1200.6, 622.4, 551.0])),
        ("4b", worked(locked(|_| "one".to_owned()), SEQUENTIAL, [1200.6, 1202.6, -2.0])),
        ("5", worked(busy(8, 1.0), parallel(2), [481.2, 251.2, 231.0])),
        ("6", worked(busy(4, 2.0), SEQUENTIAL, [240.6, 249.0, -8.0])),
        ("7", building(220.0, SEQUENTIAL, [360.4, 366.5, -17.0])),
        ("7b", building(10.0, parallel(3), [360.4, 141.3, 208.0])),
        ("8", conflicting(0.4, SEQUENTIAL, [540.9, 472.2, 42.0])),
        ("8b", conflicting(0.05, parallel(6), [540.9, 157.2, 375.0])),
        ("9", novel),
        ("10", worked(Case { memory: 8 << 30, ..heavy }, parallel(2), [1200.9, 622.9, 576.0])),
        ("11", worked(uneven, parallel(2), [1050.9, 906.0, 146.0])),
        ("12", worked(diamond, parallel(4), [1290.9, 428.1, 823.0])),
    ]
}

#[test]
fn the_sixteen_worked_cases_are_decided_as_expected_and_their_times_agree() {
    let mut wrong = Vec::new();
    for (name, worked) in table() {
        let (choice, [sequential, parallel]) = worked.decide();
        let found = (choice.decision.verdict, choice.decision.width);
        let times = [sequential, parallel, choice.predicted.benefit_s];
        // What a benefit is off by is what its two terms are off by.
        let sizes = [worked.seconds[0], worked.seconds[1], worked.seconds[0] * 0.4];
        let near =
            times.iter().zip(worked.seconds).zip(sizes).all(|((found, wanted), size)| {
                (found - wanted).abs() <= WITHIN.0.max(WITHIN.1 * size)
            });
        if found != worked.expected || !near {
            wrong.push(format!(
                "{name}: {found:?} {times:.1?} not {:.1?} {:?}",
                worked.seconds, choice.predicted
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_cold_build_stops_paying_between_170_and_175_seconds() {
    let verdict = |build| building(build, SEQUENTIAL, [0.0; 3]).decide().0.decision.verdict;
    assert_eq!((verdict(170.0), verdict(175.0)), (Verdict::Parallel, Verdict::Sequential));
}

#[test]
fn two_tasks_start_paying_between_3_and_3_4_seconds() {
    let verdict = |millis| {
        let case = each(equal(2, 1), |_, t| t.estimate = Some(Duration::from_millis(millis)));
        worked(case, SEQUENTIAL, [0.0; 3]).decide().0.decision.verdict
    };
    assert_eq!((verdict(3000), verdict(3400)), (Verdict::Sequential, Verdict::Parallel));
}
