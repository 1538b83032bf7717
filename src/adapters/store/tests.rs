mod unusable;

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use super::*;
use crate::domain::id::{Oid, RunId};
use crate::domain::plan::{Observations, ResourceUse};
use crate::domain::time::Timestamp;

const AT: Timestamp = Timestamp(1_795_000_000_000);
const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/v1.db");
const V2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/v2.db");
const V3: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/v3.db");
const V4: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/v4.db");
const V5: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/v5.db");

fn open() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("wt-orch")).unwrap();
    (dir, store)
}

fn reopened(dir: &TempDir) -> Store {
    Store::open_existing(&dir.path().join("wt-orch")).unwrap().unwrap()
}

fn record(seq: u64) -> Record {
    let body = format!(r#"{{"n":{seq}}}"#);
    Record { seq, at: Timestamp(AT.0 + seq.cast_signed()), version: 1, kind: "noted".into(), body }
}

fn run(name: &str) -> RunId {
    name.parse().unwrap()
}

fn oid(digit: char) -> Oid {
    digit.to_string().repeat(40).parse().unwrap()
}

fn landing() -> NewOperation {
    NewOperation {
        at: AT,
        kind: "land".into(),
        reference: "refs/heads/main".into(),
        old: oid('a'),
        new: oid('b'),
        run: Some(run("r")),
        undoes: None,
    }
}

/// A run without events, under the wanted name or the next.
fn created(store: &mut Store, wanted: &str) -> RunId {
    loop {
        let name = store.free_run_name(wanted).unwrap();
        if store.begin_run(&name, AT, &[]).unwrap() {
            return name;
        }
    }
}

fn fill(store: &mut Store) {
    let name = created(store, "user-auth");
    store.append(&name, &[record(1), record(2)]).unwrap();
    let id = store.begin_operation(&landing()).unwrap();
    store.finish_operation(id, OperationState::Done).unwrap();
    store.observe_cost("merge", CostSample { quantity: 2.0, seconds: 0.5, at: AT }).unwrap();
    store.observe(&observed()).unwrap();
    store.note_passed("key", AT).unwrap();
    store.note_failed("false", AT).unwrap();
    store.observe_suites("test", &suites::tests::observed(1)).unwrap();
}

fn observed() -> Observations {
    use super::observations::tests::{attempt, result};
    Observations { attempts: vec![attempt(1, 1)], runs: vec![result(1)] }
}

/// As a database of schema 2 knows it.
fn without_resources() -> Observations {
    let mut observed = observed();
    observed.attempts[0].observed.used = ResourceUse::default();
    observed
}

fn assert_filled(store: &Store) {
    assert_eq!(store.runs().unwrap(), [RunRow { name: run("user-auth"), created: AT }]);
    assert_eq!(store.records(&run("user-auth")).unwrap(), [record(1), record(2)]);
    let operations = store.operations().unwrap();
    assert_eq!((operations.len(), operations[0].state), (1, OperationState::Done));
    assert_eq!((operations[0].old, operations[0].new), (oid('a'), oid('b')));
    let cost = CostSample { quantity: 2.0, seconds: 0.5, at: AT };
    assert_eq!(store.costs("merge", 9).unwrap(), [cost]);
}

#[test]
fn what_was_stored_is_there_after_opening_again_and_nothing_lies_beside_it() {
    let (dir, mut store) = open();
    fill(&mut store);
    drop(store);
    let store = reopened(&dir);
    assert_filled(&store);
    drop(store);
    let names: Vec<_> = fs::read_dir(dir.path().join("wt-orch"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, [FILE_NAME]);
}

#[test]
fn a_database_of_every_released_schema_still_opens() {
    let none = Observations::default;
    let fixtures = [
        (V1, none()),
        (V2, without_resources()),
        (V3, observed()),
        (V4, observed()),
        (V5, observed()),
    ];
    for (fixture, known) in fixtures {
        for existing in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            fs::copy(fixture, dir.path().join(FILE_NAME)).unwrap();
            let mut store = match existing {
                true => Store::open_existing(dir.path()).unwrap().unwrap(),
                false => Store::open(dir.path()).unwrap(),
            };
            assert_filled(&store);
            assert_eq!(store.observations().unwrap(), known);
            let failed: &[&str] = if fixture == V5 { &["api"] } else { &[] };
            assert_eq!(store.failed_suites("test").unwrap(), failed);
            assert_eq!(store.suite_times("test").unwrap().len(), 2 * failed.len());
            store.observe(&observed()).unwrap();
            let first = if known.is_empty() { observed() } else { known.clone() };
            assert_eq!(store.observations().unwrap(), first);
            let mut other = observed();
            other.attempts[0].attempt = 2;
            store.observe(&other).unwrap();
            assert_eq!(store.observations().unwrap().attempts[1], other.attempts[0]);
        }
    }
}

#[test]
#[ignore = "writes the fixture of the current schema, which is done once for each schema"]
fn write_the_fixture() {
    let (_dir, mut store) = open();
    fill(&mut store);
    let path = store.path.clone();
    drop(store);
    let name = format!("fixtures/store/v{}.db", schema::KNOWN);
    fs::copy(path, Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
}

#[test]
fn reading_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Store::open_existing(dir.path()).unwrap().is_none());
    assert!(Store::open_existing(&dir.path().join("gone")).unwrap().is_none());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    fs::write(dir.path().join(FILE_NAME), "").unwrap();
    assert!(Store::open_existing(dir.path()).unwrap().is_none());
}

