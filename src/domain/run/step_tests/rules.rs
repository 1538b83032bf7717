//! The rules of retry, stop and start, one by one.

use super::*;

#[test]
fn a_failure_skips_its_dependents_and_nothing_else() {
    let tasks = vec![task("a", &[]), task("b", &["a"]), task("c", &["b"]), task("d", &[])];
    let mut world =
        World::new(plan(tasks, Preference::ParallelWith(2)), vec![5, 1, 1, 9], |t, _| {
            i32::from(t == 0)
        });
    world.run();
    assert_eq!(world.outcome("a"), Some(Outcome::Failed));
    assert_eq!(
        (world.outcome("b"), world.outcome("c")),
        (Some(Outcome::Skipped), Some(Outcome::Skipped))
    );
    assert_eq!(world.outcome("d"), Some(Outcome::Succeeded));
}

#[test]
fn a_retry_waits_its_back_off_and_counts_from_one_in_a_new_round() {
    let mut a = task("a", &[]);
    a.retries = 2;
    let mut world = World::new(plan(vec![a], Preference::Sequential), vec![5], |_, attempt| {
        i32::from(attempt < 3)
    });
    world.run();
    assert_eq!(world.outcome("a"), Some(Outcome::Succeeded));
    assert_eq!(world.state.tasks[0].attempts, 3);
    // The work of both failed attempts is kept.
    assert_eq!(world.state.tasks[0].kept, [tip_of(0, 1), tip_of(0, 2)]);
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    world.say(Input::Begin { resumed: true });
    world.play();
    let record = &world.state.tasks[0];
    assert_eq!((record.attempts, record.attempts_this_round), (4, 1));
    assert_eq!(record.tip, Some(tip_of(0, 4)));
}

#[test]
fn a_retry_takes_the_dependents_along() {
    let tasks = vec![task("a", &[]), task("b", &["a"]), task("c", &[])];
    let mut world = World::new(plan(tasks, Preference::ParallelWith(3)), vec![1, 1, 1], |_, _| 0);
    world.run();
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    assert_eq!((world.outcome("a"), world.outcome("b")), (None, None));
    assert_eq!(world.outcome("c"), Some(Outcome::Succeeded));
}

#[test]
fn a_retry_in_a_lane_takes_along_what_was_built_on_the_old_work_and_starts_before_it() {
    let tasks = vec![task("a", &[]), task("b", &[]), task("c", &[])];
    let mut world = World::new(plan(tasks, Preference::Sequential), vec![1, 1, 1], |_, _| 0);
    world.run();
    world.say(Input::Retry { tasks: vec!["b".parse().unwrap()] });
    assert_eq!(world.outcome("a"), Some(Outcome::Succeeded));
    assert_eq!((world.outcome("b"), world.outcome("c")), (None, None));
    assert_eq!(world.state.lane_tip, tip_of(0, 1), "the lane goes on behind `a`");
    world.say(Input::Begin { resumed: true });
    world.play();
    assert_eq!(world.state.lane_tip, tip_of(2, 2));
}

#[test]
fn a_retry_of_a_failed_task_in_a_lane_leaves_the_others_alone() {
    let tasks = vec![task("a", &[]), task("b", &[]), task("c", &["a"])];
    let fails_once = |task, attempt| i32::from(task == 0 && attempt == 1);
    let mut world = World::new(plan(tasks, Preference::Sequential), vec![1, 1, 1], fails_once);
    world.run();
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    assert_eq!(world.outcome("b"), Some(Outcome::Succeeded));
    world.say(Input::Begin { resumed: true });
    world.play();
    assert!(world.state.tasks.iter().all(|record| record.state.succeeded()));
}

#[test]
fn rule_4_a_retry_takes_along_what_started_from_the_work_because_of_a_lock() {
    let mut tasks = vec![task("a", &[]), task("b", &[])];
    for task in &mut tasks {
        task.locks = vec!["db".into()];
    }
    let mut world = World::new(plan(tasks, Preference::ParallelWith(2)), vec![1, 1], |_, _| 0);
    world.run();
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    assert_eq!((world.outcome("a"), world.outcome("b")), (None, None));
}

