//! When the work of tasks is compared while a run goes on, and what is told of it.

use super::*;

const WELL: fn(usize, u32) -> i32 = |_, _| 0;

fn id(id: &str) -> TaskId {
    id.parse().unwrap()
}

/// A run of tasks that depend on nothing.
fn finished(ids: &[&str], preference: Preference, exit: fn(usize, u32) -> i32) -> World {
    let tasks = ids.iter().map(|id| task(id, &[])).collect();
    let seconds = (1..).take(ids.len()).collect();
    let mut world = World::new(plan(tasks, preference), seconds, exit);
    world.run();
    world
}

/// Of each commit that a run stored, in their order: whose, and whose work it had compared.
fn asked(world: &World) -> Vec<(&str, Vec<usize>)> {
    let mut asked = Vec::new();
    for (at, envelope) in world.journal.iter().enumerate() {
        if let Event::Committed { task, .. } = &envelope.event {
            let before = RunState::fold(&world.journal[..at]).unwrap();
            let actions = step(&before, Input::Fact(envelope.event.clone()), envelope.at).actions;
            asked.push((task.as_str(), forecasts(&actions)));
        }
    }
    asked
}

fn forecasts(actions: &[Action]) -> Vec<usize> {
    let task = |action: &Action| {
        if let Action::Forecast { task } = action { Some(*task) } else { None }
    };
    actions.iter().filter_map(task).collect()
}

fn collision(task: &str, tip: Oid, with: &str, other: Oid) -> Input {
    let collisions = vec![Collision::new(id(with), other, vec!["x".to_owned()])];
    Input::Fact(Event::ConflictForeseen { task: id(task), tip, collisions })
}

fn pairs(state: &RunState) -> Vec<String> {
    let pair = |foreseen: &Foreseen| format!("{} {}", foreseen.collision.with, foreseen.task);
    state.foreseen().map(pair).collect()
}

#[test]
fn work_is_compared_when_it_is_committed_and_others_that_it_lacks_have_some() {
    let tasks = vec![task("a", &[]), task("b", &[]), task("c", &["a"]), task("d", &["a", "b"])];
    let seconds = vec![1, 5, 1, 1];
    let mut world = World::new(plan(tasks, Preference::ParallelWith(4)), seconds, WELL);
    world.run();
    // First `a`, then `c`, which contains it; `b` meets both, and `d` contains all but `c`.
    let told = [("a", vec![]), ("c", vec![]), ("b", vec![1]), ("d", vec![3])];
    assert_eq!(asked(&world), told);
    let with = |fresh: &[usize]| world.state.comparisons(fresh);
    assert_eq!(with(&[2]), [Comparison { task: 2, with: vec![1, 3] }]);
    // Of tasks that commit together each pair is compared once.
    let both = [Comparison { task: 1, with: vec![0] }, Comparison { task: 2, with: vec![1, 3] }];
    assert_eq!(with(&[1, 2, 1]), both);
}

#[test]
fn failed_work_and_that_of_a_lane_is_never_compared() {
    let failing = finished(&["a", "b"], Preference::ParallelWith(2), |task, _| task as i32);
    assert_eq!(asked(&failing), [("a", vec![]), ("b", vec![])]);
    assert_eq!(failing.state.standing_tips(), [(0, tip_of(0, 1))]);
    let lane = finished(&["a", "b"], Preference::Sequential, WELL);
    assert_eq!(asked(&lane), [("a", vec![]), ("b", vec![])]);
    assert_eq!(lane.state.comparisons(&[0, 1]), []);
}

#[test]
fn a_collision_is_told_once_for_two_tips_in_either_order() {
    let mut world = finished(&["a", "b", "c"], Preference::ParallelWith(3), WELL);
    assert_eq!(world.state.comparisons(&[2])[0].with, [0, 1]);
    let tips = [tip_of(0, 1), tip_of(1, 1)];
    world.say(collision("b", tips[1], "a", tips[0]));
    let told = world.journal.len();
    world.say(collision("b", tips[1], "a", tips[0]));
    world.say(collision("a", tips[0], "b", tips[1]));
    assert_eq!((world.journal.len(), pairs(&world.state)), (told, vec!["a b".to_owned()]));
    assert_eq!(world.state.comparisons(&[1]), [Comparison { task: 1, with: vec![2] }]);
    // Work that has been replaced meanwhile, and a task that is not there.
    world.say(collision("c", tip_of(2, 2), "a", tips[0]));
    world.say(collision("c", tip_of(2, 1), "nobody", tips[0]));
    assert_eq!(world.journal.len(), told);
    // With the work goes what was foreseen of it; the next has to be compared again.
    world.say(Input::Retry { tasks: vec![id("b")] });
    assert_eq!(pairs(&world.state), [""; 0]);
    world.say(Input::Begin { resumed: true });
    world.play();
    assert_eq!(world.state.comparisons(&[1])[0].with, [0, 2]);
    assert_eq!(RunState::fold(&world.journal).unwrap(), world.state);
}

#[test]
fn a_resumed_run_compares_what_nobody_has_told_of() {
    let mut world = finished(&["a", "b", "c"], Preference::ParallelWith(3), WELL);
    world.say(collision("b", tip_of(1, 1), "a", tip_of(0, 1)));
    let again = |journal: &[Envelope]| {
        let state = RunState::fold(journal).unwrap();
        forecasts(&step(&state, Input::Begin { resumed: true }, Timestamp(9000)).actions)
    };
    let is_commit = |envelope: &Envelope| matches!(&envelope.event, Event::Committed { task, .. } if task.as_str() == "b");
    let second = world.journal.iter().position(is_commit).unwrap();
    assert_eq!(again(&world.journal[..second]), [0; 0]);
    assert_eq!(again(&world.journal[..=second]), [1]);
    // `a` and `b` are known to collide; `c` is held against both.
    assert_eq!(again(&world.journal), [2]);
}

#[test]
fn so_many_branches_are_compared_and_no_more() {
    let ids: Vec<String> = (0..70).map(|task| format!("t{task}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let world = finished(&ids, Preference::ParallelWith(70), WELL);
    let all: Vec<usize> = (0..70).collect();
    let compared = world.state.comparisons(&all);
    let pairs: usize = compared.iter().map(|comparison| comparison.with.len()).sum();
    assert_eq!(pairs, MOST_COMPARED * (MOST_COMPARED - 1) / 2);
    assert_eq!(world.state.comparisons(&[69]), []);
}

#[test]
fn of_many_paths_the_first_are_kept_and_the_others_counted() {
    let paths: Vec<String> = (0..50).map(|path| path.to_string()).collect();
    let collision = Collision::new(id("a"), tip_of(0, 1), paths);
    assert_eq!((collision.paths.len(), collision.more), (20, 30));
}
