//! What a task starts from when that collides.

use super::setup::play;
use super::*;
use crate::domain::integrate::{MergeRemarks, PathResolution, ResolutionLabel};

/// A run with one task, whose worktree is being made.
fn provisioning() -> (RunState, TaskId) {
    let plan = plan(vec![task("a", &[])], Preference::Sequential);
    let created = Event::RunCreated { spec: Box::new(spec(plan)) };
    let created = Envelope { seq: FIRST_SEQ, at: Timestamp(0), event: created };
    let mut state = RunState::fold([&created]).unwrap();
    let actions = play(&mut state, Input::Begin { resumed: false });
    assert!(matches!(actions[..], [Action::Provision { task: 0, attempt: 1, .. }]), "{actions:?}");
    (state, "a".parse().unwrap())
}

fn merge(with: &str) -> StartMerge {
    let resolved = PathResolution { path: "a.txt".to_owned(), label: ResolutionLabel::Agent };
    let remarks =
        MergeRemarks { resolved: vec![resolved], notes: vec!["a line is gone".to_owned()] };
    let [ours, theirs, commit] = [1, 2, 3].map(|attempt| tip_of(0, attempt));
    StartMerge { ours, with: with.parse().unwrap(), theirs, commit, remarks }
}

fn resolved(task: &TaskId, attempt: u32) -> Input {
    Input::Fact(Event::StartResolved { task: task.clone(), attempt, merge: merge("b") })
}

fn failed(task: &TaskId, failure: ProvisionFailure) -> Input {
    Input::Fact(Event::ProvisionFailed { task: task.clone(), attempt: 1, failure })
}

#[test]
fn a_resolved_start_is_kept_for_the_next_process_until_the_user_wants_another() {
    let (mut state, a) = provisioning();
    assert_eq!(play(&mut state, resolved(&a, 2)), [], "of an attempt that nobody began");
    assert_eq!(state.tasks[0].start_merges, []);
    assert_eq!(play(&mut state, resolved(&a, 1)), []);
    assert_eq!(state.tasks[0].state, TaskState::Provisioning { attempt: 1 });
    play(&mut state, Input::Stop { reason: StopReason::Interrupted, force: false });
    play(&mut state, failed(&a, ProvisionFailure::Stopped));
    play(&mut state, Input::Begin { resumed: true });
    assert_eq!(state.tasks[0].state, TaskState::Provisioning { attempt: 2 });
    assert_eq!(state.tasks[0].start_merges, [merge("b")]);
    let told: Vec<String> = merge("b").sentences().collect();
    assert_eq!(
        told,
        [
            "where `b` is merged into its start, `a.txt` was in conflict; resolved: agent",
            "where `b` is merged into its start, a line is gone",
        ]
    );
    let message = "no".to_owned();
    let attempt = 2;
    let failure = ProvisionFailure::Other { message };
    let fact = Event::ProvisionFailed { task: a.clone(), attempt, failure };
    play(&mut state, Input::Fact(fact));
    play(&mut state, Input::Retry { tasks: vec![a] });
    assert_eq!(state.tasks[0].start_merges, []);
}

#[test]
fn a_start_that_is_made_of_something_else_is_resolved_anew() {
    let (mut state, a) = provisioning();
    play(&mut state, resolved(&a, 1));
    play(&mut state, Input::Stop { reason: StopReason::Interrupted, force: false });
    play(&mut state, failed(&a, ProvisionFailure::Stopped));
    let (attempt, from, needs) = (2, vec![("b".parse().unwrap(), tip_of(0, 9))], Vec::new());
    for event in [
        Event::RunStarted { resumed: true },
        Event::ProvisionRequested { task: a, attempt, from, needs },
    ] {
        assert_eq!(state.tasks[0].start_merges, [merge("b")]);
        let envelope = Envelope { seq: state.next_seq, at: Timestamp(2), event };
        state.apply(&envelope).unwrap();
    }
    assert_eq!(state.tasks[0].start_merges, []);
}

#[test]
fn a_task_that_is_stopped_before_its_start_is_known_starts_again_unless_it_is_aborted() {
    for (reason, outcome) in
        [(StopReason::Interrupted, None), (StopReason::Aborted, Some(Outcome::Cancelled))]
    {
        let (mut state, a) = provisioning();
        let asked = play(&mut state, Input::Stop { reason, force: false });
        assert_eq!(asked, [Action::Stop { task: 0, force: false }]);
        play(&mut state, failed(&a, ProvisionFailure::Stopped));
        assert_eq!(state.tasks[0].outcome(), outcome);
        assert_eq!(state.phase, RunPhase::Stopped(reason));
    }
}

#[test]
fn tips_that_nothing_resolved_skip_the_task_with_what_was_tried() {
    let (mut state, a) = provisioning();
    let between = ("b".parse().unwrap(), "c".parse().unwrap());
    let notes = vec!["the resolver's answer was refused because of it".to_owned()];
    let paths = vec!["a.txt".to_owned()];
    play(&mut state, failed(&a, ProvisionFailure::StartConflict { between, paths, notes }));
    let record = &state.tasks[0];
    assert_eq!(record.outcome(), Some(Outcome::Skipped));
    let said = record.reason().unwrap().to_string();
    let begin = "`b` and `c`, which it starts from, conflict in `a.txt`: the resolver's answer was \
                 refused because of it; `wt-orch integrate run --manual` ";
    assert!(said.starts_with(begin), "{said}");
    assert!(said.ends_with(" then `wt-orch retry run` starts it"), "{said}");
    let stored = r#"{"why":"start_conflict","between":["b","c"],"paths":["a.txt"]}"#;
    let older: Reason = serde_json::from_str(stored).unwrap();
    assert!(older.to_string().contains("; `wt-orch integrate --manual` lets"), "{older}");
}

#[test]
fn what_was_stored_before_starts_were_resolved_is_read() {
    let failure = r#"{"failure":"start_conflict","between":["b","c"],"paths":["a.txt"]}"#;
    let read: ProvisionFailure = serde_json::from_str(failure).unwrap();
    let notes = Vec::new();
    let between = ("b".parse().unwrap(), "c".parse().unwrap());
    let paths = vec!["a.txt".to_owned()];
    assert_eq!(read, ProvisionFailure::StartConflict { between, paths, notes });
    let mut stored = serde_json::to_value(spec(plan(vec![task("a", &[])], Preference::Sequential)));
    let stored = stored.as_mut().unwrap();
    assert!(stored.as_object_mut().unwrap().remove("resolution").is_some());
    let read: RunSpec = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(read.resolution, ResolutionRules::default());
}
