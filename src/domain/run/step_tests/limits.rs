//! Which failures are tried again, the time of groups, and the way back to one task at a time.

use super::patterns::ends;
use super::*;
use crate::domain::run::step::back_off;
use crate::domain::task::{Known, parse};

const ROOM: Preference = Preference::ParallelWith(4);

/// A task that fails once in this way, with these words in `retry_on`.
fn tries(reason_end: Ending, retry_on: Option<&[&str]>) -> u32 {
    let mut a = task("a", &[]);
    a.retries = 3;
    a.rules.retry_on = retry_on.map(|all| all.iter().map(|text| text.parse().unwrap()).collect());
    let mut world = World::new(plan(vec![a], Preference::Sequential), vec![5], |_, _| 0);
    world.say(Input::Begin { resumed: false });
    world.agenda.clear();
    let failed = Event::AttemptFinished {
        task: "a".parse().unwrap(),
        attempt: 1,
        end: end(reason_end),
        shortage: None,
    };
    world.say(Input::Fact(failed));
    world.play();
    world.state.tasks[0].attempts
}

#[test]
fn a_failure_is_tried_again_only_when_retry_on_names_it() {
    let code = |code| Ending::Code { code };
    for (ending, yes, no) in [
        (Ending::TimedOut, "timeout", "stall"),
        (Ending::Stalled, "stall", "timeout"),
        (code(75), "exit:75", "exit:74"),
        (code(75), "exit", "signal"),
        (Ending::Signal { signal: 9 }, "signal:9", "signal:15"),
        (Ending::Signal { signal: 9 }, "signal", "exit"),
    ] {
        assert_eq!(tries(ending, Some(&["check", yes])), 2, "{ending} {yes}");
        assert_eq!(tries(ending, Some(&[no])), 1, "{ending} {no}");
        assert_eq!(tries(ending, Some(&[])), 1, "{ending}");
        assert_eq!(tries(ending, None), 2, "{ending}");
    }
}

