use tempfile::TempDir;

use super::*;

const AT: i64 = 1_795_000_000_000;

fn open() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.connection.pragma_update(None, "synchronous", "OFF").unwrap();
    (dir, store)
}

/// An attempt of task `api` that took `nth` seconds and ended as the `nth`.
pub(in crate::adapters::store) fn attempt(run: u64, nth: u32) -> RecordedAttempt {
    let observed = ObservedAttempt {
        run,
        workflow: "auth".to_owned(),
        task: "api".to_owned(),
        work: u64::MAX - 7,
        category: "command".to_owned(),
        wall_s: f64::from(nth),
        cpu_s: Some(0.5),
        active: 1.25,
        lane_position: Some(2),
        censored: true,
        used: ResourceUse {
            peak_rss: Some(3 << 30),
            read_bytes: Some(0),
            written_bytes: Some(7),
            processes: Some(u32::MAX),
        },
        at: Timestamp(AT + i64::from(nth)),
    };
    RecordedAttempt { attempt: nth, imported: false, observed }
}

pub(in crate::adapters::store) fn result(run: u64) -> RecordedRun {
    let observed = ObservedRun {
        run,
        workflow: "auth".to_owned(),
        width: 3,
        tasks: 5,
        predicted_s: 10.0,
        sd: 0.25,
        low_s: 6.5,
        high_s: 15.5,
        calibrated: false,
        overruled: true,
        actual_s: 11.0,
        conflicts: None,
        branches: 4,
        at: Timestamp(AT),
    };
    RecordedRun { imported: true, observed }
}

fn attempts(attempts: Vec<RecordedAttempt>) -> Observations {
    Observations { attempts, runs: Vec::new() }
}

fn runs(runs: Vec<RecordedRun>) -> Observations {
    Observations { attempts: Vec::new(), runs }
}

const fn count(attempts: usize, runs: usize) -> ObservationCount {
    ObservationCount { attempts, runs }
}

#[test]
fn what_was_observed_comes_back_whole_and_counts_once() {
    let (dir, mut store) = open();
    let mut unknown = attempt(u64::MAX, 2);
    unknown.observed.cpu_s = None;
    unknown.observed.used = ResourceUse::default();
    unknown.observed.lane_position = None;
    unknown.observed.censored = false;
    let observed =
        Observations { attempts: vec![attempt(9, 1), unknown], runs: vec![result(u64::MAX)] };
    assert_eq!(store.observe(&observed).unwrap(), count(2, 1));
    assert_eq!(store.observe(&observed).unwrap(), count(0, 0));
    let mut other = observed.clone();
    other.attempts[0].observed.wall_s = 99.0;
    assert_eq!(store.observe(&other).unwrap(), count(0, 0), "the first word stands");
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().observations().unwrap(), observed);
}

#[test]
fn only_the_last_attempts_of_a_task_and_the_last_runs_are_kept() {
    let (_dir, mut store) = open();
    let kept = u32::try_from(ATTEMPTS_KEPT).unwrap();
    let newer = attempts((11..=kept + 10).map(|nth| attempt(1, nth)).collect());
    assert_eq!(store.observe(&newer).unwrap(), count(ATTEMPTS_KEPT, 0));
    let older = attempts((1..=10).map(|nth| attempt(1, nth)).collect());
    assert_eq!(store.observe(&older).unwrap(), count(0, 0), "older than those that are kept");
    let mut of_another_task = attempt(1, 1);
    of_another_task.observed.task = "ui".to_owned();
    assert_eq!(store.observe(&attempts(vec![of_another_task])).unwrap(), count(1, 0));
    let found = store.observations().unwrap();
    assert_eq!(found.attempts.len(), ATTEMPTS_KEPT + 1);
    assert_eq!(found.attempts[0].observed.task, "ui");
    assert_eq!(found.attempts[1..], newer.attempts);

    let many = (1..=RUNS_KEPT as u64 + 5).map(|run| {
        let mut recorded = result(run);
        recorded.observed.at = Timestamp(AT + run.cast_signed());
        recorded
    });
    assert_eq!(store.observe(&runs(many.collect())).unwrap(), count(0, RUNS_KEPT));
    assert_eq!(store.observations().unwrap().runs[0].observed.run, 6);
}