#[test]
fn an_interrupted_task_starts_again_and_an_aborted_one_is_cancelled() {
    for (reason, outcome) in
        [(StopReason::Interrupted, None), (StopReason::Aborted, Some(Outcome::Cancelled))]
    {
        let tasks = vec![task("a", &[]), task("b", &["a"])];
        let mut world = World::new(plan(tasks, Preference::ParallelWith(2)), vec![5, 5], |_, _| 0);
        world.say(Input::Begin { resumed: false });
        world.say(Input::Stop { reason, force: false });
        assert!(world.ended);
        assert_eq!(world.state.phase, RunPhase::Stopped(reason));
        assert_eq!((world.outcome("a"), world.outcome("b")), (outcome, outcome));
    }
}

#[test]
fn a_signal_while_the_run_is_being_interrupted_is_no_failure_of_the_task() {
    let mut world =
        World::new(plan(vec![task("a", &[])], Preference::Sequential), vec![5], |_, _| 0);
    world.say(Input::Begin { resumed: false });
    let stop = Input::Stop { reason: StopReason::Interrupted, force: false };
    let stopping = step(&world.state, stop, Timestamp(1));
    for event in stopping.events {
        let envelope = Envelope { seq: world.state.next_seq, at: Timestamp(1), event };
        world.state.apply(&envelope).unwrap();
    }
    let killed = Event::AttemptFinished {
        task: "a".parse().unwrap(),
        attempt: 1,
        end: end(Ending::Signal { signal: 2 }),
        shortage: None,
    };
    let then = step(&world.state, Input::Fact(killed), Timestamp(2));
    assert!(then.events.iter().any(|event| matches!(event, Event::Reconciled { .. })));
    assert!(!then.events.iter().any(|event| matches!(event, Event::TaskFinished { .. })));
}

#[test]
fn a_task_that_is_killed_for_its_memory_names_its_limit() {
    let mut greedy = task("a", &[]);
    greedy.rules.memory_limit = Some(2 << 30);
    let mut world = World::new(plan(vec![greedy], Preference::Sequential), vec![5], |_, _| 0);
    world.say(Input::Begin { resumed: false });
    let of_memory = |out_of_memory| {
        let end = AttemptEnd { out_of_memory, ..end(Ending::Signal { signal: 9 }) };
        let killed =
            Event::AttemptFinished { task: "a".parse().unwrap(), attempt: 1, end, shortage: None };
        let then = step(&world.state, Input::Fact(killed), Timestamp(2)).events;
        then.into_iter().find_map(|event| {
            if let Event::CommitRequested { failed, .. } = event { failed } else { None }
        })
    };
    let (outcome, reason) = of_memory(true).unwrap();
    let said = "its processes held more than its memory_limit of 2GiB";
    assert_eq!((outcome, reason.to_string().as_str()), (Outcome::Failed, said));
    assert_eq!(of_memory(false), Some((Outcome::Failed, Reason::Signal { signal: 9 })));
}

#[test]
fn rule_4_a_task_behind_a_shared_lock_starts_from_the_other_ones_tip() {
    let mut tasks = vec![task("a", &[]), task("b", &[]), task("c", &["b"])];
    tasks[0].locks = vec!["db".into()];
    tasks[1].locks = vec!["db".into()];
    let mut world = World::new(plan(tasks, Preference::ParallelWith(3)), vec![1, 1, 1], |_, _| 0);
    world.run();
    let starts: Vec<(&str, Vec<&str>)> = world
        .journal
        .iter()
        .filter_map(|envelope| {
            let Event::ProvisionRequested { task, needs, .. } = &envelope.event else {
                return None;
            };
            Some((task.as_str(), needs.iter().map(TaskId::as_str).collect()))
        })
        .collect();
    // `b` is the more urgent one (something hangs behind it) and goes first.
    assert_eq!(starts[0], ("b", vec![]));
    assert!(starts.contains(&("a", vec!["b"])));
    assert!(starts.contains(&("c", vec!["b"])));
}

