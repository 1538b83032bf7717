//! What was found changed among what worktrees share, and whose attempt fails for it.

use super::setup::{ended, play, setting_up};
use super::*;

fn finding(suspects: &[&str], blamed: Option<&str>) -> Input {
    let id = |id: &str| id.parse().unwrap();
    let finding = SharedFinding {
        suspects: suspects.iter().copied().map(id).collect(),
        blamed: blamed.map(id),
        validations: false,
        others: false,
        put_back: vec!["the hook `pre-push`".to_owned()],
        notes: vec!["it was put back".to_owned()],
    };
    Input::Fact(Event::SharedChanged { finding })
}

fn finished(task: &TaskId, code: i32) -> Input {
    let end = AttemptEnd {
        ending: Ending::Code { code },
        usage: Usage::default(),
        leaked_output: false,
        leaked_processes: 0,
        last_lines: Vec::new(),
        trouble: Vec::new(),
        agent: None,
        out_of_memory: false,
    };
    Input::Fact(Event::AttemptFinished { task: task.clone(), attempt: 1, end, shortage: None })
}

/// What becomes of the only task when these facts come before the end of its command.
fn committing(during_setup: Option<Input>, during_work: Option<Input>, code: i32) -> RunState {
    let (mut state, task) = setting_up();
    during_setup.map(|fact| play(&mut state, fact));
    let (ran, held) = (vec!["deps".to_owned()], Vec::new());
    play(&mut state, ended(&task, SetupEnd::Ready { ran, held }));
    during_work.map(|fact| play(&mut state, fact));
    play(&mut state, finished(&task, code));
    state
}

fn failure(state: &RunState) -> Option<Reason> {
    let TaskState::Committing { failed, .. } = &state.tasks[0].state else { panic!() };
    failed.clone().map(|(_, reason)| reason)
}

#[test]
fn the_attempt_that_is_blamed_fails_and_the_note_is_the_tasks() {
    let state = committing(None, Some(finding(&["a"], Some("a"))), 0);
    let what = vec!["the hook `pre-push`".to_owned()];
    assert_eq!(failure(&state), Some(Reason::Tampered { what }));
    assert_eq!(state.tasks[0].notes, ["it was put back"]);
    // A failure of its own is the better reason.
    let state = committing(None, Some(finding(&["a"], Some("a"))), 3);
    assert_eq!(failure(&state), Some(Reason::ExitCode { code: 3 }));
}

#[test]
fn nobody_fails_on_suspicion_or_for_a_setup_hook() {
    let state = committing(Some(finding(&["a"], None)), None, 0);
    assert_eq!((failure(&state), state.warnings.len()), (None, 0));
    // The end of the hooks does not take it away.
    assert_eq!(state.tasks[0].notes, ["it was put back"]);
    let state = committing(None, Some(finding(&["a", "b"], None)), 0);
    assert_eq!(failure(&state), None);
    assert_eq!(state.warnings, ["while `a`, `b` ran: it was put back"]);
    assert!(state.tasks[0].notes.is_empty());
}

#[test]
fn beside_another_run_no_task_is_told_of_alone() {
    let Input::Fact(Event::SharedChanged { mut finding }) = finding(&["a"], None) else { panic!() };
    finding.others = true;
    let state = committing(None, Some(Input::Fact(Event::SharedChanged { finding })), 0);
    assert_eq!(state.warnings, ["while `a`, another run ran: it was put back"]);
    assert!(state.tasks[0].notes.is_empty());
}

#[test]
fn what_was_found_while_a_validation_ran_ahead_is_not_noted_against_the_task_beside_it() {
    let mut world =
        World::new(plan(vec![task("t0", &[])], Preference::Parallel), vec![10], |_, _| 0);
    world.say(Input::Begin { resumed: false });
    let Input::Fact(Event::SharedChanged { finding: found }) = finding(&["t0"], None) else {
        panic!()
    };
    let finding = SharedFinding { validations: true, ..found };
    world.say(Input::Fact(Event::SharedChanged { finding }));
    assert!(world.state.tasks[0].notes.is_empty());
    assert_eq!(world.state.warnings, ["while `t0`, a validation ran: it was put back"]);
}
