//! Races in virtual time: the control, the arms, repeats, and what a decision stops.

use super::world::Checks;
use super::*;
use crate::domain::race::{Arm, RaceSpec, control_id, race_tasks};
use crate::domain::report::{race_facts, race_winner};
use crate::domain::task::{Hypothesis, RaceRules, RaceSet, RaceStop};

/// A race of which the parts can be changed before it is held.
pub(super) struct Race {
    pub(super) rules: RaceRules,
    pub(super) arms: Vec<Task>,
    pub(super) preference: Preference,
    /// Time of each arm's command.
    pub(super) seconds: i64,
}

pub(super) const CONTROL: usize = 0;

impl Race {
    /// Arms `a`, `b`, … whose commands take ten each, all at once.
    pub(super) fn of(arms: usize, runs: u32, need: u32, stop: RaceStop) -> Self {
        let rules = RaceRules {
            check: "test".to_owned(),
            control: true,
            runs,
            need,
            stop,
            metric: None,
            timeout: Duration::from_secs(60),
        };
        let arms = ["a", "b", "c", "d", "e"][..arms].iter().map(|id| task(id, &[])).collect();
        Self { rules, arms, preference: Preference::ParallelWith(6), seconds: 10 }
    }

    pub(super) fn world(self, checks: impl FnMut(usize, u32) -> (i64, i32) + 'static) -> World {
        let Self { rules, arms, preference, seconds } = self;
        let names: Vec<TaskId> = arms.iter().map(|task| task.id.clone()).collect();
        let hypothesis = |task| Hypothesis { task, patch: None, from: None, family: None };
        let hypotheses = arms.into_iter().map(hypothesis).collect();
        let set = race_tasks(&TaskSet {
            name: None,
            base: None,
            tasks: Vec::new(),
            gates: Vec::new(),
            validations: Vec::new(),
            setup: Vec::new(),
            fail_fast: FailFast::default(),
            time_limits: TimeLimits::default(),
            race: Some(RaceSet { rules: rules.clone(), hypotheses }),
        });
        let set = set.unwrap();
        let host = Host { cores: 64, memory: 0 };
        let request = PlanRequest { host, preference, apart: true, ..PlanRequest::of(&set) };
        let times: Vec<i64> = set
            .tasks
            .iter()
            .map(|task| if task.work == Work::Given { 0 } else { seconds })
            .collect();
        let mut world = World::new(build(&request).unwrap(), times, |_, _| 0);
        let begins_at = world.state.spec.base;
        let arm = |task| Arm { task, begins_at, counts_from: begins_at, family: None };
        let control = control_id(&rules);
        let race =
            RaceSpec { rules, control, arms: names.into_iter().map(arm).collect(), file: None };
        let Event::RunCreated { spec } = &mut world.journal[0].event else { panic!() };
        spec.kind = RunKind::Race(Box::new(race));
        world.state = RunState::fold(&world.journal).unwrap();
        let checks: Checks = Box::new(checks);
        world.checks = Some(checks);
        world
    }

    pub(super) fn held(self, checks: impl FnMut(usize, u32) -> (i64, i32) + 'static) -> World {
        let mut world = self.world(checks);
        world.run();
        assert!(world.ended && world.state.all_finished(), "it waits for ever");
        assert_eq!(RunState::fold(&world.journal).unwrap(), world.state);
        world
    }
}

/// The check takes five and passes on this task alone.
pub(super) fn passes_on(right: usize) -> impl FnMut(usize, u32) -> (i64, i32) {
    move |task, _| (5, i32::from(task != right))
}

pub(super) fn tally(world: &World, id: &str) -> (u32, u32) {
    let tally = world.state.record(&id.parse().unwrap()).unwrap().tally();
    (tally.passes, tally.fails)
}

pub(super) fn reason(world: &World, id: &str) -> Reason {
    world.state.record(&id.parse().unwrap()).unwrap().reason().unwrap().clone()
}

pub(super) fn winner(world: &World) -> Option<String> {
    race_winner(&world.state).map(|arm| arm.to_string())
}

fn decided_by(arm: &str) -> Reason {
    Reason::RaceDecided { by: arm.parse().unwrap() }
}

/// When it was asked for, by task.
fn begun(world: &World) -> BTreeMap<String, i64> {
    let begun = |envelope: &Envelope| {
        let Event::ProvisionRequested { task, .. } = &envelope.event else { return None };
        Some((task.to_string(), envelope.at.0))
    };
    world.journal.iter().filter_map(begun).collect()
}

#[test]
fn no_arm_begins_before_the_control_has_failed_the_check() {
    let world = Race::of(3, 1, 1, RaceStop::First).held(passes_on(2));
    assert_eq!(world.starts()[0], CONTROL);
    assert!(begun(&world).iter().all(|(id, at)| (id == "control") == (*at == 0)));
    assert_eq!(begun(&world)["a"], 5, "they begin as soon as its check has failed");
    assert_eq!(
        reason(&world, "control"),
        Reason::Reproduced { fails: 1, runs: 1, message: "exit code 1".to_owned() }
    );
    assert_eq!(winner(&world).as_deref(), Some("b"));
}