#[test]
fn a_check_is_tried_again_by_its_name_and_what_has_no_name_only_without_retry_on() {
    let attempts = |retry_on: Option<RetryCause>, changed: &str, check: i32| {
        let mut a = task("a", &[]);
        a.retries = 1;
        a.check = Some("x".into());
        a.owns = Some(crate::domain::task::Claims::parse(&[changed]).unwrap());
        a.rules.retry_on = retry_on.map(|cause| vec![cause]);
        let mut world = World::new(plan(vec![a], Preference::Sequential), vec![5], |_, _| 0);
        world.check = check;
        world.run();
        world.state.tasks[0].attempts
    };
    let everything = "**";
    assert_eq!(attempts(Some(RetryCause::Check), everything, 1), 2);
    assert_eq!(attempts(Some(RetryCause::AnyExit), everything, 1), 1);
    assert_eq!(attempts(None, everything, 1), 2);
    // Work outside `owns`.
    assert_eq!(attempts(Some(RetryCause::Check), "elsewhere", 0), 1);
    assert_eq!(attempts(None, "elsewhere", 0), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waits_double_up_to_a_minute_and_spread_by_a_fifth(name in "[a-z]{1,9}", failures in 1..80_u32) {
        let id: TaskId = name.parse().unwrap();
        let plain = |failures: u32| 60_f64.min(2_f64.powi(failures.min(30) as i32 - 1));
        let wait = back_off("run", &id, failures).as_secs_f64();
        prop_assert!((0.8 * plain(failures)..=1.2 * plain(failures)).contains(&wait));
        // Doubling outgrows the spread: 2 x 0.8 > 1.2.
        if plain(failures + 1) >= 2.0 * plain(failures) {
            prop_assert!(back_off("run", &id, failures + 1).as_secs_f64() > wait);
        }
        prop_assert_eq!(back_off("run", &id, failures), back_off("run", &id, failures));
    }

    #[test]
    fn a_machine_without_room_never_stops_a_run_from_ending_and_one_task_at_a_time_may_start(
        case in cases(),
        room in 0..4_usize,
    ) {
        let parallel = case.preference != Preference::Sequential;
        let mut world = World::new(plan(case.tasks, case.preference), case.seconds, |_, _| 0);
        world.lacks = [
            |_: usize, _: usize| Some(Shortage::Processes),
            |_, active| (active > 1).then_some(Shortage::Memory),
            |_, active| (active > 2).then_some(Shortage::Space),
            |task, active| (task % 3 == 1 || active > 3).then_some(Shortage::Handles),
        ][room];
        world.run();
        prop_assert!(world.ended && world.state.all_finished());
        prop_assert_eq!(&RunState::fold(&world.journal).unwrap(), &world.state);
        let widths = world.journal.iter().filter_map(|envelope| {
            if let Event::WidthChanged { width, .. } = &envelope.event { Some(*width) } else { None }
        });
        prop_assert!(widths.collect::<Vec<_>>().iter().all(|width| *width == 1));
        for record in &world.state.tasks {
            prop_assert!(record.attempts <= 2, "no task falls back twice");
            let stays_out = matches!(record.reason(), Some(Reason::SpawnFailed { .. }));
            prop_assert!(!stays_out || record.alone || !parallel);
        }
        if room == 1 || room == 2 {
            prop_assert!(world.state.tasks.iter().all(|record| record.state.succeeded()));
        }
    }
}

#[test]
fn what_fails_for_lack_of_room_beside_others_goes_on_one_at_a_time_and_counts_no_retry() {
    let tasks: Vec<Task> = ["a", "b", "c"].map(|id| task(id, &[])).into();
    let mut world = World::new(plan(tasks, ROOM), vec![5000; 3], |_, _| 0);
    world.lacks = |_, active| (active > 2).then_some(Shortage::Processes);
    world.run();
    let told = world.journal.iter().filter_map(|envelope| {
        if let Event::WidthChanged { width, because } = &envelope.event {
            Some(format!("{width}: {because}"))
        } else if let Event::RetryScheduled { task, reason, free, .. } = &envelope.event {
            Some(format!("{task} {free} {reason}"))
        } else {
            None
        }
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "1: there was no room for another process while `a` was to run beside others",
            "a true could not be started: no room",
            "b true could not be started: no room",
            "c true could not be started: no room",
        ]
    );
    assert!(world.state.tasks.iter().all(|record| record.state.succeeded()));
    assert_eq!((world.state.widest(), world.state.tasks[2].attempts), (1, 2));
    // What eases elsewhere does not widen it again; the user's `retry` does.
    let eased = Event::WidthChanged { width: 3, because: WidthCause::Eased };
    assert_eq!(step(&world.state, Input::Fact(eased), Timestamp(9)), Step::default());
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    assert_eq!(world.state.widest(), world.state.spec.plan.decision.width);
}

#[test]
fn what_fails_for_lack_of_room_alone_has_failed_and_the_remedy_is_told_once() {
    for preference in [Preference::Sequential, ROOM] {
        let tasks = vec![task("a", &[]), task("b", &[]), task("c", &[])];
        let mut world = World::new(plan(tasks, preference), vec![5; 3], |_, _| 0);
        world.lacks = |task, _| (task > 0).then_some(Shortage::Processes);
        world.run();
        let reason = world.state.tasks[1].reason().unwrap().to_string();
        assert_eq!(reason, "could not be started: no room");
        assert_eq!(world.outcome("a"), Some(Outcome::Succeeded));
        let told = world.state.warnings.iter().filter(|warning| warning.contains("`ulimit -u`"));
        assert_eq!(told.count(), 1, "{:?}", world.state.warnings);
    }
}

#[test]
fn an_attempt_that_memory_ended_is_tried_again_alone() {
    let tasks = vec![task("a", &[]), task("b", &[])];
    let mut world = World::new(plan(tasks, ROOM), vec![5000, 9000], |_, _| 0);
    world.say(Input::Begin { resumed: false });
    let killed = |attempt| Event::AttemptFinished {
        task: "a".parse().unwrap(),
        attempt,
        end: end(Ending::Signal { signal: 9 }),
        shortage: Some(Shortage::Memory),
    };
    world.say(Input::Fact(killed(1)));
    assert_eq!(world.state.widest(), 1);
    assert_eq!(world.state.tasks[0].attempts_this_round, 0);
    assert_eq!(world.state.tasks[0].kept, [tip_of(0, 1)], "its work is not lost");
    world.agenda.retain(|Reverse((_, task, attempt))| *task == 1 || attempt.is_none());
    world.play();
    assert_eq!((world.outcome("a"), world.state.tasks[0].attempts), (Some(Outcome::Succeeded), 2));
}

const LIMITED: &str = "
    [[group]]
    name = 'g'
    timeout = '8ms'
    [[task]]
    id = 'first'
    [[task]]
    id = 'quick'
    group = 'g'
    depends_on = ['first']
    [[task]]
    id = 'slow'
    group = 'g'
    depends_on = ['first']
    [[task]]
    id = 'later'
    group = 'g'
    depends_on = ['quick', 'slow']
    [[task]]
    id = 'waits'
    group = 'g'
    locks = ['x']
    depends_on = ['first']
    [[task]]
    id = 'holds'
    locks = ['x']
    priority = 'high'
    depends_on = ['first']
    [[task]]
    id = 'outside'
    depends_on = ['slow']
";

fn limited(text: &str, seconds: Vec<i64>) -> World {
    let text = text.replace("[[task]]", "[[task]]\nrun = 'x'\ncheck = 'x'\nestimate = '1s'");
    let parsed = parse(&text, &Known::default());
    let set = parsed.tasks.value.unwrap_or_else(|| panic!("{:?}", parsed.tasks.problems));
    let host = Host { cores: 64, memory: 0 };
    let request = PlanRequest { host, preference: ROOM, ..PlanRequest::of(&set) };
    World::new(build(&request).unwrap(), seconds, |_, _| 0)
}

#[test]
fn the_time_of_a_group_counts_from_its_first_start_and_stops_what_is_left_of_it() {
    let mut world = limited(LIMITED, vec![50, 3, 90, 1, 1, 60, 1]);
    world.run();
    let up = "the time of group `g` was up (0.0s)";
    assert_eq!(
        ends(&world),
        [
            "first succeeded: changed 1 path".to_owned(),
            "quick succeeded: changed 1 path".to_owned(),
            format!("slow timed out: {up}"),
            format!("later cancelled: {up}"),
            format!("waits cancelled: {up}"),
            "holds succeeded: changed 1 path".to_owned(),
            "outside skipped: `slow` did not succeed".to_owned(),
        ]
    );
    let at = world.journal.iter().find(|e| matches!(e.event, Event::GroupTimedOut { .. }));
    assert_eq!(at.unwrap().at, Timestamp(58));
    assert_eq!(RunState::fold(&world.journal).unwrap(), world.state);
    // What is run again has its time anew.
    world.seconds[2] = 2;
    world.say(Input::Retry { tasks: vec!["slow".parse().unwrap(), "waits".parse().unwrap()] });
    world.say(Input::Begin { resumed: true });
    world.play();
    assert!(world.state.tasks.iter().all(|record| record.state.succeeded()), "{:?}", ends(&world));
}

#[test]
fn time_in_which_nothing_drives_the_run_does_not_count_and_time_before_a_resume_does() {
    let text = "run_timeout = '10ms'\n[[task]]\nid = 'a'";
    let mut world = limited(text, vec![20]);
    world.say(Input::Begin { resumed: false });
    world.now = 4;
    world.say(Input::Stop { reason: StopReason::Interrupted, force: false });
    assert!(world.ended);
    world.alarms.clear();
    world.now = 1000;
    world.say(Input::Begin { resumed: true });
    assert_eq!(world.alarms.first(), Some(&(1006, None)));
    // A timer that comes too early (the machine slept) waits on.
    world.now = 1002;
    world.say(Input::GroupTimer { group: None });
    assert_eq!(world.outcome("a"), None);
    world.play();
    assert_eq!(ends(&world), ["a timed out: the time of the run was up (0.0s)"]);
    assert_eq!((world.now, world.state.expired.len()), (1006, 1));
}
