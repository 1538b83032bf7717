use serde_json::{Value, json};

use super::*;
use crate::domain::run::FIRST_SEQ;

const STORED: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/journal-v1.jsonl"));

fn journal(events: &[Value]) -> Result<RunState, IllegalEvent> {
    let rows = events.iter().zip(FIRST_SEQ..);
    let decoded = |(event, seq): (&Value, u64)| {
        Envelope::decode(seq, Timestamp(0), 1, &event.to_string()).unwrap()
    };
    RunState::fold(&rows.map(decoded).collect::<Vec<_>>())
}

fn stored() -> Vec<Value> {
    let event = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].clone();
    STORED.lines().map(event).collect()
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    let created = stored().remove(0);
    assert!(journal(std::slice::from_ref(&created)).is_ok());
    for (place, value) in [
        ("/spec/places", json!([])),
        ("/spec/plan/tasks/0/task/id", json!("mail")),
        ("/spec/plan/problem/jobs/0/successors", json!([99])),
        ("/spec/plan/problem/jobs/0/predecessors", json!([0])),
        ("/spec/plan/problem/jobs/0/excludes", json!([1, 1])),
        ("/spec/plan/problem/jobs/0/cliques", json!([u64::MAX])),
        ("/spec/plan/problem/jobs/0/demands", json!([[9, 1]])),
        ("/spec/plan/problem/jobs/0/rank", json!(77)),
        ("/spec/plan/problem/jobs", json!([])),
    ] {
        let mut damaged = created.clone();
        match damaged.pointer_mut(place) {
            Some(part) => *part = value,
            // Left out where it is empty.
            None => damaged["spec"]["plan"]["problem"]["jobs"][0]["cliques"] = value,
        }
        let refused = journal(&[damaged]).unwrap_err();
        assert_eq!(refused, IllegalEvent::UnsoundPlan { seq: FIRST_SEQ }, "{place}");
    }
}

#[test]
fn ranks_that_are_no_order_are_refused() {
    let mut events = stored();
    events.truncate(2);
    let count = journal(&events).unwrap().tasks.len();
    for (ranks, taken) in [((0..count).rev().collect(), true), (vec![0; count], false)] {
        let replanned = json!({"kind": "replanned", "because": "api", "ranks": ranks});
        let events = [&events[..], &[replanned]].concat();
        assert_eq!(journal(&events).is_ok(), taken, "{ranks:?}");
    }
}
