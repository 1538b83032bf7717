//! Conditions, order without need, and fail-fast: rule by rule, then for every plan and outcome.

use super::*;
use crate::domain::plan::{OrderRules, ReadsRule};
use crate::domain::task::{Condition, Ended, Fact, Known, parse};

fn world(text: &str, seconds: Vec<i64>, exit: fn(usize, u32) -> i32) -> World {
    let text = text.replace("[[task]]", "[[task]]\nrun = 'x'\ncheck = 'x'\nestimate = '10s'");
    let parsed = parse(&text, &Known::default());
    let set = parsed.tasks.value.unwrap_or_else(|| panic!("{:?}", parsed.tasks.problems));
    let rules = OrderRules { serialise: None, reads: ReadsRule::Order };
    let preference = Preference::ParallelWith(4);
    let host = Host { cores: 64, memory: 0 };
    let request = PlanRequest { rules: &rules, preference, host, ..PlanRequest::of(&set) };
    let mut world = World::new(build(&request).unwrap(), seconds, exit);
    world.run();
    assert!(world.ended && world.state.all_finished());
    assert_eq!(world.wrong_starts, [""; 0]);
    world
}

/// `id outcome: reason` of every task.
pub(super) fn ends(world: &World) -> Vec<String> {
    let line = |(index, record): (usize, &TaskRecord)| {
        let id = &world.state.task(index).id;
        format!("{id} {}: {}", record.outcome().unwrap().word(), record.reason().unwrap())
    };
    world.state.tasks.iter().enumerate().map(|(index, record)| line((index, record))).collect()
}

const BRANCHES: &str = "
    [[task]]
    id = 'build'
    [[task]]
    id = 'fix'
    when = \"task.build.outcome == 'failed'\"
    [[task]]
    id = 'ship'
    when = \"task.build.exit_code == 0 and task.build.changed == true\"
    [[task]]
    id = 'after-fix'
    depends_on = ['fix']
    [[task]]
    id = 'either'
    depends_on = ['fix', 'ship']
    when = \"task.fix.outcome == 'succeeded' or task.ship.outcome == 'succeeded'\"
";

#[test]
fn a_condition_decides_which_branch_runs_and_what_depends_on_the_other_is_left_out() {
    let good = world(BRANCHES, vec![1; 5], |_, _| 0);
    assert_eq!(
        ends(&good),
        [
            "build succeeded: changed 1 path",
            "fix skipped: its condition does not hold: `task.build.outcome == 'failed'`",
            "ship succeeded: changed 1 path",
            "after-fix skipped: `fix`, which it depends on, was left out by a condition",
            "either succeeded: changed 1 path",
        ]
    );
    let bad = world(BRANCHES, vec![1; 5], |task, _| i32::from(task == 0));
    assert_eq!(
        ends(&bad)[..3],
        [
            "build failed: exit code 1",
            "fix succeeded: changed 1 path",
            "ship skipped: its condition does not hold: `task.build.exit_code == 0 and \
             task.build.changed == true`",
        ]
    );
    assert_eq!(bad.outcome("after-fix"), Some(Outcome::Succeeded));
    let fix = bad.state.record(&"fix".parse().unwrap()).unwrap();
    assert_eq!(fix.from, [], "it starts from what succeeded");
}

#[test]
fn a_retry_decides_the_condition_anew() {
    let mut world =
        world(BRANCHES, vec![1; 5], |task, attempt| i32::from(task == 0 && attempt == 1));
    world.say(Input::Retry { tasks: vec!["build".parse().unwrap()] });
    world.say(Input::Begin { resumed: true });
    world.play();
    assert_eq!(world.outcome("fix"), Some(Outcome::Skipped));
    assert_eq!(world.outcome("ship"), Some(Outcome::Succeeded));
    // What a condition leaves out is left out again.
    world.say(Input::Retry { tasks: vec!["fix".parse().unwrap()] });
    world.say(Input::Begin { resumed: true });
    world.play();
    assert_eq!(world.outcome("fix"), Some(Outcome::Skipped));
    assert!(world.state.all_finished());
}

#[test]
fn a_gate_goes_on_without_what_a_condition_left_out_but_not_without_what_failed() {
    let text = "
        [[task]]
        id = 'a'
        phase = 'one'
        [[task]]
        id = 'b'
        phase = 'one'
        when = \"task.a.outcome == 'failed'\"
        [[task]]
        id = 'late'
        phase = 'two'
        when = \"task.a.outcome == 'succeeded'\"
        [[gate]]
        after = 'one'
        run = 'x'
    ";
    let good = world(text, vec![1; 4], |_, _| 0);
    assert_eq!(good.outcome("gate.one"), Some(Outcome::Succeeded));
    assert_eq!(good.outcome("late"), Some(Outcome::Succeeded));
    // A condition is no way around a gate.
    let bad = world(text, vec![1; 4], |task, _| i32::from(task == 3));
    assert_eq!(bad.outcome("late"), Some(Outcome::Skipped));
}

