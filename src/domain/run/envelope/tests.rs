use serde_json::Value;

use super::*;
use crate::domain::plan::{EstimateSource, Risk, Verdict};
use crate::domain::run::{Input, Outcome, RunState, observe, step};

/// A journal as it was stored before plans held risks, inferred order, patterns and the prediction of
/// a run. It is never edited.
const STORED: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/journal-v1.jsonl"));

fn stored() -> Vec<Envelope> {
    let row = |(line, seq): (&str, u64)| {
        let row: Value = serde_json::from_str(line).unwrap();
        let at = Timestamp(row["at"].as_i64().unwrap());
        Envelope::decode(seq, at, 1, &row["event"].to_string()).unwrap()
    };
    STORED.lines().zip(FIRST_SEQ..).map(row).collect()
}

#[test]
fn a_journal_of_an_earlier_version_is_folded_observed_and_taken_up_again() {
    let journal = stored();
    let state = RunState::fold(&journal).unwrap();
    let plan = &state.spec.plan;
    assert_eq!((plan.decision.verdict, plan.tasks.len()), (Verdict::Parallel, 5));
    assert_eq!((&plan.risk, plan.orders.len(), plan.predicted.run), (&Risk::default(), 0, None));
    assert_eq!(plan.tasks[0].estimate.source, EstimateSource::Estimate);
    assert_eq!((state.count(Outcome::Succeeded), state.count(Outcome::Failed)), (3, 1));
    assert_eq!(state.integrations.len(), 1);

    let seen = observe(&journal, 0);
    let tasks: Vec<&str> = seen.attempts.iter().map(|one| one.observed.task.as_str()).collect();
    assert_eq!((tasks, seen.runs.len()), (vec!["api", "mail", "gate.one"], 0));
    assert_eq!(seen.attempts[0].observed.workflow, "shop");

    let now = journal.last().unwrap().at;
    let retried = step(&state, Input::Retry { tasks: vec!["page".parse().unwrap()] }, now);
    assert!(!retried.events.is_empty());
}

#[test]
fn every_event_of_an_earlier_version_is_stored_again_as_it_was_read() {
    for envelope in stored() {
        let (_, body) = envelope.encode().unwrap();
        let again = Envelope::decode(envelope.seq, envelope.at, JOURNAL_VERSION, &body).unwrap();
        assert_eq!(again, envelope);
    }
}
