use super::super::{LEAST_EFFORT, PlanRequest, Preference, build};
use super::*;
use crate::domain::report::scripted_run::task;
use crate::domain::task::TaskSet;

fn plan_of_width(seconds: &[u64], width: usize) -> Plan {
    let tasks = seconds.iter().enumerate().map(|(i, s)| task(&format!("t{i}"), &[], *s)).collect();
    let set = TaskSet { tasks, ..TaskSet::default() };
    let preference = Preference::ParallelWith(width);
    build(&PlanRequest { preference, ..PlanRequest::of(&set) }).unwrap()
}

#[test]
fn tasks_that_take_longer_than_planned_slow_the_rest_down_the_more_the_more_there_are() {
    let pace = |n: usize| {
        Progress { jobs: Vec::new(), observed: vec![(20.0, 10.0); n], apart: false }.pace()
    };
    assert!((pace(0) - 1.0).abs() < 1e-9);
    assert!(pace(1) > 1.2 && pace(1) < pace(8) && pace(8) < 2.0);
}

fn waiting(plan: &Plan, order: &[&str]) -> Vec<usize> {
    let place = |planned: &super::super::Planned| {
        order.iter().position(|id| *id == planned.task.id.as_str()).unwrap()
    };
    plan.tasks.iter().map(place).collect()
}

/// `then` behind `first`, three alone, two slots.
fn chain_beside_three() -> Plan {
    let tasks = vec![
        task("first", &[], 20),
        task("then", &["first"], 20),
        task("a", &[], 10),
        task("b", &[], 20),
        task("c", &[], 10),
    ];
    let set = TaskSet { tasks, ..TaskSet::default() };
    build(&PlanRequest { preference: Preference::ParallelWith(2), ..PlanRequest::of(&set) })
        .unwrap()
}

#[test]
fn what_makes_the_rest_shorter_takes_the_place_of_what_was_planned() {
    let plan = chain_beside_three();
    let jobs = [vec![JobProgress::Running(1.0)], vec![JobProgress::Waiting; 4]].concat();
    let progress = Progress { jobs, observed: Vec::new(), apart: false };
    let late = waiting(&plan, &["first", "a", "b", "c", "then"]);
    let rest = Rest::of(&plan, &progress).unwrap();
    // `first` takes 19 s more. `then` starts behind it or behind all that needs not wait for it.
    assert!((rest.end(&late) - 49.0).abs() < 1e-6, "{}", rest.end(&late));
    let effort = Effort { schedules: 200, out_of_time: None };
    let ranks = replan(&plan, &progress, &late, &effort).unwrap();
    assert!((rest.end(&ranks) - 40.0).abs() < 1e-6, "{ranks:?} {}", rest.end(&ranks));
    assert_eq!(replan(&plan, &progress, &late, &effort), Some(ranks.clone()));
    assert_eq!(replan(&plan, &progress, &ranks, &effort), None);
}

#[test]
fn what_is_over_holds_nothing_up_and_a_plan_of_other_tasks_is_left_alone() {
    let plan = chain_beside_three();
    let over = Progress { jobs: vec![JobProgress::Over; 5], observed: Vec::new(), apart: false };
    let ranks: Vec<usize> = (0..5).collect();
    assert!(Rest::of(&plan, &over).unwrap().end(&ranks).abs() < 1e-9);
    assert_eq!(replan(&plan, &over, &ranks, &LEAST_EFFORT), None);
    let other =
        Progress { jobs: vec![JobProgress::Waiting; 2], observed: Vec::new(), apart: false };
    assert_eq!(replan(&plan, &other, &ranks, &LEAST_EFFORT), None);
}

#[test]
fn the_search_never_puts_off_what_runs() {
    let plan = plan_of_width(&[5, 30, 20, 25, 10, 15], 3);
    let run = |n: usize| if n < 3 { JobProgress::Running(1.0) } else { JobProgress::Waiting };
    let progress = Progress { jobs: (0..6).map(run).collect(), observed: Vec::new(), apart: false };
    let order: Vec<usize> = vec![0, 1, 2, 5, 3, 4];
    let rest = Rest::of(&plan, &progress).unwrap();
    let ranks = replan(&plan, &progress, &order, &LEAST_EFFORT);
    // 4 s, 29 s and 19 s still run. The longest of what waits takes the first slot, then the next.
    let end = rest.end(&ranks.unwrap());
    assert!((rest.end(&order) - 44.0).abs() < 1e-6 && (end - 39.0).abs() < 1e-6, "{end}");
}

#[test]
fn an_overdue_task_still_counts_a_tenth_of_its_length() {
    let plan = plan_of_width(&[10, 30], 2);
    let jobs = vec![JobProgress::Running(500.0), JobProgress::Running(3.0)];
    let left = Progress { jobs, observed: Vec::new(), apart: false }.remaining(&plan);
    assert!((left[0] - 1.0).abs() < 1e-9 && (left[1] - 27.0).abs() < 1e-9, "{left:?}");
}

#[test]
fn where_no_work_meets_the_order_of_the_file_decides_between_equals_else_that_of_names() {
    let ids = [("d", 10), ("c", 10), ("b", 10), ("a", 10), ("long", 40)];
    let tasks = ids.map(|(id, seconds)| task(id, &[], seconds)).to_vec();
    let set = TaskSet { tasks, ..TaskSet::default() };
    let preference = Preference::ParallelWith(2);
    let plan = build(&PlanRequest { preference, ..PlanRequest::of(&set) }).unwrap();
    let late = [0, 1, 2, 3, 4];
    let effort = Effort { schedules: 50, out_of_time: None };
    let ranks = |apart| {
        let jobs = vec![JobProgress::Waiting; 5];
        let progress = Progress { jobs, observed: Vec::new(), apart };
        replan(&plan, &progress, &late, &effort).unwrap()
    };
    assert_eq!(ranks(true), [1, 2, 3, 4, 0]);
    assert_eq!(ranks(false), [4, 3, 2, 1, 0]);
}
