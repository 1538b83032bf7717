use crate::domain::plan::{
    EstimateSource, History, Host, ObservedAttempt, Plan, PlanRequest, ResourceUse, build,
    category, work_digest,
};
use crate::domain::race::race_tasks;
use crate::domain::task::{Known, TaskSet, parse};
use crate::domain::time::Timestamp;

/// A race of a patch, a command and one whose time is said.
fn race(rules: &str) -> TaskSet {
    let text = format!(
        "[race]\ncheck = \"make\"\n{rules}\n[[hypothesis]]\nid = \"given\"\npatch = \"p\"\n\
         [[hypothesis]]\nid = \"made\"\nrun = \"make it\"\n\
         [[hypothesis]]\nid = \"said\"\npatch = \"q\"\nestimate = \"5s\"\n"
    );
    race_tasks(&parse(&text, &Known::default()).tasks.value.unwrap()).unwrap()
}

fn planned(set: &TaskSet, seen: &[(&str, f64)]) -> Plan {
    planned_on(8, set, seen)
}

fn planned_on(cores: usize, set: &TaskSet, seen: &[(&str, f64)]) -> Plan {
    let attempt = |&(id, wall_s): &(&str, f64)| {
        let task = set.tasks.iter().find(|task| task.id.as_str() == id).unwrap();
        ObservedAttempt {
            run: 1,
            workflow: "race".to_owned(),
            task: id.to_owned(),
            work: work_digest(task),
            category: category(task),
            wall_s,
            cpu_s: None,
            active: 1.0,
            lane_position: None,
            censored: false,
            used: ResourceUse::default(),
            at: Timestamp(0),
        }
    };
    let history = History { attempts: seen.iter().map(attempt).collect(), runs: Vec::new() };
    let request = PlanRequest { workflow: "race", apart: true, ..PlanRequest::of(set) };
    build(&PlanRequest { history: &history, host: Host { cores, memory: 0 }, ..request }).unwrap()
}

/// Whole seconds of the control and the arms, in the order of the file.
fn seconds(plan: &Plan) -> Vec<f64> {
    plan.tasks.iter().map(|planned| planned.estimate.p50.round()).collect()
}

#[test]
fn a_check_that_nobody_has_timed_counts_as_often_as_it_is_run() {
    assert_eq!(seconds(&planned(&race(""), &[])), [60.0, 60.0, 120.0, 5.0]);
    let plan = planned(&race("runs = 7\nneed = 4"), &[]);
    assert_eq!(seconds(&plan), [420.0, 420.0, 480.0, 5.0]);
    assert!(plan.tasks[..3].iter().all(|planned| planned.estimate.source.is_default()));
    // Also where nothing can run side by side.
    for cores in [8, 1] {
        let plan = planned_on(cores, &race("runs = 7\nneed = 4"), &[]);
        let said = plan.decision.reasons.join("; ");
        assert!(said.contains("neither history nor `estimate`"), "{said}");
        assert!(said.contains("for each of 7 runs of the check"), "{said}");
    }
}

#[test]
fn what_the_check_took_on_the_base_is_better_than_a_default() {
    let plan = planned(&race("runs = 7"), &[("control", 14.0)]);
    assert_eq!(seconds(&plan)[..2], [14.0, 14.0]);
    let given = &plan.tasks[1].estimate;
    assert_eq!(given.source, EstimateSource::Category);
    // What an arm itself took says more.
    let plan = planned(&race("runs = 7"), &[("control", 14.0), ("given", 30.0)]);
    assert!(seconds(&plan)[1] > 20.0, "{:?}", seconds(&plan));
}

#[test]
fn the_tasks_of_a_file_with_hypotheses_are_not_arms() {
    let set = race("runs = 7");
    let plan = build(&PlanRequest::of(&set)).unwrap();
    assert_eq!(seconds(&plan)[..2], [60.0, 60.0]);
}