#[test]
fn where_the_base_passes_the_check_no_arm_ever_begins() {
    for stop in [RaceStop::First, RaceStop::All] {
        let world = Race::of(3, 3, 2, stop).held(|_, _| (5, 0));
        assert_eq!(world.outcome("control"), Some(Outcome::Failed));
        let passes = if stop == RaceStop::First { 2 } else { 3 };
        let found = Reason::NotReproduced { passes, runs: passes };
        assert_eq!(reason(&world, "control"), found);
        assert_eq!(world.starts(), [CONTROL]);
        let skipped = ["a", "b", "c"].map(|arm| world.outcome(arm));
        assert_eq!(skipped, [Some(Outcome::Skipped); 3]);
        let facts = race_facts(&world.state).unwrap();
        assert!(facts.arms.iter().all(|arm| {
            arm.reason.as_deref() == Some("never began: the base passes the check")
        }));
        assert_eq!(winner(&world), None);
    }
}

#[test]
fn the_moment_one_arm_is_proved_all_others_are_stopped() {
    // `a` fails at once, `b` passes when `c` and `d` are in the middle of theirs.
    let mut race = Race::of(4, 1, 1, RaceStop::First);
    race.seconds = 10;
    let world = race.held(|task, _| ([5, 1, 5, 500, 900][task], i32::from(task != 2)));
    assert_eq!(world.now, 5 + 10 + 5, "nothing happens behind the proof");
    let at = |wanted: fn(&Event) -> bool| {
        let found = world.journal.iter().filter(|envelope| wanted(&envelope.event));
        found.map(|envelope| envelope.at.0).collect::<Vec<_>>()
    };
    assert_eq!(at(|event| matches!(event, Event::RaceDecided { .. })), [20]);
    assert_eq!(world.outcome("a"), Some(Outcome::Failed));
    for arm in ["c", "d"] {
        assert_eq!(world.outcome(arm), Some(Outcome::Cancelled));
        assert_eq!(reason(&world, arm), decided_by("b"));
        assert_eq!(tally(&world, arm), (0, 0), "a check that was stopped says nothing");
    }
    assert_eq!(winner(&world).as_deref(), Some("b"));
    assert!(race_facts(&world.state).unwrap().arms.iter().all(|arm| arm.verdict.is_some()));
}

#[test]
fn a_command_is_stopped_as_well_and_what_waits_never_begins() {
    let mut race = Race::of(5, 1, 1, RaceStop::First);
    race.preference = Preference::ParallelWith(2);
    let mut world = race.world(passes_on(1));
    // The second arm never comes to its check.
    world.seconds[2] = 1000;
    world.run();
    assert_eq!((world.now, world.starts().len()), (20, 3), "the control and two arms");
    for arm in ["b", "c", "d", "e"] {
        assert_eq!(world.outcome(arm), Some(Outcome::Cancelled));
        assert_eq!(reason(&world, arm), decided_by("a"));
    }
    assert_eq!(begun(&world).into_keys().collect::<Vec<_>>(), ["a", "b", "control"]);
    // What it had done by then is not lost.
    assert_eq!(world.state.tasks[2].kept, [tip_of(2, 1)]);
}

#[test]
fn with_stop_all_every_run_of_every_arm_runs() {
    let world = Race::of(3, 4, 2, RaceStop::All).held(|task, run| {
        let passes = [0, 4, 3, 1][task];
        (5, i32::from(run > passes))
    });
    let all = ["control", "a", "b", "c"].map(|id| tally(&world, id));
    assert_eq!(all, [(0, 4), (4, 0), (3, 1), (1, 3)]);
    assert_eq!(world.now, 20 + 10 + 20);
    assert_eq!(
        (world.outcome("a"), world.outcome("b")),
        (Some(Outcome::Succeeded), Some(Outcome::Succeeded))
    );
    let Reason::Falsified { passes: 1, runs: 4, .. } = reason(&world, "c") else { panic!() };
    assert_eq!(world.state.decided, None);
}

