//! Worked cases of `research/scheduling.md` §4 that need no history: verdict and width.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::domain::task::{Command, Demand, Priority, Task, TaskSet, Work};

struct Case {
    tasks: Vec<Task>,
    cores: usize,
    memory: u64,
}

fn task(number: usize, seconds: u64) -> Task {
    Task {
        id: format!("t{number}").parse().unwrap(),
        title: None,
        work: Work::Command { command: Command::Shell("true".into()), prompt: None },
        depends_on: Vec::new(),
        owns: None,
        reads: Vec::new(),
        read_only: false,
        estimate: Some(Duration::from_secs(seconds)),
        priority: Priority::Medium,
        phase: None,
        locks: Vec::new(),
        demand: Demand { cpus: 0.2, memory: 0, uses: BTreeMap::new() },
        timeout: Duration::from_secs(3600),
        retries: 0,
        check: None,
        env: BTreeMap::new(),
    }
}

fn equal(n: usize, seconds: u64) -> Case {
    Case { tasks: (0..n).map(|i| task(i, seconds)).collect(), cores: 8, memory: 0 }
}

fn chained(mut case: Case, edges: &[(usize, usize)]) -> Case {
    for &(first, then) in edges {
        let id = case.tasks[first].id.clone();
        case.tasks[then].depends_on.push(id);
    }
    case
}

fn each(mut case: Case, change: impl Fn(usize, &mut Task)) -> Case {
    for (i, task) in case.tasks.iter_mut().enumerate() {
        change(i, task);
    }
    case
}

fn planned(case: &Case, preference: Preference, seed: u64) -> Plan {
    let set = TaskSet {
        name: None,
        base: None,
        tasks: case.tasks.clone(),
        gates: Vec::new(),
        validations: Vec::new(),
        setup: Vec::new(),
    };
    build(&PlanRequest {
        host: Host { cores: case.cores, memory: case.memory },
        costs: Costs { provision: 0.55, ..Costs::learn(&CostSamples::default(), 5000, 0) },
        preference,
        draws: 400,
        seed,
        ..PlanRequest::of(&set)
    })
    .unwrap()
}

fn verdict(case: &Case) -> (Verdict, usize) {
    let plan = planned(case, Preference::Rule, 0);
    (plan.decision.verdict, plan.decision.width)
}

const SEQUENTIAL: (Verdict, usize) = (Verdict::Sequential, 1);

fn parallel(width: usize) -> (Verdict, usize) {
    (Verdict::Parallel, width)
}

#[test]
fn short_tasks_do_not_pay_and_longer_ones_do() {
    assert_eq!(verdict(&equal(2, 2)), SEQUENTIAL);
    assert_eq!(verdict(&equal(2, 10)), parallel(2));
    assert_eq!(verdict(&equal(5, 600)), parallel(5));
    assert_eq!(verdict(&equal(4, 5)), parallel(4));
}