#[test]
fn an_older_database_that_may_only_be_read_knows_what_its_schema_has() {
    for (fixture, known) in [(V1, Observations::default()), (V2, without_resources())] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        fs::copy(fixture, &path).unwrap();
        let store = Store::connect_read_only(path).unwrap();
        assert_eq!(store.observations().unwrap(), known);
        assert!(store.suite_times("test").unwrap().is_empty());
        assert!(store.failed_suites("test").unwrap().is_empty());
        assert_eq!(store.runs().unwrap().len(), 1);
    }
}

#[test]
fn a_database_that_may_only_be_read_is_read_and_refuses_to_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("50% of #1?.db");
    fs::copy(V1, &path).unwrap();
    let mut store = Store::connect_read_only(path.clone()).unwrap();
    assert_filled(&store);
    assert!(matches!(
        store.begin_run(&"x".parse().unwrap(), AT, &[]),
        Err(StoreError::ReadOnly { .. })
    ));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(immutable_uri(&path), flags).unwrap();
    assert_filled(&Store { connection, path, schema: 1 });
}

#[test]
fn the_second_run_of_a_name_gets_a_number() {
    let (_dir, mut store) = open();
    let long = "x".repeat(64);
    let mut named = |wanted: &str| created(&mut store, wanted).to_string();
    assert_eq!(["a", "a", "a", "a-2"].map(&mut named), ["a", "a-2", "a-3", "a-2-2"]);
    assert_eq!(named("User Auth!"), "user-auth");
    assert_eq!(named(&long), long);
    assert_eq!(named(&long), format!("{}-2", "x".repeat(62)));
    assert!(store.runs().unwrap().is_empty(), "a name without an event is no run yet");
    store.append(&run("a"), &[record(1)]).unwrap();
    store.append(&run(&long), &[record(1)]).unwrap();
    assert_eq!(store.newest_run().unwrap().unwrap().name.as_str(), long);
    assert_eq!(store.runs().unwrap().last().unwrap().name, run("a"));
}

