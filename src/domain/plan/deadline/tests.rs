use super::*;
use crate::domain::plan::build::Host;
use crate::domain::report::scripted_run::task;
use crate::domain::task::{Task, TaskSet};

fn set(tasks: Vec<Task>) -> TaskSet {
    TaskSet { tasks, ..TaskSet::default() }
}

fn with(id: &str, depends_on: &[&str], seconds: u64, priority: Priority) -> Task {
    Task { priority, ..task(id, depends_on, seconds) }
}

fn met(tasks: Vec<Task>, (slots, deadline): (usize, f64)) -> Deadline {
    let set = set(tasks);
    let request = PlanRequest {
        host: Host { cores: 8, memory: 0 },
        slots,
        deadline: Some(deadline),
        draws: 200,
        ..PlanRequest::of(&set)
    };
    let plan = build(&request).unwrap();
    meet_deadline(&request, &plan).unwrap().unwrap()
}

fn names(deadline: &Deadline) -> Vec<&str> {
    deadline.drop.iter().map(TaskId::as_str).collect()
}

#[test]
fn what_is_in_time_drops_nothing() {
    let deadline = met(vec![task("a", &[], 10), task("b", &[], 10)], (2, 36_000.0));
    assert_eq!((deadline.probability, names(&deadline)), (1.0, Vec::new()));
    assert_eq!((deadline.probability_after, deadline.slots), (None, None));
}

#[test]
fn tasks_of_low_priority_go_first_with_what_depends_on_them_and_no_more_than_needed() {
    let tasks = vec![
        with("core", &[], 60, Priority::High),
        with("long", &[], 3000, Priority::Low),
        with("behind", &["long"], 600, Priority::Low),
        with("short", &[], 20, Priority::Low),
        with("medium", &[], 60, Priority::Medium),
    ];
    let deadline = met(tasks, (4, 900.0));
    assert!(deadline.probability < 0.05, "{deadline:?}");
    assert_eq!(names(&deadline), ["long", "behind"]);
    assert!(deadline.probability_after.unwrap() >= IN_TIME && deadline.is_met_after());
}

#[test]
fn what_a_more_urgent_task_needs_and_what_is_urgent_stay() {
    let tasks = vec![
        with("base", &[], 3000, Priority::Low),
        with("urgent", &["base"], 600, Priority::High),
        with("other", &[], 30, Priority::Low),
    ];
    let deadline = met(tasks, (4, 900.0));
    assert_eq!((names(&deadline), deadline.probability_after), (Vec::new(), None));
    assert!(!deadline.is_met_after());
}

#[test]
fn more_slots_are_named_where_they_are_what_is_missing() {
    let tasks = (0..6).map(|n| with(&format!("t{n}"), &[], 600, Priority::High)).collect();
    let deadline = met(tasks, (2, 2400.0));
    let more = deadline.slots.unwrap();
    assert!(more.slots > 2 && more.slots <= 6, "{more:?}");
    assert!(more.probability > deadline.probability);
    assert_eq!(names(&deadline), Vec::<&str>::new());
}

#[test]
fn a_deadline_that_is_far_away_is_reached_in_several_steps() {
    let tasks = (0..4).map(|n| with(&format!("t{n}"), &[], 3000, Priority::Low));
    let tasks = tasks.chain([with("kept", &[], 60, Priority::High)]).collect();
    let deadline = met(tasks, (2, 600.0));
    assert_eq!(deadline.probability, 0.0);
    assert_eq!(names(&deadline), ["t0", "t1", "t2", "t3"]);
    assert!(deadline.is_met_after(), "{deadline:?}");
}
