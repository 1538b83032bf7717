//! Any rows as a journal, one JSON text per line: either a refusal that names the row, or a state of
//! which every document can be made and from which the run can go on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wt_orch::domain::report::{LogPaths, ReportPlaces, from_run, run_report, status_report};
use wt_orch::domain::run::{
    Envelope, FIRST_SEQ, Input, JOURNAL_VERSION, RunState, StopReason, observe, step,
};
use wt_orch::domain::time::Timestamp;

/// A journal whose first row stands in for a first line that is empty: what follows a valid
/// beginning is then reached at once.
const STORED: &str = include_str!("../../../fixtures/store/journal-v1.jsonl");

fuzz_target!(|text: &str| {
    let mut rows = Vec::new();
    for (line, seq) in text.lines().take(64).zip(FIRST_SEQ..) {
        let at = Timestamp(1_800_000_000_000 + i64::try_from(seq).unwrap_or(0) * 1000);
        let beginning = if seq == FIRST_SEQ && line.is_empty() { first_row() } else { None };
        let body = beginning.as_deref().unwrap_or(line);
        let Ok(row) = Envelope::decode(seq, at, JOURNAL_VERSION, body) else { break };
        let (_, stored) = row.encode().expect("what was read can be written");
        let again = Envelope::decode(seq, at, JOURNAL_VERSION, &stored).expect("and read again");
        assert_eq!(row.encode(), again.encode());
        rows.push(row);
    }
    let Ok(state) = RunState::fold(&rows) else { return };
    let now = rows.last().map_or(Timestamp(0), |row| row.at);
    run_report(&state, &ReportPlaces::default());
    status_report(&state, now);
    from_run(&state, now, &LogPaths::new("/logs"));
    observe(&rows, 0);
    let stop = Input::Stop { reason: StopReason::Aborted, force: true };
    for input in [Input::Begin { resumed: true }, stop] {
        let next = step(&state, input, now);
        let mut after = state.clone();
        for (event, seq) in next.events.into_iter().zip(state.next_seq..) {
            after.apply(&Envelope { seq, at: now, event }).expect("a step follows the rules");
        }
    }
});

fn first_row() -> Option<String> {
    let row: serde_json::Value = serde_json::from_str(STORED.lines().next()?).ok()?;
    Some(row.get("event")?.to_string())
}
