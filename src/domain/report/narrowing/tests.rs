use super::*;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{ScriptedRun, Try, plan, task};
use crate::domain::run::{Input, Room, StopReason, WidthCause};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Four tasks of 50 s, up to three at once.
fn run() -> ScriptedRun {
    let tasks = NAMES.map(|id| task(id, &[], 50)).to_vec();
    let script = NAMES.map(|id| (id, vec![Try::well(50.0, &["x"])]));
    ScriptedRun::new(plan(tasks, Preference::ParallelWith(3)), &script)
}

fn narrow(run: &mut ScriptedRun, width: usize, because: WidthCause) {
    run.input(Input::Room(Room { width, because }));
}

/// Goes on until tasks of 50 s are over.
fn half(run: &mut ScriptedRun) {
    let begin = run.state.created;
    while run.envelopes.last().unwrap().at.since(begin) < Duration::from_secs(50) {
        assert!(run.advance());
    }
}

fn told(run: &ScriptedRun) -> Option<String> {
    let now = run.envelopes.last().unwrap().at;
    narrowing(&run.state, now)
}

#[test]
fn a_run_that_was_narrowed_for_a_tenth_of_its_time_says_so_with_the_last_reason() {
    let mut run = run().until(10.0);
    assert_eq!(told(&run), None);
    narrow(&mut run, 2, WidthCause::Memory);
    narrow(&mut run, 1, WidthCause::Load);
    half(&mut run);
    narrow(&mut run, 3, WidthCause::Eased);
    while run.advance() {}
    let told = told(&run).unwrap();
    assert!(told.starts_with("for 40"), "{told}");
    assert!(told.ends_with("the last time at most 1: the machine is busy"), "{told}");
}

#[test]
fn a_moment_of_it_is_not_worth_a_word() {
    let mut run = run().until(45.0);
    narrow(&mut run, 1, WidthCause::OtherRuns);
    half(&mut run);
    narrow(&mut run, 3, WidthCause::Eased);
    while run.advance() {}
    assert!(run.state.narrowed.time(Duration::MAX) >= Duration::from_secs(5));
    assert_eq!(told(&run), None);
}

#[test]
fn what_holds_until_the_run_ends_counts_up_to_there_and_not_until_it_goes_on() {
    let mut run = run().until(10.0);
    narrow(&mut run, 1, WidthCause::OtherRuns);
    half(&mut run);
    run.input(Input::Stop { reason: StopReason::Interrupted, force: false });
    while run.advance() {}
    let told = told(&run).unwrap();
    assert!(told.starts_with("for 40") && told.contains("other runs use a part"), "{told}");
    let stopped = run.state.narrowed.time(Duration::MAX);
    run.input(Input::Begin { resumed: true });
    while run.advance() {}
    assert_eq!(run.state.narrowed.time(Duration::MAX), stopped);
}
