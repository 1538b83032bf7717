//! Setup hooks between the worktree and the command.

use super::*;

fn one(retries: u32) -> Plan {
    let task = Task { retries, ..task("a", &[]) };
    with_hook(plan(vec![task], Preference::Sequential))
}

fn failed(ending: Ending) -> SetupEnd {
    SetupEnd::Failed { hook: "deps".to_owned(), ending, log: "/log".to_owned() }
}

fn names(world: &World) -> Vec<&'static str> {
    world.journal.iter().map(|envelope| envelope.event.name()).collect()
}

/// A run whose hooks are at work.
pub(super) fn setting_up() -> (RunState, TaskId) {
    let created = Event::RunCreated { spec: Box::new(spec(one(0))) };
    let created = Envelope { seq: FIRST_SEQ, at: Timestamp(0), event: created };
    let mut state = RunState::fold([&created]).unwrap();
    let id: TaskId = "a".parse().unwrap();
    play(&mut state, Input::Begin { resumed: false });
    let start = state.spec.base;
    let (task, saved) = (id.clone(), None);
    let made = Event::Provisioned {
        task,
        attempt: 1,
        start,
        unvalidated: false,
        saved,
        by_git: None,
        reused: false,
        together: 1,
        brought: None,
        seconds: 0.0,
    };
    let actions = play(&mut state, Input::Fact(made));
    assert_eq!(actions, [Action::SetUp { task: 0, attempt: 1 }]);
    assert_eq!(state.tasks[0].state, TaskState::SettingUp { attempt: 1 });
    (state, id)
}

pub(super) fn play(state: &mut RunState, input: Input) -> Vec<Action> {
    let step = step(state, input, Timestamp(1));
    for event in step.events {
        let envelope = Envelope { seq: state.next_seq, at: Timestamp(1), event };
        state.apply(&envelope).unwrap();
    }
    step.actions
}

pub(super) fn ended(task: &TaskId, end: SetupEnd) -> Input {
    let (task, notes) = (task.clone(), Vec::new());
    Input::Fact(Event::SetupFinished { task, attempt: 1, end, notes, seconds: 3.0 })
}

#[test]
fn hooks_run_after_the_worktree_is_there_and_before_the_command() {
    let mut world = World::new(one(0), vec![5], |_, _| 0);
    world.run();
    assert_eq!(
        names(&world)[2..7],
        [
            "provision_requested",
            "provisioned",
            "setup_requested",
            "setup_finished",
            "attempt_requested"
        ]
    );
    assert_eq!(world.outcome("a"), Some(Outcome::Succeeded));
}

#[test]
fn a_hook_that_fails_fails_the_attempt_which_is_tried_again_as_any_other() {
    let mut world = World::new(one(1), vec![5], |_, _| 0);
    world.setup = |_, attempt| match attempt {
        1 => failed(Ending::Code { code: 3 }),
        _ => SetupEnd::Ready { ran: vec!["deps".to_owned()], held: Vec::new() },
    };
    world.run();
    assert_eq!(world.outcome("a"), Some(Outcome::Succeeded));
    assert_eq!(world.state.tasks[0].attempts, 2);
    assert_eq!(names(&world).iter().filter(|name| **name == "attempt_requested").count(), 1);

    let mut world = World::new(one(1), vec![5], |_, _| 0);
    world.setup = |_, _| failed(Ending::TimedOut);
    world.run();
    assert_eq!(world.outcome("a"), Some(Outcome::Failed));
    let reason = world.state.tasks[0].reason().unwrap().to_string();
    assert_eq!(reason, "its setup hook `deps` failed: timed out; its output is in /log");
    assert!(!names(&world).contains(&"attempt_requested"));
}

#[test]
fn what_could_not_be_tried_is_not_tried_again() {
    let mut world = World::new(one(3), vec![5], |_, _| 0);
    world.setup = |_, _| SetupEnd::Broken { message: "it is gone".to_owned(), shortage: None };
    world.run();
    assert_eq!(world.state.tasks[0].attempts, 1);
    let reason = world.state.tasks[0].reason().unwrap().to_string();
    assert_eq!(reason, "its worktree could not be set up: it is gone");
}

#[test]
fn a_stop_reaches_the_hooks_and_the_task_goes_back_to_its_start() {
    for ending in [Ending::Stopped, Ending::Signal { signal: 2 }] {
        let (mut state, id) = setting_up();
        let stop = Input::Stop { reason: StopReason::Interrupted, force: false };
        assert_eq!(play(&mut state, stop), [Action::Stop { task: 0, force: false }]);
        assert_eq!(play(&mut state, ended(&id, failed(ending))), [Action::Finish]);
        assert_eq!(state.phase, RunPhase::Stopped(StopReason::Interrupted));
        assert_eq!(state.tasks[0].state, TaskState::Pending);
        assert_eq!(state.tasks[0].attempts_this_round, 0, "it does not count as tried");
    }
}

#[test]
fn hooks_that_end_well_while_the_run_is_stopped_start_no_command() {
    for reason in [StopReason::Interrupted, StopReason::Aborted] {
        let (mut state, id) = setting_up();
        play(&mut state, Input::Stop { reason, force: false });
        let ready = SetupEnd::Ready { ran: Vec::new(), held: Vec::new() };
        assert_eq!(play(&mut state, ended(&id, ready)), [Action::Finish]);
        let outcome = (reason == StopReason::Aborted).then_some(Outcome::Cancelled);
        assert_eq!(state.tasks[0].outcome(), outcome);
    }
}

#[test]
fn facts_of_hooks_that_come_twice_or_late_change_nothing() {
    let (mut state, id) = setting_up();
    let ready = SetupEnd::Ready { ran: vec!["deps".to_owned()], held: Vec::new() };
    let launched = play(&mut state, ended(&id, ready.clone()));
    assert_eq!(launched, [Action::Launch { task: 0, attempt: 1 }]);
    assert_eq!(state.tasks[0].setup, Some(Duration::from_secs(3)));
    let before = state.clone();
    assert_eq!(play(&mut state, ended(&id, ready)), []);
    assert_eq!(state, before);
}

#[test]
fn a_journal_from_before_there_were_hooks_and_ports_is_read() {
    let created = Event::RunCreated { spec: Box::new(spec(one(0))) };
    let mut json = serde_json::to_value(&created).unwrap();
    assert!(json["spec"]["plan"].as_object_mut().unwrap().remove("setup").is_some());
    for place in json["spec"]["places"].as_array_mut().unwrap() {
        let place = place.as_object_mut().unwrap();
        assert!(place.remove("port").is_some() && place.remove("temporary").is_some());
    }
    let body = json.to_string();
    let envelope = Envelope::decode(FIRST_SEQ, Timestamp(0), JOURNAL_VERSION, &body).unwrap();
    let state = RunState::fold([&envelope]).unwrap();
    assert!(state.spec.plan.setup.is_empty());
    assert_eq!((state.spec.places[0].port, &state.spec.places[0].temporary), (None, &None));
}