#[test]
fn a_chain_stays_in_one_lane_and_a_diamond_is_as_wide_as_its_middle() {
    let chain = chained(equal(6, 120), &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
    assert_eq!(verdict(&chain), SEQUENTIAL);
    let middle: Vec<(usize, usize)> = (1..5).flat_map(|i| [(0, i), (i, 5)]).collect();
    assert_eq!(verdict(&chained(equal(6, 300), &middle)), parallel(4));
}

#[test]
fn shared_locks_narrow_the_width_or_forbid_it() {
    let pairs = each(equal(4, 300), |i, t| t.locks = vec![format!("lock{}", i / 2)]);
    assert_eq!(verdict(&pairs), parallel(2));
    let one = each(equal(4, 300), |_, t| t.locks = vec!["lock".into()]);
    assert_eq!(verdict(&one), SEQUENTIAL);
}

#[test]
fn cores_and_memory_bound_the_width() {
    let busy = |cpus: f64, n| Case { cores: 2, ..each(equal(n, 60), |_, t| t.demand.cpus = cpus) };
    assert_eq!(verdict(&busy(1.0, 8)), parallel(2));
    assert_eq!(verdict(&busy(2.0, 4)), SEQUENTIAL);
    let heavy = each(equal(6, 200), |_, t| t.demand.memory = 3 << 30);
    assert_eq!(verdict(&Case { memory: 8 << 30, ..heavy }), parallel(2));
}

#[test]
fn what_binds_the_schedule_is_named() {
    let binding = |case: &Case| planned(case, Preference::Rule, 0).decision.binding;
    let busy = Case { cores: 2, ..each(equal(8, 60), |_, t| t.demand.cpus = 1.0) };
    assert_eq!(binding(&busy), Binding::Cores);
    assert_eq!(binding(&equal(20, 600)), Binding::Slots);
    assert_eq!(binding(&each(equal(4, 300), |_, t| t.locks = vec!["x".into()])), Binding::Locks);
    let chain = chained(equal(3, 100), &[(0, 1), (1, 2)]);
    assert_eq!(binding(&chain), Binding::CriticalPath);
}

#[test]
fn one_long_task_beside_short_ones_pays_for_two_slots() {
    let uneven = each(equal(6, 30), |i, t| {
        if i == 0 {
            t.estimate = Some(Duration::from_secs(900));
        }
    });
    assert_eq!(verdict(&uneven), parallel(2));
}

#[test]
fn a_single_task_is_never_split() {
    assert_eq!(verdict(&equal(1, 3600)), SEQUENTIAL);
}

#[test]
fn the_user_overrules_and_is_told_what_the_verdict_was() {
    let case = equal(2, 2);
    let plan = planned(&case, Preference::ParallelWith(2), 0);
    assert_eq!((plan.decision.verdict, plan.decision.width), parallel(2));
    assert_eq!(plan.decision.overruled, Some(Verdict::Sequential));
    assert!(plan.decision.reasons[0].contains("overruled"));
    let plan = planned(&equal(5, 600), Preference::Sequential, 0);
    assert_eq!((plan.decision.verdict, plan.decision.width), SEQUENTIAL);
    assert_eq!(plan.decision.overruled, Some(Verdict::Parallel));
}

#[test]
fn the_same_inputs_and_seed_give_the_same_plan_and_the_order_of_the_file_does_not_matter() {
    let case = chained(equal(6, 60), &[(0, 3), (1, 3), (3, 5)]);
    assert_eq!(planned(&case, Preference::Rule, 5), planned(&case, Preference::Rule, 5));
    let turned = Case { tasks: case.tasks.iter().rev().cloned().collect(), ..equal(0, 1) };
    let starts = |plan: Plan| {
        let mut starts: Vec<(String, u64)> = plan
            .tasks
            .iter()
            .map(|p| (p.task.id.to_string(), p.schedule.start_s.to_bits()))
            .collect();
        starts.sort();
        starts
    };
    let forth = starts(planned(&case, Preference::Rule, 5));
    assert_eq!(forth, starts(planned(&turned, Preference::Rule, 5)));
}

#[test]
fn a_verdict_names_the_length_of_tasks_at_which_it_turns() {
    let plan = planned(&equal(2, 1), Preference::Rule, 0);
    assert_eq!(plan.decision.verdict, Verdict::Sequential);
    assert!(plan.decision.flips[0].contains("turns to parallel"), "{:?}", plan.decision.flips);
}

#[test]
fn the_makespan_lies_between_the_lower_bound_and_the_sum() {
    for case in [equal(7, 40), chained(equal(7, 40), &[(0, 1), (1, 2), (0, 6)])] {
        let plan = planned(&case, Preference::ParallelWith(3), 0);
        let sum: f64 = plan.tasks.iter().map(|t| t.estimate.p50).sum();
        let end = plan.tasks.iter().map(|t| t.schedule.finish_s).fold(0.0, f64::max);
        assert!(plan.lower_bound_s <= end && end <= sum, "{} {end} {sum}", plan.lower_bound_s);
    }
}

#[test]
fn a_gate_waits_for_its_phase_and_later_phases_wait_for_it() {
    let mut tasks = equal(3, 60).tasks;
    tasks[0].phase = Some("foundation".into());
    tasks[1].phase = Some("foundation".into());
    tasks[2].phase = Some("rest".into());
    let gate = crate::domain::task::Gate {
        after: "foundation".into(),
        run: "true".into(),
        timeout: Duration::from_secs(9),
    };
    let mut set = TaskSet {
        name: None,
        base: None,
        tasks,
        gates: vec![gate],
        validations: Vec::new(),
        setup: Vec::new(),
    };
    let build = |set: &TaskSet| {
        build(&PlanRequest { host: Host { cores: 8, memory: 0 }, ..PlanRequest::of(set) })
    };
    let plan = build(&set).unwrap();
    let gate = plan.index(&"gate.foundation".parse().unwrap()).unwrap();
    assert_eq!(plan.problem.jobs[gate].predecessors, [0, 1]);
    assert_eq!(plan.problem.jobs[2].predecessors, [gate]);
    let last = set.tasks[2].id.clone();
    set.tasks[0].depends_on.push(last);
    assert!(build(&set).is_err());
}
