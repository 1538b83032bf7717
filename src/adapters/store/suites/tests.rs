use crate::adapters::store::suites::{SuiteObservation, SuiteTime};
use crate::adapters::store::{Forget, SUITE_TIMES_KEPT, Store};
use crate::domain::time::Timestamp;

const WORKFLOW: &str = "test";

/// What one run showed of two modules, one of which has a unit.
pub(in crate::adapters::store) fn observed(run: u64) -> SuiteObservation {
    SuiteObservation {
        run,
        at: Timestamp(1_795_000_000_000 + run.cast_signed()),
        times: vec![time("api", None, run as f64), time("api", Some("lib"), 0.5)],
        ends: vec![("api".to_owned(), true), ("cli".to_owned(), false)],
    }
}

fn time(module: &str, unit: Option<&str>, seconds: f64) -> SuiteTime {
    let unit = unit.map(str::to_owned);
    SuiteTime { module: module.to_owned(), unit, seconds, cpu_s: Some(0.25) }
}

fn open() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

#[test]
fn the_latest_times_of_each_unit_are_kept_and_a_run_counts_once() {
    let (_dir, mut store) = open();
    for run in [1, 2, 3, 3, 4, 5, 6, 7] {
        store.observe_suites(WORKFLOW, &observed(run)).unwrap();
    }
    let times = store.suite_times(WORKFLOW).unwrap();
    let whole: Vec<f64> =
        times.iter().filter(|time| time.unit.is_none()).map(|time| time.seconds).collect();
    assert_eq!(whole, [3.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(times.len(), 2 * SUITE_TIMES_KEPT);
    assert_eq!(store.suite_times("other").unwrap(), []);
}

#[test]
fn a_module_has_failed_until_it_ends_well() {
    let (_dir, mut store) = open();
    store.observe_suites(WORKFLOW, &observed(1)).unwrap();
    assert_eq!(store.failed_suites(WORKFLOW).unwrap(), ["api"]);
    let mended = SuiteObservation { ends: vec![("api".to_owned(), false)], ..observed(2) };
    store.observe_suites(WORKFLOW, &mended).unwrap();
    assert_eq!(store.failed_suites(WORKFLOW).unwrap(), Vec::<String>::new());
}

#[test]
fn what_is_no_time_is_not_stored() {
    let (_dir, mut store) = open();
    let times = vec![time("a", None, f64::NAN), time("b", None, -1.0), time("c", None, 1.0)];
    store.observe_suites(WORKFLOW, &SuiteObservation { times, ..observed(1) }).unwrap();
    assert_eq!(store.suite_times(WORKFLOW).unwrap(), [time("c", None, 1.0)]);
}

#[test]
fn forgetting_a_task_forgets_its_module_and_no_other() {
    let (_dir, mut store) = open();
    let times = vec![time("api", None, 1.0), time("api2", None, 1.0)];
    let both = SuiteObservation { times, ..observed(1) };
    let modules = |store: &Store| -> Vec<String> {
        let times = store.suite_times(WORKFLOW).unwrap();
        times.into_iter().map(|time| time.module).collect()
    };
    for task in ["api", "api.part2"] {
        store.observe_suites(WORKFLOW, &both).unwrap();
        store.forget(Forget::Task { workflow: WORKFLOW, task }).unwrap();
        assert_eq!(modules(&store), ["api2"]);
        assert!(store.failed_suites(WORKFLOW).unwrap().is_empty());
    }
    store.forget(Forget::Workflow("other")).unwrap();
    assert_eq!(modules(&store), ["api2"]);
    store.forget(Forget::All).unwrap();
    assert!(modules(&store).is_empty());
}