#[test]
fn events_follow_on_without_a_gap_or_none_is_stored() {
    let (_dir, mut store) = open();
    let name = created(&mut store, "r");
    store.append(&name, &[record(1)]).unwrap();
    for (batch, wrong) in [([2, 4], (3, 4)), ([1, 2], (2, 1)), ([3, 4], (2, 3))] {
        match store.append(&name, &batch.map(record)) {
            Err(StoreError::SequenceGap { expected, found, .. }) => {
                assert_eq!((expected, found), wrong);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.records(&name).unwrap(), [record(1)]);
    store.append(&name, &[]).unwrap();
    store.append(&name, &[record(2), record(3)]).unwrap();
    assert_eq!(store.records_after(&name, 1).unwrap(), [record(2), record(3)]);
    let unknown = store.append(&run("other"), &[record(1)]);
    assert!(matches!(unknown, Err(StoreError::UnknownRun { .. })));
    assert!(matches!(store.records(&run("other")), Err(StoreError::UnknownRun { .. })));
}

#[test]
fn a_forgotten_run_takes_its_events_along_and_leaves_its_operations_and_its_name() {
    let (_dir, mut store) = open();
    let name = created(&mut store, "r");
    store.append(&name, &[record(1)]).unwrap();
    store.begin_operation(&landing()).unwrap();
    assert!(store.remove_run(&name).unwrap());
    assert!(!store.remove_run(&name).unwrap());
    assert_eq!(store.newest_run().unwrap(), None);
    assert_eq!(store.operations().unwrap()[0].run, Some(name.clone()));
    assert_eq!(store.records(&name).unwrap(), []);
    assert!(!store.begin_run(&name, AT, &[record(1)]).unwrap());
    assert_eq!(created(&mut store, "r"), run("r-2"));
}

#[test]
fn operations_are_told_newest_first_with_what_became_of_them() {
    let (_dir, mut store) = open();
    let first = store.begin_operation(&landing()).unwrap();
    store.finish_operation(first, OperationState::Done).unwrap();
    let undo = NewOperation { undoes: Some(first), kind: "undo".into(), run: None, ..landing() };
    let second = store.begin_operation(&undo).unwrap();
    store.finish_operation(second, OperationState::Failed).unwrap();
    let third = store.begin_operation(&landing()).unwrap();

    let told = store.operations().unwrap();
    let brief: Vec<_> = told.iter().map(|op| (op.id, op.state, op.undone, op.undoes)).collect();
    assert_eq!(
        brief,
        [
            (third, OperationState::Started, false, None),
            (second, OperationState::Failed, false, Some(first)),
            (first, OperationState::Done, false, None),
        ]
    );
    assert_eq!((told[1].kind.as_str(), &told[1].run), ("undo", &None));
    let undo = |store: &mut Store, undoes| {
        let undo = NewOperation { undoes: Some(undoes), kind: "undo".into(), ..landing() };
        let id = store.begin_operation(&undo).unwrap();
        assert!(!store.operations().unwrap().iter().any(|op| op.id == undoes && op.undone));
        store.finish_operation(id, OperationState::Done).unwrap();
        id
    };
    let back = undo(&mut store, first);
    let is_undone = |store: &Store, id| {
        store.operations().unwrap().into_iter().any(|op| op.id == id && op.undone)
    };
    assert!(is_undone(&store, first));
    undo(&mut store, back);
    assert!(is_undone(&store, back) && !is_undone(&store, first));

    for unknown in [99, u64::MAX] {
        let failed = store.finish_operation(unknown, OperationState::Done);
        assert!(matches!(failed, Err(StoreError::UnknownOperation { .. })));
        let undo = NewOperation { undoes: Some(unknown), ..landing() };
        let failed = store.begin_operation(&undo);
        assert!(matches!(failed, Err(StoreError::UnknownOperation { .. })));
    }
}

#[test]
fn costs_are_told_newest_first_and_do_not_pile_up() {
    let (_dir, mut store) = open();
    let sample = |n: usize| CostSample { quantity: n as f64, seconds: 1.0, at: AT };
    store.observe_cost("commit", sample(7)).unwrap();
    store.connection.pragma_update(None, "synchronous", "OFF").unwrap();
    for n in 0..COSTS_KEPT + 10 {
        store.observe_cost("merge", sample(n)).unwrap();
    }
    let latest = store.costs("merge", 2).unwrap();
    assert_eq!(latest, [sample(COSTS_KEPT + 9), sample(COSTS_KEPT + 8)]);
    assert_eq!(store.costs("merge", usize::MAX).unwrap().len(), COSTS_KEPT);
    assert_eq!(store.costs("commit", 9).unwrap(), [sample(7)]);
    store.observe_cost("commit", CostSample { seconds: f64::NAN, ..sample(1) }).unwrap();
    assert_eq!(store.costs("commit", 9).unwrap().len(), 1);
}

#[test]
fn a_reader_sees_whole_batches_while_a_writer_appends() {
    let (dir, mut store) = open();
    let name = created(&mut store, "r");
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for batch in 0..50 {
                let records: Vec<Record> = (1..=3).map(|n| record(batch * 3 + n)).collect();
                store.append(&name, &records).unwrap();
            }
        });
        let reader = reopened(&dir);
        let mut seen = 0;
        while !writer.is_finished() {
            let records = reader.records(&name).unwrap();
            assert_eq!(records.len() % 3, 0);
            assert!(records.len() >= seen);
            seen = records.len();
        }
        assert_eq!(reader.records(&name).unwrap().len(), 150);
    });
}

#[test]
fn many_can_make_the_database_and_want_the_same_name_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let barrier = Barrier::new(8);
    let create = || {
        barrier.wait();
        created(&mut Store::open(dir.path()).unwrap(), "r")
    };
    let mut names: Vec<RunId> = thread::scope(|scope| {
        let makers: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 8);
}

#[test]
fn the_second_writer_of_a_run_is_told_that_it_is_not_alone() {
    let (dir, mut first) = open();
    let name = created(&mut first, "r");
    let mut second = reopened(&dir);
    first.append(&name, &[record(1)]).unwrap();
    let late = second.append(&name, &[record(1)]);
    assert!(matches!(late, Err(StoreError::SequenceGap { expected: 2, found: 1, .. })));
}
