//! Providers of agents that want fewer calls.

use super::*;

fn agent(id: &str, preset: &str) -> Task {
    let work = Work::Agent { preset: preset.to_owned(), prompt: "do it".to_owned(), persona: None };
    Task { work, ..task(id, &[]) }
}

fn agents(count: usize) -> Vec<Task> {
    (0..count).map(|at| agent(&format!("t{at}"), "claude")).collect()
}

fn limited() -> RateLimit {
    RateLimit { said: "429 Too Many Requests".to_owned(), retry_after: None }
}

/// Tasks at once and widths of all events, in order.
fn widths(world: &World) -> Vec<(usize, bool)> {
    let of = |envelope: &Envelope| {
        let Event::WidthChanged { width, because } = &envelope.event else { return None };
        Some((*width, matches!(because, WidthCause::RateLimit { .. })))
    };
    world.journal.iter().filter_map(of).collect()
}

#[test]
fn a_refusal_of_the_provider_burns_no_retry_and_keeps_the_work() {
    let plan = plan(agents(1), Preference::Sequential);
    let mut world = World::new(plan, vec![5], |_, attempt| i32::from(attempt < 4));
    world.limit = |_, attempt| (attempt < 4).then(limited);
    world.run();
    let record = &world.state.tasks[0];
    assert_eq!(record.outcome(), Some(Outcome::Succeeded));
    assert_eq!((record.attempts, record.attempts_this_round), (4, 1));
    assert_eq!(record.kept, [tip_of(0, 1), tip_of(0, 2), tip_of(0, 3)]);
    // 15, 30 and 60 seconds, or up to a fifth more.
    let waited = world.now - 4 * 5;
    assert!((105_000..126_001).contains(&waited), "{waited} ms");
    assert_eq!(widths(&world), [], "one task needs no limit");
}

#[test]
fn a_plain_command_and_an_agent_without_a_refusal_fail_as_ever() {
    let tasks = vec![task("plain", &[]), agent("lazy", "claude")];
    let mut world = World::new(plan(tasks, Preference::ParallelWith(2)), vec![5, 5], |_, _| 1);
    world.limit = |task, _| (task == 0).then(limited);
    world.run();
    for record in &world.state.tasks {
        assert_eq!(record.reason(), Some(&Reason::ExitCode { code: 1 }));
    }
}

#[test]
fn the_provider_s_own_wish_is_waited_for_unless_it_is_longer_than_a_day() {
    let mut world =
        World::new(plan(agents(2), Preference::Sequential), vec![5, 5], |task, attempt| {
            i32::from(attempt == 1 || task == 1)
        });
    world.limit = |task, _| {
        let hours = if task == 0 { 5 } else { 25 };
        let retry_after = Some(Duration::from_secs(hours * 3600));
        Some(RateLimit { retry_after, ..limited() })
    };
    world.run();
    assert_eq!(world.outcome("t0"), Some(Outcome::Succeeded));
    let waited = Duration::from_millis(world.now.unsigned_abs());
    let hours = |count: u64| Duration::from_secs(count * 3600);
    assert!(waited >= hours(5) && waited < hours(7), "{waited:?}");
    let reason = Reason::RateLimited { said: "429 Too Many Requests".to_owned() };
    assert_eq!(world.state.tasks[1].reason(), Some(&reason));
    assert_eq!(world.state.tasks[1].attempts, 1);
}

#[test]
fn a_task_that_is_always_refused_fails_with_what_the_provider_said() {
    let mut world = World::new(plan(agents(2), Preference::ParallelWith(2)), vec![5, 5], |t, _| {
        i32::from(t == 0)
    });
    world.limit = |task, _| (task == 0).then(limited);
    world.run();
    let reason = Reason::RateLimited { said: "429 Too Many Requests".to_owned() };
    assert_eq!(world.state.tasks[0].reason(), Some(&reason));
    assert_eq!(world.state.tasks[0].attempts, 20);
    assert_eq!(world.outcome("t1"), Some(Outcome::Succeeded));
}

#[test]
fn fewer_agents_of_that_provider_run_and_more_again_when_they_are_served() {
    let mut tasks = agents(9);
    tasks.push(agent("z-other", "codex"));
    tasks.push(task("z-plain", &[]));
    let mut world =
        World::new(plan(tasks, Preference::ParallelWith(8)), vec![1000; 11], |t, attempt| {
            i32::from(t < 8 && attempt == 1)
        });
    world.limit = |task, attempt| (task < 8 && attempt == 1).then(limited);
    world.run();
    assert!(world.state.all_finished());
    assert_eq!(world.state.count(Outcome::Succeeded), 11);
    let widths = widths(&world);
    // All eight were started before the first of them was refused: that is one refusal.
    assert_eq!(widths[0], (4, true), "{widths:?}");
    assert!(widths[1..].iter().all(|(_, lowered)| !lowered), "{widths:?}");
    assert_eq!(widths.last(), Some(&(8, false)));
    assert!(world.state.throttles.is_empty());
}

