//! Trains that are validated while other tasks still run.

use super::*;
use crate::domain::integrate::FailingSet;
use crate::domain::task::Validation;

pub(super) fn validation(locks: &[&str]) -> Validation {
    Validation {
        name: "all".to_owned(),
        run: "make test".to_owned(),
        report: None,
        rerun: None,
        locks: locks.iter().map(|lock| (*lock).to_owned()).collect(),
        cache: true,
        pass: crate::domain::task::PassRule::default(),
        timeout: Duration::from_secs(60),
    }
}

/// As many slots as given; tasks take the given seconds.
fn world(tasks: Vec<Task>, width: usize, seconds: Vec<i64>, locks: &[&str]) -> World {
    let mut plan = plan(tasks, Preference::ParallelWith(width));
    plan.validations.push(validation(locks));
    speculating(World::new(plan, seconds, |task, _| i32::from(task == 3)))
}

/// The same world with the setting.
fn speculating(mut world: World) -> World {
    let Event::RunCreated { spec } = &mut world.journal[0].event else { panic!() };
    spec.limits.speculate = true;
    world.state = RunState::fold(&world.journal).unwrap();
    world
}

/// One more end of a task.
fn until(world: &mut World, now: i64) {
    while world.agenda.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
        let Reverse((at, task, _)) = world.agenda.pop().unwrap();
        world.now = at;
        let code = (world.exit)(task, 1);
        let (task, end) = (world.state.task(task).id.clone(), end(Ending::Code { code }));
        world.say(Input::Fact(Event::AttemptFinished { task, attempt: 1, end, shortage: None }));
    }
}

fn answer(world: &mut World, end: TrainEnd) {
    let train = world.train.take().expect("a train is under way");
    world.say(Input::Fact(Event::TrainValidated { train, end }));
}

fn tasks(count: usize) -> Vec<Task> {
    (0..count).map(|at| task(&format!("t{at}"), &[])).collect()
}

#[test]
fn what_has_succeeded_is_validated_once_a_slot_is_idle_and_again_when_there_is_more() {
    let mut world = world(tasks(3), 2, vec![10, 20, 30], &[]);
    world.say(Input::Begin { resumed: false });
    until(&mut world, 10);
    assert!(world.train.is_none(), "t2 took the slot");
    until(&mut world, 20);
    assert_eq!(world.trains, ["t0 t1"]);
    answer(&mut world, TrainEnd::Passed { tasks: Vec::new() });
    assert!(world.train.is_none(), "nothing has changed since");
    until(&mut world, 60);
    assert!(world.ended, "the last train is that of the landing");
    assert_eq!(world.trains, ["t0 t1"]);
    assert_eq!(RunState::fold(&world.journal).unwrap(), world.state);
}

#[test]
fn a_train_gives_its_slot_back_and_is_begun_again_once_another_task_is_over() {
    let mut world = world(tasks(3), 3, vec![10, 40, 60], &[]);
    world.say(Input::Begin { resumed: false });
    until(&mut world, 10);
    assert_eq!(world.trains, ["t0"]);
    world.say(Input::Room(Room { width: 2, because: WidthCause::Load }));
    assert!(world.train.is_none());
    world.say(Input::Room(Room { width: 3, because: WidthCause::Eased }));
    assert_eq!(world.trains, ["t0"], "slots that come and go begin nothing over and over");
    until(&mut world, 40);
    assert_eq!(world.trains, ["t0", "t0 t1"]);
}

#[test]
fn a_train_runs_on_beside_a_task_that_takes_another_slot() {
    let mut all = tasks(3);
    all[2].depends_on = vec!["t1".parse().unwrap()];
    let mut world = world(all, 2, vec![10, 20, 30], &[]);
    world.say(Input::Begin { resumed: false });
    until(&mut world, 20);
    assert_eq!(world.trains, ["t0"]);
    assert!(world.train.is_some(), "t2 runs on the slot of t1");
}

#[test]
fn a_train_that_is_under_way_ends_with_the_run() {
    let mut world = world(tasks(2), 2, vec![10, 20], &[]);
    world.say(Input::Begin { resumed: false });
    until(&mut world, 20);
    assert_eq!(world.trains, ["t0"]);
    assert!(world.ended && world.train.is_none());
    assert_eq!(world.state.phase, RunPhase::Finished);
}

#[test]
fn a_train_that_is_under_way_ends_when_the_run_is_stopped_and_is_forgotten_after_a_crash() {
    let mut stopped = world(tasks(2), 2, vec![10, 20], &[]);
    stopped.say(Input::Begin { resumed: false });
    until(&mut stopped, 10);
    let mut crashed =
        World { journal: stopped.journal.clone(), ..world(tasks(2), 2, vec![10, 20], &[]) };
    stopped.say(Input::Stop { reason: StopReason::Interrupted, force: false });
    assert!(stopped.ended && stopped.train.is_none());

    crashed.state = RunState::fold(&crashed.journal).unwrap();
    let (task, finding) = ("t1".parse().unwrap(), "gone".to_owned());
    crashed.say(Input::Fact(Event::Reconciled { task, finding }));
    crashed.say(Input::Begin { resumed: true });
    assert_eq!(crashed.trains, ["t0"], "it is begun again");
}

#[test]
fn after_one_that_breaks_a_validation_no_further_train_is_made_until_tasks_run_again() {
    let mut world = world(tasks(4), 2, vec![10, 10, 10, 40], &[]);
    world.say(Input::Begin { resumed: false });
    until(&mut world, 20);
    let members = vec!["t0".parse().unwrap(), "t1".parse().unwrap()];
    let set = FailingSet {
        members,
        validation: "all".to_owned(),
        failures: Vec::new(),
        ending: "exit code 1".to_owned(),
        tainted: Vec::new(),
        rates: None,
        by_prefix: false,
    };
    answer(&mut world, TrainEnd::Breaks { set });
    assert_eq!(
        world.state.warnings,
        ["before anything lands: `t0` with `t1` break `all`: each passes alone"]
    );
    until(&mut world, 50);
    assert!(world.ended);
    world.say(Input::Retry { tasks: vec!["t3".parse().unwrap()] });
    world.say(Input::Begin { resumed: true });
    assert_eq!(world.trains, ["t0 t1 t2", "t0 t1 t2"]);
}

#[test]
fn rule_22_no_train_is_made_while_a_task_may_use_a_lock_of_the_validations() {
    let mut all = tasks(3);
    all[2].locks = vec!["db".to_owned()];
    let mut world = world(all, 3, vec![10, 30, 20], &["db"]);
    world.say(Input::Begin { resumed: false });
    until(&mut world, 10);
    assert!(world.trains.is_empty());
    until(&mut world, 20);
    assert_eq!(world.trains, ["t0 t2"]);
}

#[test]
fn without_the_setting_or_a_validation_nothing_is_made_ahead() {
    let plan = plan(tasks(2), Preference::ParallelWith(2));
    let mut unvalidated = speculating(World::new(plan.clone(), vec![10, 20], |_, _| 0));
    unvalidated.run();
    let mut unset = World::new(plan, vec![10, 20], |_, _| 0);
    let Event::RunCreated { spec } = &mut unset.journal[0].event else { panic!() };
    spec.plan.validations.push(validation(&[]));
    unset.state = RunState::fold(&unset.journal).unwrap();
    unset.run();
    assert!(unvalidated.trains.is_empty() && unset.trains.is_empty());
}
