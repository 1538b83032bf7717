use std::cell::RefCell;
use std::rc::Rc;

use tempfile::TempDir;

use super::*;
use crate::engine::load_run;

const STORED: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/journal-v1.jsonl"));

/// The journal of a run that was created, and nothing more.
fn created() -> (TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let first: serde_json::Value = serde_json::from_str(STORED.lines().next().unwrap()).unwrap();
    let Event::RunCreated { spec } = serde_json::from_value(first["event"].clone()).unwrap() else {
        panic!("a journal begins with `run_created`");
    };
    let store = Store::open(dir.path()).unwrap();
    (dir, Journal::begin(store, Clock::start(), *spec).unwrap().ok().unwrap())
}

fn warned(message: &str) -> Vec<Event> {
    vec![Event::Warned { message: message.to_owned() }]
}

/// Writes down what it is told, with the warnings that the state then holds.
struct Watcher(Rc<RefCell<Vec<String>>>);

impl Subscriber for Watcher {
    fn on_event(&mut self, envelope: &Envelope, state: &RunState) -> Result<(), String> {
        let known = state.warnings.join(",");
        self.0.borrow_mut().push(format!("{} {known}", envelope.event.name()));
        Ok(())
    }

    fn on_output(&mut self, _task: &TaskId, line: &str) {
        self.0.borrow_mut().push(line.to_owned());
    }
}

#[test]
fn what_is_staged_is_known_at_once_and_stored_and_told_together() {
    let (_dir, mut journal) = created();
    let told = Rc::new(RefCell::new(Vec::new()));
    journal.subscribe(Box::new(Watcher(told.clone())));
    let task = journal.state().task(0).id.clone();
    let at = journal.now();
    journal.stage(warned("one"), at).unwrap();
    journal.output(task, "between".to_owned());
    journal.stage(warned("two"), at).unwrap();
    assert_eq!(journal.state().warnings, ["one", "two"]);
    assert_eq!(load_run(&journal.store, &journal.run()).unwrap().0.len(), 1);
    assert!(told.borrow().is_empty());
    journal.store_staged().unwrap();
    let (_, stored) = load_run(&journal.store, &journal.run()).unwrap();
    assert_eq!(stored.warnings, ["one", "two"]);
    assert_eq!(*told.borrow(), ["warned one", "between", "warned one,two"]);
}

#[test]
fn a_fact_that_does_not_fold_leaves_nothing_of_its_batch() {
    let (_dir, mut journal) = created();
    let mut events = warned("one");
    let task = "nobody".parse().unwrap();
    events.push(Event::AttemptRequested { task, attempt: 1 });
    let at = journal.now();
    assert!(journal.record(events, at).is_err());
    assert!(journal.state().warnings.is_empty());
    journal.record(warned("two"), at).unwrap();
    assert_eq!(load_run(&journal.store, &journal.run()).unwrap().1.warnings, ["two"]);
}

#[test]
fn what_could_not_be_stored_is_not_known_either() {
    let (_dir, mut journal) = created();
    let at = journal.now();
    // Somebody else has written: the numbers do not fit any more.
    let envelope = Envelope { seq: FIRST_SEQ + 1, at, event: Event::RunFinished };
    let run = journal.run();
    journal.store.append(&run, &[record(&envelope).unwrap()]).unwrap();
    journal.stage(warned("one"), at).unwrap();
    journal.stage(warned("two"), at).unwrap();
    assert!(journal.store_staged().is_err());
    assert!(journal.state().warnings.is_empty());
    assert_eq!(journal.state().next_seq, FIRST_SEQ + 1);
}