#[test]
fn a_process_that_takes_the_run_over_begins_without_limits() {
    let mut world = World::new(plan(agents(8), Preference::ParallelWith(8)), vec![5; 8], |_, _| 1);
    world.limit = |_, _| Some(limited());
    world.say(Input::Begin { resumed: false });
    let Some(Reverse((at, task, Some(attempt)))) = world.agenda.pop() else { panic!() };
    world.now = at;
    let mut end = end(Ending::Code { code: 1 });
    let rate_limit = (world.limit)(task, attempt);
    end.agent = Some(Box::new(AgentReport { rate_limit, ..AgentReport::default() }));
    let id = world.state.task(task).id.clone();
    world.say(Input::Fact(Event::AttemptFinished { task: id, attempt, end, shortage: None }));
    assert_eq!(world.state.throttles["claude"].most, 4);
    assert_eq!(world.state.rate_limited(task), Some("claude"), "it waits for another attempt");
    let held = (0..8).filter(|&task| world.state.rate_limited(task).is_some()).count();
    assert_eq!(held, 1, "the others run");
    world.say(Input::Begin { resumed: true });
    assert!(world.state.throttles.is_empty());
    let fresh = RunState::new((*world.state.spec).clone(), Timestamp(0));
    assert_eq!(world.state.dispatcher.width(), fresh.dispatcher.width());
}

#[test]
fn a_refusal_after_the_way_back_to_one_task_at_a_time_changes_no_width() {
    let plan = plan(agents(20), Preference::ParallelWith(8));
    let mut world = World::new(plan, vec![5; 20], |_, _| 0);
    world.say(Input::Begin { resumed: false });
    let over = |world: &mut World, ending: Ending, refused: bool, shortage: Option<Shortage>| {
        world.now += 1000;
        let launched = |&task: &usize| world.state.tasks[task].launched;
        // The one that was launched last.
        let task = world.state.active_tasks().max_by_key(launched).unwrap();
        let rate_limit = refused.then(limited);
        let agent = Some(Box::new(AgentReport { rate_limit, ..AgentReport::default() }));
        let (id, attempt) = (world.state.task(task).id.clone(), world.state.tasks[task].attempts);
        let end = AttemptEnd { agent, ..end(ending) };
        world.say(Input::Fact(Event::AttemptFinished { task: id, attempt, end, shortage }));
    };
    over(&mut world, Ending::Code { code: 1 }, true, None);
    for _ in 0..3 {
        over(&mut world, Ending::Code { code: 0 }, false, None);
    }
    assert_eq!(world.state.throttles["claude"].most, 7);
    over(&mut world, Ending::Code { code: 0 }, false, None);
    over(&mut world, Ending::Signal { signal: 9 }, false, Some(Shortage::Memory));
    let before = widths(&world);
    over(&mut world, Ending::Code { code: 1 }, true, None);
    assert_eq!((widths(&world), world.state.dispatcher.width()), (before, 1));
}

/// Refused now and then, and by chance of the arithmetic again and again.
fn refused(task: usize, attempt: u32) -> bool {
    (task * 5 + attempt as usize * 3) % 4 < 2
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_providers_refuse_the_run_ends_with_every_retry_left_and_its_width_back(
        case in cases(),
    ) {
        let mut tasks = case.tasks;
        for (at, task) in tasks.iter_mut().enumerate().filter(|(at, _)| at % 4 != 3) {
            let preset = ["claude", "codex"][at % 2].to_owned();
            task.work = Work::Agent { preset, prompt: "do it".to_owned(), persona: None };
        }
        let mut world = World::new(plan(tasks, case.preference), case.seconds, |task, attempt| {
            i32::from(task % 4 != 3 && refused(task, attempt))
        });
        world.limit = |task, attempt| refused(task, attempt).then(limited);
        world.run();
        prop_assert!(world.ended && world.state.all_finished());
        prop_assert!(world.state.throttles.is_empty());
        let decided = world.state.widest();
        for record in &world.state.tasks {
            prop_assert_eq!(record.outcome(), Some(Outcome::Succeeded));
            prop_assert_eq!(record.attempts_this_round, 1);
        }
        let mut state = RunState::fold(&world.journal[..1]).unwrap();
        for envelope in &world.journal[1..] {
            state.apply(envelope).unwrap();
            if let Event::WidthChanged { width, .. } = &envelope.event {
                prop_assert!((1..=decided).contains(width));
            }
        }
        prop_assert_eq!(state, world.state);
    }
}
