//! Races that are interrupted or aborted between the runs of a check, and checks that the machine has no
//! room for.

use super::racing::{CONTROL, Race, passes_on, reason, tally, winner};
use super::*;
use crate::domain::task::RaceStop;

#[test]
fn interrupted_in_the_middle_of_its_runs_an_arm_begins_them_anew() {
    let mut world = Race::of(2, 3, 3, RaceStop::First)
        .world(|task, _| ([5, 20, 50][task], i32::from(task != 1)));
    world.say(Input::Begin { resumed: false });
    // The control fails once, the arms work for ten, and `a` passes once.
    while tally(&world, "a") == (0, 0) {
        world.play_next();
    }
    assert_eq!(world.now, 5 + 10 + 20);
    world.say(Input::Stop { reason: StopReason::Interrupted, force: false });
    assert!(world.ended && world.agenda.is_empty());
    assert_eq!((world.outcome("a"), world.outcome("b")), (None, None));
    assert_eq!(world.outcome("control"), Some(Outcome::Succeeded));
    world.ended = false;
    world.say(Input::Begin { resumed: true });
    world.play();
    assert_eq!((winner(&world).as_deref(), tally(&world, "a")), (Some("a"), (3, 0)));
    assert_eq!(world.starts().iter().filter(|&&task| task == CONTROL).count(), 1);
}

#[test]
fn an_abort_ends_every_arm_and_decides_nothing() {
    let mut world = Race::of(3, 2, 2, RaceStop::First).world(passes_on(1));
    world.say(Input::Begin { resumed: false });
    while tally(&world, "a") == (0, 0) {
        world.play_next();
    }
    world.say(Input::Stop { reason: StopReason::Aborted, force: false });
    assert_eq!(world.state.phase, RunPhase::Stopped(StopReason::Aborted));
    assert_eq!(["a", "b", "c"].map(|arm| world.outcome(arm)), [Some(Outcome::Cancelled); 3]);
    assert_eq!((winner(&world), world.state.decided.clone()), (None, None));
}

/// Ends a check that is under way, in a way of its own.
fn killed_for_memory(world: &mut World, task: usize) {
    while !matches!(world.state.tasks[task].state, TaskState::Checking { .. }) {
        world.play_next();
    }
    world.checking.remove(&task);
    world.agenda.retain(|Reverse((_, other, _))| *other != task);
    world.say(Input::Fact(Event::CheckFinished {
        task: world.state.task(task).id.clone(),
        attempt: world.state.tasks[task].attempts,
        end: Ok(end(Ending::Signal { signal: 9 })),
        tainted: Vec::new(),
        shortage: Some(Shortage::Memory),
        evidence: None,
    }));
}

#[test]
fn a_check_that_lacks_memory_beside_others_is_no_evidence_and_runs_again_alone() {
    let mut world = Race::of(2, 1, 1, RaceStop::All).world(passes_on(2));
    world.say(Input::Begin { resumed: false });
    killed_for_memory(&mut world, 2);
    assert!(matches!(world.state.tasks[2].state, TaskState::RetryWait { .. }));
    assert_eq!(world.state.widest(), 1);
    world.play();
    assert_eq!((tally(&world, "a"), tally(&world, "b")), ((0, 1), (1, 0)));
    assert_eq!(winner(&world).as_deref(), Some("b"));
    assert_eq!(world.state.tasks[2].attempts, 2);
}

#[test]
fn a_check_that_lacks_memory_although_it_runs_alone_has_failed() {
    let mut world = Race::of(2, 1, 1, RaceStop::All).world(passes_on(2));
    world.say(Input::Begin { resumed: false });
    killed_for_memory(&mut world, 2);
    killed_for_memory(&mut world, 2);
    let Reason::Falsified { passes: 0, runs: 1, message } = reason(&world, "b") else { panic!() };
    assert_eq!(message, "killed by signal 9");
}

#[test]
fn what_is_settled_when_a_race_is_aborted_stays_so() {
    // `a` has all the passes that it needs, `b` could still go either way.
    let mut world = Race::of(2, 3, 1, RaceStop::All).world(passes_on(1));
    world.say(Input::Begin { resumed: false });
    while (tally(&world, "a"), tally(&world, "b")) != ((1, 0), (0, 1)) {
        world.play_next();
    }
    world.say(Input::Stop { reason: StopReason::Aborted, force: false });
    assert_eq!(reason(&world, "a"), Reason::Proved { passes: 1, runs: 1 });
    assert_eq!(world.outcome("b"), Some(Outcome::Cancelled));
    assert_eq!(winner(&world).as_deref(), Some("a"));
}

#[test]
fn what_is_settled_when_a_race_is_interrupted_runs_the_rest_when_it_goes_on() {
    let mut world = Race::of(2, 3, 1, RaceStop::All).world(passes_on(1));
    world.say(Input::Begin { resumed: false });
    while (tally(&world, "a"), tally(&world, "b")) != ((1, 0), (0, 1)) {
        world.play_next();
    }
    world.say(Input::Stop { reason: StopReason::Interrupted, force: false });
    assert_eq!((world.outcome("a"), world.outcome("b")), (None, None));
    world.ended = false;
    world.say(Input::Begin { resumed: true });
    world.play();
    assert_eq!((tally(&world, "a"), tally(&world, "b")), ((3, 0), (0, 3)));
}
