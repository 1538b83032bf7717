//! Everything that can happen to a run at once, by chance: it ends all the same.

use super::*;

/// What a world does next, drawn from these numbers over and over.
struct Chance {
    draws: Vec<u8>,
    at: usize,
}

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.at += 1;
        let draw = usize::from(self.draws[self.at % self.draws.len()]);
        (draw + self.at / self.draws.len()) % end
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn attempt_end(&mut self) -> (AttemptEnd, Option<Shortage>) {
        let ending = match self.below(9) {
            0 => Ending::TimedOut,
            1 => Ending::Stalled,
            2 => Ending::Signal { signal: 9 },
            3 | 4 => Ending::Code { code: 75 },
            _ => Ending::Code { code: 0 },
        };
        let wants = self.one_in(3);
        let retry_after = self.one_in(2).then(|| Duration::from_secs(self.below(90) as u64));
        let rate_limit = wants.then(|| RateLimit { said: "429".to_owned(), retry_after });
        let error = self.one_in(7).then(|| "sorry".to_owned());
        let said = AgentReport { rate_limit, error, ..AgentReport::default() };
        let out_of_memory = self.one_in(5);
        let end = AttemptEnd { agent: Some(Box::new(said)), out_of_memory, ..end(ending) };
        (end, self.one_in(6).then_some(Shortage::Memory))
    }

    fn room(&mut self) -> Room {
        let because =
            [WidthCause::Load, WidthCause::Memory, WidthCause::OtherRuns, WidthCause::Eased];
        Room { width: self.below(12), because: because[self.below(4)].clone() }
    }
}

fn varied(case: &Case, chance: &mut Chance) -> Plan {
    let mut tasks = case.tasks.clone();
    for task in &mut tasks {
        task.retries = chance.below(3) as u32;
        task.pattern.group = chance.one_in(3).then(|| "g".to_owned());
        task.check = chance.one_in(4).then(|| "true".to_owned());
        task.rules.retry_on = chance.one_in(4).then(|| vec![RetryCause::Timeout]);
        if !chance.one_in(3) {
            let preset = ["claude", "codex"][chance.below(2)].to_owned();
            task.work = Work::Agent { preset, prompt: "do it".to_owned(), persona: None };
        }
    }
    let wide = chance.one_in(2).then(|| Preference::ParallelWith(6 + chance.below(8)));
    let mut plan = plan(tasks, wide.unwrap_or(case.preference));
    plan.fail_fast.run = chance.one_in(6);
    plan.fail_fast.groups.extend(chance.one_in(5).then(|| "g".to_owned()));
    let minutes = |count: usize| Duration::from_secs(60 * count as u64);
    plan.time_limits.run = chance.one_in(5).then(|| minutes(chance.below(30)));
    let group = chance.one_in(3).then(|| ("g".to_owned(), minutes(chance.below(5))));
    plan.time_limits.groups.extend(group);
    if chance.one_in(2) { with_hook(plan) } else { plan }
}

/// A run that shares its host, or does not, and finds no room for some of what it starts.
fn world(case: &Case, chance: &mut Chance) -> World {
    let mut world = World::new(varied(case, chance), case.seconds.clone(), |_, _| 0);
    world.replanning = chance.one_in(2);
    world.check = chance.below(2) as i32;
    world.lacks = [
        |_: usize, _: usize| None,
        |_, active| (active > 3).then_some(Shortage::Handles),
        |task, active| (task % 5 == 1 && active > 1).then_some(Shortage::Processes),
    ][chance.below(3)];
    world.setup = [
        |_, _| SetupEnd::Ready { ran: vec!["deps".to_owned()], held: Vec::new() },
        |task, attempt| {
            let hook = "deps".to_owned();
            if !usize::is_multiple_of(task + attempt as usize, 4) {
                SetupEnd::Ready { ran: vec![hook], held: Vec::new() }
            } else {
                SetupEnd::Failed { hook, ending: Ending::Code { code: 1 }, log: String::new() }
            }
        },
    ][chance.below(2)];
    let shares = chance.one_in(2);
    let Event::RunCreated { spec } = &mut world.journal[0].event else { panic!() };
    spec.limits.share_host = shares;
    spec.limits.speculate = chance.one_in(2);
    spec.plan.validations.push(validating_ahead::validation(&[]));
    world.state = RunState::fold(&world.journal).unwrap();
    world
}

