use super::super::{LEAST_EFFORT, PlanRequest, build};
use super::*;
use crate::domain::report::scripted_run::task;
use crate::domain::task::TaskSet;

fn plan_of(seconds: &[u64]) -> Plan {
    let tasks = seconds.iter().enumerate().map(|(i, s)| task(&format!("t{i}"), &[], *s)).collect();
    let set = TaskSet { tasks, ..TaskSet::default() };
    build(&PlanRequest::of(&set)).unwrap()
}

#[test]
fn tasks_that_take_longer_than_planned_slow_the_rest_down_the_more_the_more_there_are() {
    let pace = |n: usize| Progress { jobs: Vec::new(), observed: vec![(20.0, 10.0); n] }.pace();
    assert!((pace(0) - 1.0).abs() < 1e-9);
    assert!(pace(1) > 1.2 && pace(1) < pace(8) && pace(8) < 2.0);
}

#[test]
fn what_waits_is_ordered_by_what_it_will_still_take() {
    let plan = plan_of(&[10, 30, 20]);
    let progress = Progress {
        jobs: vec![JobProgress::Over, JobProgress::Waiting, JobProgress::Waiting],
        observed: vec![(90.0, 10.0)],
    };
    let ranks = replan(&plan, &progress, &LEAST_EFFORT).unwrap();
    assert!(ranks[1] < ranks[2] && ranks[2] < ranks[0]);
}

#[test]
fn an_overdue_task_still_counts_a_tenth_of_its_length() {
    let plan = plan_of(&[10, 30]);
    let jobs = vec![JobProgress::Running(500.0), JobProgress::Running(3.0)];
    let left = Progress { jobs, observed: Vec::new() }.remaining(&plan);
    assert!((left[0] - 1.0).abs() < 1e-9 && (left[1] - 27.0).abs() < 1e-9, "{left:?}");
}