#[test]
fn a_stale_observation_changes_nothing() {
    let mut world =
        World::new(plan(vec![task("a", &[])], Preference::Sequential), vec![5], |_, _| 0);
    world.run();
    let late = Event::AttemptFinished {
        task: "a".parse().unwrap(),
        attempt: 1,
        end: end(Ending::Code { code: 1 }),
        shortage: None,
    };
    let step = step(&world.state, Input::Fact(late), Timestamp(99));
    assert_eq!(step, Step::default());
}

#[test]
fn every_event_survives_the_round_trip_through_the_journal() {
    let tasks = vec![task("a", &[]), task("b", &["a"])];
    let mut world =
        World::new(plan(tasks, Preference::ParallelWith(2)), vec![5, 5], |t, _| i32::from(t == 1));
    world.run();
    for envelope in &world.journal {
        let (kind, body) = envelope.encode().unwrap();
        assert_eq!(kind, envelope.event.name());
        let back = Envelope::decode(envelope.seq, envelope.at, JOURNAL_VERSION, &body).unwrap();
        assert_eq!(back, *envelope);
    }
    let newer = Envelope::decode(0, Timestamp(0), JOURNAL_VERSION + 1, "{}");
    assert_eq!(newer, Err(JournalError::Newer { seq: 0, found: JOURNAL_VERSION + 1 }));
}

#[test]
fn a_task_that_takes_longer_than_planned_calls_for_another_order_of_what_waits() {
    let tasks: Vec<Task> = ["a", "b", "c", "d"].map(|id| task(id, &[])).into();
    let mut world =
        World::new(plan(tasks, Preference::ParallelWith(1)), vec![9, 1, 1, 1], |_, _| 0);
    world.replanning = true;
    world.run();
    // The free slot is taken at once; with one task left there is nothing to order.
    assert_eq!(world.replans, [0]);
    assert_eq!(world.starts(), [0, 1, 3, 2]);
    assert_eq!(RunState::fold(&world.journal).unwrap(), world.state);
}

#[test]
fn a_lane_keeps_its_order() {
    let tasks: Vec<Task> = ["a", "b", "c"].map(|id| task(id, &[])).into();
    let mut world = World::new(plan(tasks, Preference::Sequential), vec![9, 1, 1], |_, _| 0);
    world.run();
    assert_eq!(world.replans, [0_usize; 0]);
}

#[test]
fn time_in_which_a_run_is_suspended_does_not_count() {
    let spec = spec(plan(vec![task("a", &[])], Preference::Sequential));
    let told = [
        (0, Event::RunCreated { spec: Box::new(spec) }),
        (1, Event::RunStarted { resumed: false }),
        (3, Event::Suspended),
        (90, Event::Continued),
        (94, Event::Suspended),
    ];
    let mut seq = 0;
    let mut envelope = |(second, event): (i64, Event)| {
        seq += 1;
        Envelope { seq, at: Timestamp(second * 1000), event }
    };
    let mut state = RunState::fold(&told.map(&mut envelope)).unwrap();
    assert!(state.is_suspended());
    assert_eq!(state.wall(Timestamp(500_000)), Duration::from_secs(6));
    // Killed while it was held, and taken up again.
    assert!(!state.seen_without_driver().is_suspended());
    state.apply(&envelope((600, Event::RunStarted { resumed: true }))).unwrap();
    assert!(!state.is_suspended());
    let reason = StopReason::Interrupted;
    state.apply(&envelope((604, Event::RunStopped { reason }))).unwrap();
    // An integration is held as well, when no time of the run is counted.
    for (second, event) in [(700, Event::Suspended), (800, Event::Continued)] {
        state.apply(&envelope((second, event))).unwrap();
    }
    assert_eq!(state.wall(Timestamp(900_000)), Duration::from_secs(10));
}
