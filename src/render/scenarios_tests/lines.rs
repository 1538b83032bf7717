//! Plain lines, live and replayed.

use std::io;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::run::{Event, WidthCause};
use crate::domain::task::Work;

#[test]
fn a_failure_a_retry_and_a_skip_are_told_line_by_line() {
    let run = mixed_run();
    insta::assert_snapshot!(plain_lines(&run.envelopes, Verbosity::Normal), @r"
     0.0s  -       run `auth`: 5 tasks, parallel on 3 slots, from `main` at 0101010101
     0.1s  schema  started in /home/u/repo-schema
     0.1s  flaky   started in /home/u/repo-flaky
     0.1s  docs    started in /home/u/repo-docs
     2.1s  docs    attempt 1 failed: exit code 1; again in 0.8s
     3.1s  docs    started (attempt 2) in /home/u/repo-docs
     3.1s  flaky   failed in 3.1s: exit code 1
     3.1s  late    skipped: `flaky` did not succeed
     8.1s  docs    succeeded in 8.1s: changed 2 paths
     9.2s  schema  succeeded in 9.2s: changed 1 path
     9.2s  api     started in /home/u/repo-api
    40.3s  api     succeeded in 31s: changed 2 paths
    40.3s  -       finished in 40s: 3 of 5 tasks succeeded, 1 failed, 1 skipped
    ");
    insta::assert_snapshot!(plain_lines(&run.envelopes, Verbosity::Quiet), @r"
     2.1s  docs    attempt 1 failed: exit code 1; again in 0.8s
     3.1s  flaky   failed in 3.1s: exit code 1
     3.1s  late    skipped: `flaky` did not succeed
    40.3s  -       finished in 40s: 3 of 5 tasks succeeded, 1 failed, 1 skipped
    ");
}

#[test]
fn fewer_tasks_at_once_and_more_again_are_told_with_the_reason() {
    let run = mixed_run();
    let mut state = RunState::fold(&run.envelopes[..2]).unwrap();
    let mut spec = (*state.spec).clone();
    let work = Work::Agent { preset: "claude".into(), prompt: String::new(), persona: None };
    spec.plan.tasks[0].task.work = work;
    let task = spec.plan.tasks[0].task.id.clone();
    state.spec = Arc::new(spec);
    let causes = [
        WidthCause::Load,
        WidthCause::Memory,
        WidthCause::OtherRuns,
        WidthCause::RateLimit { task: task.clone() },
        WidthCause::RateEased { task },
        WidthCause::Eased,
    ];
    let told = causes.into_iter().map(|because| {
        let event = Event::WidthChanged { width: 2, because };
        let envelope = Envelope { seq: state.next_seq, at: state.created, event };
        event_lines(&envelope, &state, Verbosity::Normal).join("\n")
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    0.0s  -       at most 2 at once from here on: the machine is busy (`run.share_host = false` ignores it)
    0.0s  -       at most 2 at once from here on: little memory is left
    0.0s  -       at most 2 at once from here on: other runs use a part of the machine (`run.share_host = false` ignores it)
    0.0s  -       at most 2 of `claude` at once from here on: the provider of `schema` limits the rate
    0.0s  -       at most 2 of `claude` at once from here on: the provider of `schema` is less in demand
    0.0s  -       at most 2 at once from here on: there is room again
    ");
}

#[test]
fn verbose_lines_tell_every_event() {
    let run = conflicting_run();
    let lines = plain_lines(&run.envelopes, Verbosity::Verbose);
    assert_eq!(lines.lines().count(), run.envelopes.len());
}

#[test]
fn an_integration_is_told_line_by_line() {
    let run = conflicting_run();
    let lines = plain_lines(&run.envelopes, Verbosity::Normal);
    let at = lines.find("to merge into").unwrap();
    let integration: Vec<&str> = lines[lines[..at].rfind('\n').unwrap() + 1..].lines().collect();
    insta::assert_snapshot!(integration.join("\n"), @"
    0.0s  -       3 tasks to merge into `main`
    0.5s  flaky   left out: it did not succeed
    0.5s  late    left out: it did not succeed
    1.0s  schema  merged as 0707070707
    1.5s  api     merged as 0808080808
    2.0s  docs    left out: it conflicts with `api` in `src/limit.rs`
    2.5s  -       validating 0808080808 by `workspace`
    2.5s  -       validation of 0808080808 passed in 2.5s
    3.0s  -       landed: `main` moved from 0101010101 to 0808080808
    ");
}

#[test]
fn a_writer_that_fails_is_an_error_and_not_a_panic() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let run = mixed_run();
    let told = replay(&run.envelopes, &mut PlainLines::new(Full, Verbosity::Normal));
    assert!(matches!(told, Err(ReplayError::Write(_))));
    let empty = replay(&[], &mut PlainLines::new(Full, Verbosity::Normal));
    assert!(matches!(empty, Err(ReplayError::Journal(_))));
}

fn tries() -> impl Strategy<Value = Try> {
    prop_oneof![
        3 => Just(Try::well(2.0, &["a.rs"])),
        1 => Just(Try::well(0.3, &[])),
        1 => Just(Try::fails(1.5, "no")),
        1 => Just(Try::times_out(3.0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Live subscribers see each state as it is folded; a replay starts from the stored text.
    #[test]
    fn a_journal_is_told_in_the_same_bytes_as_the_live_run(
        fates in proptest::collection::vec((proptest::collection::vec(tries(), 1..3), 0_u32..3, any::<u8>()), 1..6),
        width in 1_usize..4,
        lands in any::<bool>(),
    ) {
        const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let tasks: Vec<Task> = fates.iter().enumerate().map(|(n, (_, retries, bits))| {
            let needs: Vec<&str> = (0..n).filter(|i| bits >> i & 1 == 1).map(|i| IDS[i]).collect();
            Task { retries: *retries, ..task(IDS[n], &needs, 2) }
        }).collect();
        let script: Vec<(&str, Vec<Try>)> =
            fates.iter().enumerate().map(|(n, (tries, _, _))| (IDS[n], tries.clone())).collect();
        let mut run = ScriptedRun::new(plan(tasks, Preference::ParallelWith(width)), &script).finished();
        if lands {
            run = run.integrated(&[("a", "b")], &["c"], false);
        }
        let stored: Vec<Envelope> = run.envelopes.iter().map(|envelope| {
            let (_, body) = envelope.encode().unwrap();
            Envelope::decode(envelope.seq, envelope.at, 1, &body).unwrap()
        }).collect();
        for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
            prop_assert_eq!(run.told(verbosity), plain_lines(&stored, verbosity));
        }
        let folded = RunState::fold(&stored).unwrap();
        for style in [PLAIN, Style { color: true, width: 20 }] {
            prop_assert_eq!(report_text(&report(&run.state), style), report_text(&report(&folded), style));
        }
        prop_assert_eq!(report_markdown(&report(&run.state)), report_markdown(&report(&folded)));
    }
}

impl ScriptedRun {
    /// Plain lines as they were told while the run went on.
    fn told(&self, verbosity: Verbosity) -> String {
        let mut lines = PlainLines::new(Vec::new(), verbosity);
        for (envelope, state) in self.envelopes.iter().zip(&self.states) {
            lines.on_event(envelope, state).unwrap();
        }
        String::from_utf8(lines.into_writer()).unwrap()
    }
}