#[test]
fn tasks_of_ever_other_names_do_not_pile_up() {
    let (_dir, mut store) = open();
    let named = (0..ATTEMPTS_KEPT_IN_ALL as u32 + 3).map(|nth| {
        let mut recorded = attempt(1, nth);
        recorded.observed.task = format!("generated-{nth}");
        recorded
    });
    let added = store.observe(&attempts(named.collect())).unwrap();
    assert_eq!(added, count(ATTEMPTS_KEPT_IN_ALL, 0));
    assert_eq!(store.observations().unwrap().attempts[0].observed.task, "generated-3");
}

#[test]
fn what_no_clock_gives_is_passed_over() {
    let (_dir, mut store) = open();
    let mut wrong = vec![attempt(1, 1); 4];
    wrong[0].observed.wall_s = f64::NAN;
    wrong[1].observed.cpu_s = Some(f64::INFINITY);
    wrong[2].observed.wall_s = -1.0;
    wrong[3].observed.active = f64::NAN;
    let mut run = result(1);
    run.observed.high_s = f64::INFINITY;
    let observed = Observations { attempts: wrong, runs: vec![run] };
    assert_eq!(store.observe(&observed).unwrap(), count(0, 0));
    assert!(store.observations().unwrap().is_empty());
}

#[test]
fn the_first_integration_says_what_conflicted() {
    let (_dir, mut store) = open();
    store.observe(&runs(vec![result(1), result(2)])).unwrap();
    store.observe_conflicts(1, 2, 6).unwrap();
    store.observe_conflicts(1, 0, 1).unwrap();
    store.observe_conflicts(77, 1, 1).unwrap();
    let found = store.observations().unwrap().runs;
    let told: Vec<_> = found.iter().map(|r| (r.observed.conflicts, r.observed.branches)).collect();
    assert_eq!(told, [(Some(2), 6), (None, 4)]);
    store.observe(&runs(vec![result(1)])).unwrap();
    assert_eq!(store.observations().unwrap().runs, found, "noting the run again keeps it");
}

#[test]
fn a_task_a_workflow_or_everything_is_forgotten() {
    let (_dir, mut store) = open();
    let of = |run, workflow: &str, task: &str| {
        let mut recorded = attempt(run, 1);
        recorded.observed.workflow = workflow.to_owned();
        recorded.observed.task = task.to_owned();
        recorded
    };
    let mut other = result(2);
    other.observed.workflow = "other".to_owned();
    let observed = Observations {
        attempts: vec![of(1, "auth", "api"), of(1, "auth", "ui"), of(2, "other", "api")],
        runs: vec![result(1), other],
    };
    store.observe(&observed).unwrap();
    let task = Forget::Task { workflow: "auth", task: "api" };
    assert_eq!(store.forget(task).unwrap(), count(1, 0));
    assert_eq!(store.forget(task).unwrap(), count(0, 0));
    assert_eq!(store.forget(Forget::Workflow("auth")).unwrap(), count(1, 1));
    let left = store.observations().unwrap();
    assert_eq!((left.attempts.len(), left.runs.len()), (1, 1));
    assert_eq!(store.forget(Forget::All).unwrap(), count(1, 1));
    assert!(store.observations().unwrap().is_empty());
}

#[test]
fn a_journal_can_be_observed_at_every_point_and_again_with_the_same_result() {
    use crate::domain::plan::Preference;
    use crate::domain::report::scripted_run::{ScriptedRun, Try, plan, task};
    use crate::domain::run::observe;

    let tasks = vec![task("a", &[], 10), task("b", &["a"], 10), task("c", &[], 10)];
    let script = [("a", vec![Try::well(2.0, &["a"])]), ("c", vec![Try::times_out(61.0)])];
    for preference in [Preference::Sequential, Preference::ParallelWith(2)] {
        for script in [&script[..], &script[..1]] {
            let run = ScriptedRun::new(plan(tasks.clone(), preference), script).finished();
            let whole = observe(&run.envelopes, 0);
            assert_eq!((whole.attempts.len(), whole.runs.len()), (3, 2 - script.len()));
            let (_dir, mut store) = open();
            for length in 0..=run.envelopes.len() {
                store.observe(&observe(&run.envelopes[..length], 0)).unwrap();
            }
            assert_eq!(store.observe(&whole).unwrap(), count(0, 0));
            let mut stored = store.observations().unwrap();
            let mut expected = whole;
            for list in [&mut stored.attempts, &mut expected.attempts] {
                list.sort_by(|a, b| a.observed.task.cmp(&b.observed.task));
            }
            assert_eq!(stored, expected);
        }
    }
}
