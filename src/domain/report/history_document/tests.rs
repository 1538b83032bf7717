use super::*;
use crate::domain::plan::{RecordedRun, ResourceUse};
use crate::domain::time::Timestamp;

fn attempt(run: u64, task: &str, wall_s: f64) -> RecordedAttempt {
    let observed = ObservedAttempt {
        run,
        workflow: "auth".to_owned(),
        task: task.to_owned(),
        work: 1,
        category: "command".to_owned(),
        wall_s,
        cpu_s: Some(wall_s / 2.0),
        active: 2.0,
        lane_position: None,
        censored: false,
        used: ResourceUse::default(),
        at: Timestamp(1_800_000_000_000 + run.cast_signed()),
    };
    RecordedAttempt { attempt: 1, imported: false, observed }
}

fn run(number: u64, actual_s: f64, overruled: bool) -> RecordedRun {
    let observed = ObservedRun {
        run: number,
        workflow: "auth".to_owned(),
        width: 2,
        tasks: 2,
        predicted_s: 10.0,
        sd: 0.1,
        low_s: 8.0,
        high_s: 12.5,
        calibrated: false,
        overruled,
        actual_s,
        conflicts: (number == 1).then_some(1),
        branches: 3,
        at: Timestamp(0),
    };
    RecordedRun { imported: false, observed }
}

#[test]
fn only_the_command_that_a_task_ran_last_counts() {
    let mut attempts = [9.0, 1.0, 2.0, 4.0, 60.0].map(|wall| attempt(1, "api", wall)).to_vec();
    attempts[0].observed.work = 7;
    attempts[4].observed.censored = true;
    attempts[1].imported = true;
    attempts[1].observed.lane_position = Some(0);
    attempts[2].observed.lane_position = Some(1);
    let document = from_observations(&Observations { attempts, runs: Vec::new() }, None);
    let task = &document.workflows[0].tasks[0];
    assert_eq!((task.samples, task.timeouts, task.earlier, task.imported), (3, 1, 1, 1));
    // Logarithms 0, ln 2 and 2 ln 2 have the standard deviation ln 2.
    assert_eq!((task.median_s, task.spread, task.last_s), (Some(2.0), Some(2.0), 60.0));
    assert_eq!((task.cpu_share, task.active), (Some(0.5), 2.0));
    assert_eq!((task.first_in_lane_s, task.later_in_lane_s), (Some(1.0), Some(2.0)));
}

#[test]
fn what_a_task_used_is_the_most_at_once_and_usual_in_sum() {
    let used = |peak_rss, written_bytes| ResourceUse {
        peak_rss,
        written_bytes: Some(written_bytes),
        processes: Some(3),
        ..ResourceUse::default()
    };
    let mut attempts = [1.0, 2.0, 3.0, 4.0].map(|wall| attempt(1, "api", wall)).to_vec();
    attempts[0].observed.used = used(Some(900), 10);
    attempts[1].observed.used = used(None, 40);
    attempts[2].observed.used = used(Some(500), 90);
    // It ran something else then.
    attempts[0].observed.work = 7;
    let document = from_observations(&Observations { attempts, runs: Vec::new() }, None);
    let task = &document.workflows[0].tasks[0];
    assert_eq!((task.cpu_s, task.peak_rss_bytes), (Some(1.5), Some(500)));
    assert_eq!((task.read_bytes, task.written_bytes, task.processes), (None, Some(65), Some(3)));
}

#[test]
fn of_less_than_a_millisecond_the_processor_time_has_no_share() {
    let attempts = vec![attempt(1, "api", 1e-300)];
    let document = from_observations(&Observations { attempts, runs: Vec::new() }, None);
    assert_eq!(document.workflows[0].tasks[0].cpu_share, None);
}

#[test]
fn a_task_that_never_ended_by_itself_has_no_median() {
    let mut stopped = attempt(1, "api", 60.0);
    stopped.observed.censored = true;
    let document = from_observations(
        &Observations { attempts: vec![stopped], runs: Vec::new() },
        Some("auth"),
    );
    let task = &document.workflows[0].tasks[0];
    assert_eq!((task.samples, task.median_s, task.spread), (0, None, None));
    assert_eq!(document.predictions.coverage, None);
}

#[test]
fn predictions_are_held_against_what_happened() {
    let runs = vec![run(1, 10.0, false), run(2, 11.0, false), run(3, 20.0, true)];
    let document = from_observations(&Observations { attempts: Vec::new(), runs }, None);
    let told = &document.predictions;
    assert_eq!((told.runs, told.covered, told.coverage), (3, 2, Some(0.667)));
    assert_eq!((told.calibrated, told.missing), (false, 17));
    assert_eq!(told.median_error, Some(0.091));
    assert_eq!((told.followed.runs, told.followed.median_ratio), (2, Some(1.05)));
    assert_eq!((told.overruled.runs, told.overruled.median_s), (1, Some(20.0)));
    assert_eq!((told.branches, told.conflicts), (3, 1));
}

#[test]
fn nineteen_runs_of_any_workflow_beside_its_first_calibrate() {
    let mut runs: Vec<RecordedRun> = (0..21).map(|number| run(number, 10.0, false)).collect();
    runs[20].observed.workflow = "other".to_owned();
    let observed = Observations { attempts: Vec::new(), runs };
    let document = from_observations(&observed, Some("other"));
    assert_eq!(document.workflows.len(), 1);
    let told = &document.workflows[0].predictions;
    assert_eq!((told.runs, told.calibrated, told.missing), (1, true, 0));
    let without = Observations { runs: observed.runs[1..].to_vec(), ..Observations::default() };
    assert_eq!(from_observations(&without, None).predictions.missing, 1);
}