/// Everything that waits for the clock waits longer: the run was held.
fn hold(world: &mut World, time: i64) {
    world.say(Input::Fact(Event::Suspended));
    world.now += time;
    let later = |Reverse((at, task, attempt))| Reverse((at + time, task, attempt));
    world.agenda = std::mem::take(&mut world.agenda).into_iter().map(later).collect();
    let alarms = std::mem::take(&mut world.alarms).into_iter();
    world.alarms = alarms.map(|(at, group)| (at + time, group)).collect();
    world.say(Input::Fact(Event::Continued));
}

/// The process is gone, or was stopped, and another takes the run up.
fn go_on(world: &mut World, chance: &mut Chance) {
    world.agenda.clear();
    world.alarms.clear();
    world.train = None;
    world.ended = false;
    for index in world.state.active_tasks().collect::<Vec<_>>() {
        let state = &world.state.tasks[index].state;
        if matches!(state, TaskState::SettingUp { .. } | TaskState::Running { .. }) {
            let task = world.state.task(index).id.clone();
            world.say(Input::Fact(Event::Reconciled { task, finding: "gone".to_owned() }));
        }
    }
    if !world.state.phase.is_over() {
        begin(world, true, chance);
    }
}

fn begin(world: &mut World, resumed: bool, chance: &mut Chance) {
    world.say(Input::Begin { resumed });
    if world.state.spec.limits.share_host && !world.ended {
        world.say(Input::Room(chance.room()));
    }
}

fn disturb(world: &mut World, chance: &mut Chance, stops: &mut usize) {
    match chance.below(14) {
        0..=2 => world.say(Input::Room(chance.room())),
        3 => hold(world, 500),
        4 if *stops > 0 => {
            *stops -= 1;
            world.say(Input::Stop { reason: StopReason::Interrupted, force: chance.one_in(2) });
            go_on(world, chance);
        }
        5 if *stops > 0 => {
            *stops -= 1;
            go_on(world, chance);
        }
        6 | 7 => end_train(world, chance),
        _ => {}
    }
}

fn end_train(world: &mut World, chance: &mut Chance) {
    let Some(train) = world.train.take() else { return };
    let reason = "why ever".to_owned();
    let end = if chance.one_in(2) {
        TrainEnd::Passed { tasks: Vec::new() }
    } else {
        TrainEnd::Unknown { reason }
    };
    world.say(Input::Fact(Event::TrainValidated { train, end }));
}

/// Plays to the end; how many things happened.
fn play(world: &mut World, chance: &mut Chance) -> usize {
    let (mut stops, mut count) = (3, 0);
    begin(world, false, chance);
    while !world.ended {
        count += 1;
        let alarm = world.alarms.first().map(|(at, _)| *at);
        let due = world.agenda.peek().map(|Reverse((at, _, _))| *at);
        if alarm.is_some_and(|alarm| due.is_none_or(|due| alarm <= due)) {
            let (at, group) = world.alarms.pop_first().unwrap();
            world.now = world.now.max(at);
            world.say(Input::GroupTimer { group });
        } else if let Some(Reverse((at, task, attempt))) = world.agenda.pop() {
            world.now = world.now.max(at);
            let id = world.state.task(task).id.clone();
            if let Some(attempt) = attempt {
                let (end, shortage) = chance.attempt_end();
                world.say(Input::Fact(Event::AttemptFinished { task: id, attempt, end, shortage }));
            } else {
                world.say(Input::Timer { task: id });
            }
        } else {
            break;
        }
        if count > 20_000 {
            break;
        }
        if !world.ended {
            disturb(world, chance, &mut stops);
        }
    }
    count
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_side_by_side_the_run_ends_within_its_width_and_folds_to_what_it_is(
        case in cases(),
        draws in prop::collection::vec(any::<u8>(), 20..120),
    ) {
        let mut chance = Chance { draws, at: 0 };
        let mut world = world(&case, &mut chance);
        let count = play(&mut world, &mut chance);
        prop_assert!(world.ended, "waits for nothing after {} things", count);
        prop_assert!(world.state.all_finished());
        prop_assert_eq!(&RunState::fold(&world.journal).unwrap(), &world.state);
        let decided = world.state.spec.plan.decision.width.max(1);
        let mut state = RunState::fold(&world.journal[..1]).unwrap();
        for envelope in &world.journal[1..] {
            if let Event::ProvisionRequested { .. } = &envelope.event {
                prop_assert!(state.active_tasks().count() < state.dispatcher.width());
            }
            if let Event::TrainRequested { .. } = &envelope.event {
                prop_assert!(state.active_tasks().count() < state.dispatcher.width());
                prop_assert!(!state.all_finished());
            }
            state.apply(envelope).unwrap();
            prop_assert!((1..=decided).contains(&state.dispatcher.width()));
        }
    }
}
