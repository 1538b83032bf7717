//! The decision from the tasks on: what is decided, why, and what is said.

mod properties;
mod sentences;
mod suites;
mod worked_cases;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::domain::task::{
    AttemptRules, Command, Demand, FailFast, Pattern, Priority, Task, TaskSet, TimeLimits, Work,
};

#[derive(Debug, Clone)]
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
        rules: AttemptRules::default(),
        check: None,
        env: BTreeMap::new(),
        pattern: Pattern::default(),
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

fn set_of(case: &Case) -> TaskSet {
    TaskSet {
        name: None,
        base: None,
        tasks: case.tasks.clone(),
        gates: Vec::new(),
        validations: Vec::new(),
        setup: Vec::new(),
        fail_fast: FailFast::default(),
        time_limits: TimeLimits::default(),
        race: None,
    }
}

/// Of a repository with 5,000 files, measured.
fn costs() -> Costs {
    Costs { provision: 0.55, ..Costs::learn(&CostSamples::default(), 5000, 0) }
}

fn planned(case: &Case, preference: Preference, seed: u64) -> Plan {
    let set = set_of(case);
    build(&PlanRequest {
        host: Host { cores: case.cores, memory: case.memory },
        costs: costs(),
        preference,
        draws: 400,
        seed,
        ..PlanRequest::of(&set)
    })
    .unwrap()
}

const SEQUENTIAL: (Verdict, usize) = (Verdict::Sequential, 1);

fn parallel(width: usize) -> (Verdict, usize) {
    (Verdict::Parallel, width)
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
fn a_verdict_names_the_length_of_tasks_at_which_it_turns() {
    let plan = planned(&equal(2, 1), Preference::Rule, 0);
    assert_eq!(plan.decision.verdict, Verdict::Sequential);
    assert!(plan.decision.flips[0].contains("turns to parallel"), "{:?}", plan.decision.flips);
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
        fail_fast: FailFast::default(),
        time_limits: TimeLimits::default(),
        race: None,
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