#[test]
fn an_arm_runs_its_check_until_it_can_no_longer_miss_or_reach_what_it_needs() {
    // Passes by run: `a` 1 0 0 1 1, `b` 0 0 0, `c` 0 1 0 0.
    let world = Race::of(3, 5, 3, RaceStop::First).held(|task, run| {
        let passes: [&[u32]; 4] = [&[], &[1, 4, 5], &[], &[2]];
        (5, i32::from(!passes[task].contains(&run)))
    });
    let all = ["control", "a", "b", "c"].map(|id| tally(&world, id));
    assert_eq!(all, [(0, 3), (3, 2), (0, 3), (1, 3)]);
    assert_eq!(reason(&world, "a"), Reason::Proved { passes: 3, runs: 5 });
    let asked = world.journal.iter().filter_map(|envelope| {
        let Event::CheckRequested { task, run, .. } = &envelope.event else { return None };
        (task.as_str() == "a").then_some(*run)
    });
    assert_eq!(asked.collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn the_arms_of_a_lane_begin_one_after_another_each_at_its_own_commit() {
    let mut race = Race::of(3, 1, 1, RaceStop::First);
    race.preference = Preference::Sequential;
    let world = race.held(passes_on(2));
    assert_eq!(world.starts(), [CONTROL, 1, 2]);
    assert_eq!(
        begun(&world),
        BTreeMap::from([("control".into(), 0), ("a".into(), 5), ("b".into(), 20)])
    );
    let from = world.journal.iter().filter_map(|envelope| {
        let Event::ProvisionRequested { from, .. } = &envelope.event else { return None };
        Some(from.len())
    });
    assert_eq!(from.collect::<Vec<_>>(), [0, 0, 0], "none stands on the work of another");
    assert_eq!(reason(&world, "c"), decided_by("b"));
}

#[test]
fn arms_begin_in_the_order_of_the_file_where_nothing_else_is_known() {
    let mut race = Race::of(5, 1, 1, RaceStop::All);
    race.preference = Preference::Sequential;
    race.arms.reverse();
    let world = race.held(passes_on(2));
    assert_eq!(world.starts(), [CONTROL, 1, 2, 3, 4, 5]);
    assert_eq!(world.state.task(1).id.as_str(), "e");
}

#[test]
fn arms_that_own_the_same_files_run_at_once() {
    let mut race = Race::of(3, 1, 1, RaceStop::All);
    for arm in &mut race.arms {
        arm.owns = Some(crate::domain::task::Claims::parse(&["**"]).unwrap());
    }
    let world = race.held(passes_on(2));
    assert_eq!(begun(&world).into_values().collect::<Vec<_>>(), [5, 5, 5, 0]);
}

#[test]
fn a_retry_after_a_decision_runs_the_losers_to_their_own_end() {
    let mut world = Race::of(3, 1, 1, RaceStop::First)
        .held(|task, _| ([5, 5, 50, 90][task], i32::from(task == CONTROL)));
    assert_eq!((world.now, winner(&world).as_deref()), (20, Some("a")));
    let losers = ["b", "c"].map(|id| id.parse().unwrap());
    world.say(Input::Retry { tasks: losers.to_vec() });
    world.say(Input::Begin { resumed: true });
    world.play();
    // `b` is proved first of those that run again, and ends the race once more.
    assert_eq!(world.state.decided.as_ref().map(TaskId::as_str), Some("b"));
    assert_eq!(reason(&world, "c"), decided_by("b"));
    assert_eq!(world.outcome("a"), Some(Outcome::Succeeded));
    assert!(world.ended && world.state.phase == RunPhase::Finished);
}

#[test]
fn a_retry_of_the_control_takes_all_arms_along() {
    let mut reproduced = false;
    let mut world = Race::of(2, 1, 1, RaceStop::First).held(move |task, _| {
        let passes =
            if task == CONTROL { !std::mem::replace(&mut reproduced, true) } else { task == 1 };
        (5, i32::from(!passes))
    });
    assert_eq!(winner(&world), None);
    world.say(Input::Retry { tasks: vec!["control".parse().unwrap()] });
    world.say(Input::Begin { resumed: true });
    world.play();
    assert_eq!(winner(&world).as_deref(), Some("a"));
}

#[test]
fn a_check_that_cannot_be_run_is_an_error_of_its_arm_and_no_run() {
    let mut world = Race::of(2, 2, 1, RaceStop::First).world(passes_on(1));
    world.say(Input::Begin { resumed: false });
    let lost = Event::CheckFinished {
        task: "b".parse().unwrap(),
        attempt: 1,
        end: Err("no room".to_owned()),
        tainted: Vec::new(),
        shortage: None,
        evidence: None,
    };
    while !matches!(world.state.tasks[2].state, TaskState::Checking { .. }) {
        world.play_next();
    }
    world.say(Input::Fact(lost));
    assert_eq!(reason(&world, "b"), Reason::CheckNotRun { message: "no room".to_owned() });
    assert_eq!(tally(&world, "b"), (0, 0));
}

#[test]
fn a_check_that_changes_tracked_files_has_not_passed() {
    let mut world = Race::of(1, 1, 1, RaceStop::First).world(passes_on(1));
    world.say(Input::Begin { resumed: false });
    while !matches!(world.state.tasks[1].state, TaskState::Checking { .. }) {
        world.play_next();
    }
    world.say(Input::Fact(Event::CheckFinished {
        task: "a".parse().unwrap(),
        attempt: 1,
        end: Ok(end(Ending::Code { code: 0 })),
        tainted: vec!["src/lib.rs".to_owned()],
        shortage: None,
        evidence: None,
    }));
    let Reason::Falsified { passes: 0, runs: 1, message } = reason(&world, "a") else { panic!() };
    assert_eq!(message, "it changed tracked files (src/lib.rs)");
}
