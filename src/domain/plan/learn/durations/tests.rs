use super::*;
use crate::domain::plan::{DEFAULT_CONTENTION, ObservedAttempt, ResourceUse};
use crate::domain::report::scripted_run::task;

fn attempt(task: &Task, run: u64, wall_s: f64) -> ObservedAttempt {
    ObservedAttempt {
        run,
        workflow: "w".to_owned(),
        task: task.id.to_string(),
        work: work_digest(task),
        category: category(task),
        wall_s,
        cpu_s: None,
        active: 1.0,
        lane_position: None,
        censored: false,
        used: ResourceUse::default(),
        at: Timestamp(run as i64),
    }
}

fn learn(tasks: &[Task], attempts: Vec<ObservedAttempt>) -> Durations {
    Durations::learn(tasks, "w", &History { attempts, runs: Vec::new() }, &DEFAULT_CONTENTION)
}

fn tasks() -> Vec<Task> {
    ["a", "b", "c"].map(|id| Task { estimate: None, ..task(id, &[], 1) }).to_vec()
}

/// Each task took its own time in every run.
fn steady(tasks: &[Task], runs: u64) -> Vec<ObservedAttempt> {
    let one = |run: u64| {
        let of = move |(i, task): (usize, &Task)| attempt(task, run, 100.0 * (i + 1) as f64);
        tasks.iter().enumerate().map(of).collect::<Vec<_>>()
    };
    (1..=runs).flat_map(one).collect()
}

fn near(found: f64, expected: f64, share: f64) {
    assert!((found / expected - 1.0).abs() < share, "{found} is not near {expected}");
}

#[test]
fn wide_runs_teach_the_same_as_runs_alone_whatever_the_order_of_the_attempts() {
    let tasks = tasks();
    let alone = steady(&tasks, 5);
    let mut wide = alone.clone();
    for attempt in &mut wide {
        attempt.active = 3.0;
        attempt.wall_s *= DEFAULT_CONTENTION.slowdown(3.0);
    }
    wide.reverse();
    let (alone, wide) = (learn(&tasks, alone), learn(&tasks, wide));
    for (a, b) in alone.medians().iter().zip(wide.medians()) {
        near(*a, b, 1e-9);
    }
    near(alone.medians()[2], 300.0, 0.05);
    assert_eq!(alone.estimates[0].source, EstimateSource::History);
    assert_eq!((alone.estimates[0].samples, alone.run.runs), (5, 5));
}

#[test]
fn own_attempts_outweigh_the_users_estimate_as_they_grow_in_number() {
    let said = [Task { estimate: Some(std::time::Duration::from_secs(150)), ..tasks().remove(0) }];
    let after = |runs| learn(&said, (1..=runs).map(|run| attempt(&said[0], run, 100.0)).collect());
    near(after(0).medians()[0], 150.0, 1e-9);
    let once = after(1).medians()[0];
    near(once, (100.0_f64.ln() * 2.0 / 3.0 + 150.0_f64.ln() / 3.0).exp(), 0.01);
    near(after(12).medians()[0], 100.0, 0.03);
    assert!(after(12).estimates[0].sd < after(1).estimates[0].sd);
}

#[test]
fn an_attempt_that_was_stopped_raises_the_estimate_more_than_one_that_ended_then() {
    let tasks = tasks();
    let mut ended = steady(&tasks, 4);
    ended.push(attempt(&tasks[0], 5, 150.0));
    let mut stopped = ended.clone();
    stopped[12].censored = true;
    let median = |attempts| learn(&tasks, attempts).medians()[0];
    let (before, ended, stopped) = (median(steady(&tasks, 4)), median(ended), median(stopped));
    assert!(before < ended && ended < stopped, "{before} {ended} {stopped}");
    let only = ObservedAttempt { censored: true, ..attempt(&tasks[0], 1, 3600.0) };
    let found = learn(&tasks, vec![only]).medians()[0];
    assert!(found > 300.0 && found < 36_000.0, "{found}");
}

#[test]
fn what_a_warm_lane_saves_is_learned_and_the_median_is_that_of_a_fresh_worktree() {
    let tasks = tasks();
    let mut attempts = steady(&tasks, 8);
    for attempt in attempts.iter_mut().filter(|attempt| attempt.run % 2 == 0) {
        attempt.lane_position = Some(2);
        attempt.wall_s -= 60.0;
    }
    let found = learn(&tasks, attempts).estimates[1];
    assert!((40.0..60.0).contains(&found.warm_s), "{found:?}");
    near(found.p50, 195.0, 0.06);
    assert!(learn(&tasks, steady(&tasks, 8)).estimates[1].warm_s.abs() < 1e-9);
}

#[test]
fn a_task_that_always_had_a_fresh_worktree_saves_behind_others_what_is_usual_in_its_workflow() {
    let tasks = tasks();
    let with_lanes = |warm_tasks: usize| {
        let mut attempts = steady(&tasks, 4);
        for task in &tasks[..warm_tasks] {
            let behind = ObservedAttempt { lane_position: Some(1), ..attempt(task, 5, 10.0) };
            attempts.push(behind);
        }
        let learned = learn(&tasks, attempts);
        assert!(learned.warmth_known);
        learned.estimates[2]
    };
    let (usual, one_other) = (with_lanes(2), with_lanes(1));
    near(usual.warm_s, 270.0, 0.05);
    near(usual.p50, 300.0, 0.05);
    assert!(one_other.warm_s.abs() < 1e-9, "{one_other:?}");
    assert!(!learn(&tasks, steady(&tasks, 4)).warmth_known);
}

#[test]
fn a_task_without_attempts_is_estimated_from_its_kind_and_time_makes_all_less_sure() {
    let tasks = tasks();
    let found = learn(&tasks, steady(&tasks[..2], 4));
    assert_eq!(found.estimates[2].source, EstimateSource::Category);
    assert!((100.0..200.0).contains(&found.medians()[2]));
    let later = found.clone().aged(Timestamp(365 * 86_400_000));
    assert!(later.run.sd > 3.0 * found.run.sd);
    assert_eq!(later.medians(), found.medians());
}