#[test]
fn a_reader_starts_from_the_writer_and_survives_its_failure() {
    let text = "
        [[task]]
        id = 'docs'
        reads = ['src/**']
        [[task]]
        id = 'api'
        owns = ['src/**', '1']
    ";
    let good = world(text, vec![1, 9], |_, _| 0);
    assert_eq!(good.starts(), [1, 0]);
    let docs = good.state.record(&"docs".parse().unwrap()).unwrap();
    assert_eq!(docs.needs, ["api".parse().unwrap()]);
    let bad = world(text, vec![1, 9], |task, _| i32::from(task == 1));
    assert_eq!(bad.starts(), [1, 0]);
    assert_eq!(bad.outcome("docs"), Some(Outcome::Succeeded));
}

const GROUPS: &str = "
    [[group]]
    name = 'tests'
    fail_fast = true
    [[task]]
    id = 'quick'
    group = 'tests'
    [[task]]
    id = 'slow'
    group = 'tests'
    [[task]]
    id = 'first'
    group = 'tests'
    [[task]]
    id = 'later'
    group = 'tests'
    depends_on = ['slow']
    [[task]]
    id = 'other'
    [[task]]
    id = 'reader'
    depends_on = ['slow']
";

#[test]
fn the_first_failure_of_a_group_stops_the_rest_of_it_and_nothing_else() {
    let world = world(GROUPS, vec![2, 9, 1, 1, 9, 1], |task, _| i32::from(task == 0));
    assert_eq!(
        ends(&world),
        [
            "quick failed: exit code 1",
            "slow cancelled: stopped because `quick` failed (`fail_fast`)",
            "first succeeded: changed 1 path",
            "later cancelled: stopped because `quick` failed (`fail_fast`)",
            "other succeeded: changed 1 path",
            "reader skipped: `slow` did not succeed",
        ]
    );
    // What it had done so far is kept.
    assert_eq!(world.state.record(&"slow".parse().unwrap()).unwrap().kept.len(), 1);
    assert_eq!(world.state.halts.len(), 1);
}

#[test]
fn a_failure_stops_the_whole_run_once_its_retries_are_over_and_a_retry_goes_on() {
    let text = format!("fail_fast = true\n[defaults]\nretries = 1\n{GROUPS}");
    let fails_at_first = |task, attempt| i32::from(task == 0 && attempt < 3);
    let mut world = world(&text, vec![2, 99_999, 1, 1, 99_999, 1], fails_at_first);
    let cancelled = world.state.count(Outcome::Cancelled);
    assert_eq!((world.outcome("quick"), cancelled), (Some(Outcome::Failed), 4));
    assert_eq!(world.outcome("first"), Some(Outcome::Succeeded));
    let open = world.state.tasks.iter().enumerate().filter(|(_, r)| !r.state.succeeded());
    let tasks = open.map(|(index, _)| world.state.task(index).id.clone()).collect();
    world.say(Input::Retry { tasks });
    world.say(Input::Begin { resumed: true });
    world.play();
    assert!(world.state.tasks.iter().all(|record| record.state.succeeded()), "{:?}", ends(&world));
}

#[test]
fn what_runs_again_without_what_it_needs_is_skipped_at_once() {
    let mut world = world(BRANCHES, vec![1; 5], |task, _| i32::from(task == 3));
    for id in ["after-fix", "fix"] {
        world.ended = false;
        world.say(Input::Retry { tasks: vec![id.parse().unwrap()] });
        world.say(Input::Begin { resumed: true });
        world.play();
        assert!(world.ended && world.state.all_finished(), "{id}");
        assert_eq!(world.outcome("after-fix"), Some(Outcome::Skipped));
    }
}

/// Cases with conditions on dependencies, and every third task in a group.
fn patterned() -> impl Strategy<Value = (Case, bool, bool)> {
    let choices = prop::collection::vec(0..6_u8, 14);
    (cases(), choices, any::<bool>(), any::<bool>()).prop_map(|(mut case, choices, run, group)| {
        for (index, (task, choice)) in case.tasks.iter_mut().zip(choices).enumerate() {
            task.pattern.group = (index % 3 == 0).then(|| "g".to_owned());
            let ended = match choice {
                0 => Ended::Failed,
                1 => Ended::Succeeded,
                2 => Ended::Skipped,
                _ => continue,
            };
            let of = |id: &TaskId| Condition::Task { task: id.clone(), fact: Fact::Outcome(ended) };
            if !task.depends_on.is_empty() {
                task.pattern.when = Some(Condition::Any(task.depends_on.iter().map(of).collect()));
            }
        }
        (case, run, group)
    })
}

fn fails_often(task: usize, _: u32) -> i32 {
    i32::from(task % 4 == 2)
}

