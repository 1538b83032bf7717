//! What holds of every plan and every outcome.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_live_run_starts_tasks_in_the_order_of_the_simulation(case in cases()) {
        let plan = plan(case.tasks, case.preference);
        let durations: Vec<f64> = case.seconds.iter().map(|s| *s as f64).collect();
        let simulated = simulate(&Scenario {
            one_lane: case.preference == Preference::Sequential,
            ..Scenario::of(&plan.problem, plan.decision.width, &durations)
        });
        let mut world = World::new(plan, case.seconds, |_, _| 0);
        world.run();
        prop_assert_eq!(world.starts(), simulated.order);
        prop_assert_eq!(world.now as f64, simulated.makespan);
        prop_assert!(world.ended && world.state.all_finished());
    }

    #[test]
    fn every_prefix_of_the_journal_folds_and_the_whole_equals_the_live_state(case in cases()) {
        let mut tasks = case.tasks;
        for task in &mut tasks {
            task.retries = 1;
        }
        let plan = with_hook(plan(tasks, case.preference));
        let mut world = World::new(plan, case.seconds, flaky);
        world.replanning = true;
        world.run();
        for length in 1..=world.journal.len() {
            prop_assert!(RunState::fold(&world.journal[..length]).is_ok());
        }
        prop_assert_eq!(RunState::fold(&world.journal).unwrap(), world.state);
    }

    #[test]
    fn no_task_starts_too_early_and_no_capacity_is_exceeded(case in cases()) {
        let mut world = World::new(plan(case.tasks, case.preference), case.seconds, flaky);
        world.replanning = true;
        world.run();
        let width = world.state.spec.plan.decision.width;
        let mut state = RunState::fold(&world.journal[..1]).unwrap();
        for envelope in &world.journal[1..] {
            if let Event::ProvisionRequested { task, .. } = &envelope.event {
                let job = &state.spec.plan.problem.jobs[state.index(task).unwrap()];
                prop_assert!(job.predecessors.iter().all(|&p| state.tasks[p].state.succeeded()));
                let rivals = state.spec.plan.problem.rivals(state.index(task).unwrap());
                prop_assert!(rivals.iter().all(|&o| !state.tasks[o].state.is_active()));
            }
            state.apply(envelope).unwrap();
            let active: Vec<usize> = state.active_tasks().collect();
            prop_assert!(active.len() <= width);
            let problem = &state.spec.plan.problem;
            for (resource, capacity) in problem.capacities.iter().enumerate() {
                let used: u64 = active.iter().map(|&job| problem.demand(job, resource)).sum();
                prop_assert!(used <= *capacity);
            }
        }
        prop_assert!(world.state.all_finished());
    }

    #[test]
    fn a_task_starts_from_the_work_it_depends_on_and_never_from_its_own(
        case in cases(),
        again in prop::collection::vec(0..14_usize, 0..3),
    ) {
        let mut tasks = case.tasks;
        for task in &mut tasks {
            task.retries = 1;
        }
        let names: Vec<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
        let mut world = World::new(plan(tasks, case.preference), case.seconds, flaky);
        world.run();
        for index in again {
            let task = names[index % names.len()].clone();
            world.say(Input::Retry { tasks: vec![task] });
            world.say(Input::Begin { resumed: true });
            world.play();
        }
        prop_assert_eq!(&world.wrong_starts, &Vec::<String>::new());
        for record in world.state.tasks.iter().filter(|record| record.state.succeeded()) {
            let held = &world.holds[&record.tip.unwrap()];
            for need in &record.needs {
                prop_assert!(held.contains(&world.state.index(need).unwrap()));
            }
        }
        if world.state.is_lane() {
            // The head of the lane holds everything that succeeded.
            let held = world.holds.get(&world.state.lane_tip).cloned().unwrap_or_default();
            for (index, record) in world.state.tasks.iter().enumerate() {
                prop_assert_eq!(held.contains(&index), record.state.succeeded());
            }
        }
    }

    #[test]
    fn a_run_cut_behind_any_event_and_resumed_ends_with_the_same_outcomes(
        case in cases(),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = whole(&case);
        let cut = cut.index(whole.journal.len()) + 1;
        prop_assert_eq!(outcomes(&resumed(&case, &whole.journal[..cut])), outcomes(&whole));
    }
}

#[test]
fn every_cut_of_a_run_with_failures_retries_and_checks_ends_with_the_same_outcomes() {
    let mut tasks = vec![task("a", &[]), task("b", &["a"]), task("c", &["a"]), task("d", &["b"])];
    tasks.push(task("e", &["d"]));
    for task in &mut tasks {
        task.retries = 1;
        task.check = Some("true".to_owned());
    }
    for preference in [Preference::Sequential, Preference::ParallelWith(2)] {
        let case = Case { tasks: tasks.clone(), seconds: vec![3, 1, 2, 1, 1], preference };
        let whole = whole(&case);
        for cut in 1..=whole.journal.len() {
            let end = resumed(&case, &whole.journal[..cut]);
            assert_eq!(outcomes(&end), outcomes(&whole), "cut behind event {cut}");
        }
    }
}

/// A plan with a hook and failures.
fn world_of(case: &Case) -> World {
    let plan = with_hook(plan(case.tasks.clone(), case.preference));
    let mut world = World::new(plan, case.seconds.clone(), |task, _| i32::from(task % 4 == 3));
    world.replanning = true;
    world
}

/// What it comes to when nothing is cut.
fn whole(case: &Case) -> World {
    let mut world = world_of(case);
    world.run();
    world
}

/// What becomes of it when only these events were stored.
fn resumed(case: &Case, stored: &[Envelope]) -> World {
    let mut world = world_of(case);
    world.journal = stored.to_vec();
    world.state = RunState::fold(stored).unwrap();
    resume(&mut world);
    world
}

/// Another process takes up what was stored.
pub(super) fn resume(world: &mut World) {
    world.now = world.journal.last().unwrap().at.0;
    // The engine finds that no process survived, and says so.
    for index in world.state.active_tasks().collect::<Vec<_>>() {
        if world.state.tasks[index].state.is_lost_in_a_crash() {
            let task = world.state.task(index).id.clone();
            let finding = "gone".to_owned();
            world.say(Input::Fact(Event::Reconciled { task, finding }));
        }
    }
    if world.state.phase != RunPhase::Finished {
        world.say(Input::Begin { resumed: true });
        world.play();
        assert!(world.ended, "it waits for ever");
    }
}

fn outcomes(world: &World) -> Vec<Option<Outcome>> {
    world.state.tasks.iter().map(|record| record.outcome()).collect()
}