/// The run of a case cut after one of its transactions and taken up again.
fn resumed_after(whole: &World, plan: Plan, cut: usize) -> World {
    let mut resumed = World::new(plan, whole.seconds.clone(), whole.exit);
    resumed.journal = whole.journal[..whole.batches[cut]].to_vec();
    resumed.state = RunState::fold(&resumed.journal).unwrap();
    resumed.now = resumed.journal.last().unwrap().at.0;
    for index in resumed.state.active_tasks().collect::<Vec<_>>() {
        let state = &resumed.state.tasks[index].state;
        if matches!(state, TaskState::SettingUp { .. } | TaskState::Running { .. }) {
            let task = resumed.state.task(index).id.clone();
            resumed.say(Input::Fact(Event::Reconciled { task, finding: "gone".to_owned() }));
        }
    }
    if !resumed.state.all_finished() {
        resumed.say(Input::Begin { resumed: true });
        resumed.play();
    }
    resumed
}

/// What must hold of the end of every run.
fn contradiction(state: &RunState) -> Option<String> {
    for (index, record) in state.tasks.iter().enumerate() {
        let task = state.task(index);
        let before = task.depends_on.iter().map(|id| state.record(id).unwrap());
        let all_succeeded = before.clone().all(|record| record.state.succeeded());
        let ran = record.attempts > 0;
        let wrong = match record.reason() {
            None => true,
            Some(Reason::FailFast { task }) => {
                let cause = state.record(task).unwrap().outcome();
                cause != Some(Outcome::Failed) || state.halted_by(index).is_none()
            }
            Some(Reason::Condition { .. }) => task.pattern.when.is_none() || ran,
            Some(Reason::Dependency { .. } | Reason::LeftOut { .. }) => {
                all_succeeded || task.pattern.when.is_some() || ran
            }
            _ => ran && !all_succeeded && task.pattern.when.is_none(),
        };
        if wrong {
            return Some(format!("{}: {:?}", task.id, record.reason()));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn patterns_end_every_run_without_contradiction_and_their_journals_fold(
        (case, run, group) in patterned(),
    ) {
        let mut plan = plan(case.tasks, case.preference);
        plan.fail_fast.run = run;
        plan.fail_fast.groups.extend(group.then(|| "g".to_owned()));
        let mut world = World::new(plan, case.seconds, fails_often);
        world.run();
        prop_assert!(world.ended && world.state.all_finished());
        prop_assert_eq!(contradiction(&world.state), None);
        prop_assert_eq!(&world.wrong_starts, &Vec::<String>::new());
        for length in 1..=world.journal.len() {
            prop_assert!(RunState::fold(&world.journal[..length]).is_ok());
        }
        prop_assert_eq!(RunState::fold(&world.journal).unwrap(), world.state);
    }

    #[test]
    fn conditions_are_decided_the_same_way_when_a_run_is_cut_anywhere(
        (case, _, _) in patterned(),
        cut in 0..200_usize,
    ) {
        let plan = plan(case.tasks, case.preference);
        let mut whole = World::new(plan.clone(), case.seconds, fails_often);
        whole.run();
        let resumed = resumed_after(&whole, plan, cut % whole.batches.len());
        // Which of two failed dependencies is named depends on which one failed first.
        let outcomes = |w: &World| w.state.tasks.iter().map(|record| record.outcome()).collect::<Vec<_>>();
        prop_assert_eq!(outcomes(&resumed), outcomes(&whole));
    }

    #[test]
    fn a_halted_run_ends_the_same_when_it_is_cut_and_any_other_still_ends(
        (case, run, _) in patterned(),
        cut in 0..200_usize,
    ) {
        let mut plan = plan(case.tasks, case.preference);
        plan.fail_fast.run = run;
        plan.fail_fast.groups.insert("g".to_owned());
        let mut whole = World::new(plan.clone(), case.seconds, fails_often);
        whole.run();
        let cut = cut % whole.batches.len();
        let resumed = resumed_after(&whole, plan, cut);
        prop_assert!(resumed.state.all_finished());
        prop_assert_eq!(contradiction(&resumed.state), None);
        let halted = whole.journal[..whole.batches[cut]]
            .iter()
            .any(|envelope| matches!(envelope.event, Event::Halted { .. }));
        if halted && run {
            let outcomes = |w: &World| w.state.tasks.iter().map(|record| record.outcome()).collect::<Vec<_>>();
            prop_assert_eq!(outcomes(&resumed), outcomes(&whole));
        }
    }

    #[test]
    fn a_run_whose_conditions_hold_starts_tasks_in_the_order_of_the_simulation(
        (mut case, _, _) in patterned(),
    ) {
        for task in &mut case.tasks {
            let of = |id: &TaskId| {
                let fact = Fact::Outcome(Ended::Succeeded);
                Condition::Task { task: id.clone(), fact }
            };
            if let Some(when) = &mut task.pattern.when {
                *when = Condition::All(task.depends_on.iter().map(of).collect());
            }
        }
        let plan = plan(case.tasks, case.preference);
        prop_assert!(plan.tasks.iter().all(|planned| !planned.left_out));
        let durations: Vec<f64> = case.seconds.iter().map(|s| *s as f64).collect();
        let simulated = simulate(&Scenario {
            one_lane: case.preference == Preference::Sequential,
            ..Scenario::of(&plan.problem, plan.decision.width, &durations)
        });
        let mut world = World::new(plan, case.seconds, |_, _| 0);
        world.run();
        prop_assert_eq!(world.starts(), simulated.order);
    }
}
