//! Test runs: worktrees go from suite to suite, and what has to be built is built in each new one.

use super::*;
use crate::domain::time::Timestamp;

/// One attempt: in which run, of which task, how long, and how many had its worktree before.
type Seen = (u64, usize, f64, Option<u32>);

fn history(case: &Case, seen: &[Seen]) -> History {
    let attempt = |&(run, task, wall_s, lane_position): &Seen| ObservedAttempt {
        run,
        workflow: "test".to_owned(),
        task: case.tasks[task].id.to_string(),
        work: work_digest(&case.tasks[task]),
        category: "command".to_owned(),
        wall_s,
        cpu_s: Some(0.1),
        active: 1.0,
        lane_position,
        censored: false,
        used: ResourceUse::default(),
        at: Timestamp(run.cast_signed() * 1_000_000),
    };
    History { attempts: seen.iter().map(attempt).collect(), runs: Vec::new() }
}

fn suites(count: usize) -> Case {
    each(equal(count, 60), |_, task| {
        task.read_only = true;
        task.estimate = None;
        task.demand.cpus = 0.05;
    })
}

fn tested(case: &Case, seen: &[Seen], (ready, builds): (usize, bool)) -> Plan {
    let set = set_of(case);
    let history = history(case, seen);
    let built = case.tasks.iter().map(|task| (task.id.clone(), "cargo".to_owned())).collect();
    let builds = match builds {
        true => Builds { tasks: &built, ..NO_BUILDS },
        false => NO_BUILDS,
    };
    build(&PlanRequest {
        workflow: "test",
        host: Host { cores: 2, memory: 0 },
        costs: costs().for_tests(&[], &[], ready),
        history: &history,
        builds,
        draws: 400,
        ..PlanRequest::of(&set)
    })
    .unwrap()
}

/// One lane, then one in a worktree that waited: what is built takes 40 of 45 seconds.
fn built_once(count: usize) -> Vec<Seen> {
    let run = |number: u64, first: f64, position: u32| {
        (0..count).map(move |task| match task {
            0 => (number, 0, first, Some(position)),
            _ => (number, task, 5.0, Some(u32::try_from(task).unwrap())),
        })
    };
    run(1, 45.0, 0).chain(run(2, 5.0, 1)).chain(run(3, 45.0, 0)).chain(run(4, 5.0, 1)).collect()
}

#[test]
fn suites_that_wait_run_as_wide_as_there_are_slots_and_share_worktrees() {
    let case = suites(16);
    let plan = tested(&case, &[], (0, false));
    assert_eq!((plan.decision.verdict, plan.decision.width), parallel(8));
    let overhead = plan.predicted.overhead;
    let each = costs().provision;
    let reused = overhead.provision.unwrap() - 8.0 * each;
    assert!((0.0..1.0).contains(&reused), "eight are made, eight are used again: {overhead:?}");
    assert_eq!((overhead.merge, overhead.conflict), (Some(0.0), Some(0.0)));
    let said = plan.decision.reasons.join("; ");
    assert!(!said.contains("landed") && !said.contains("merge"), "{said}");
    assert!(said.contains("8 worktrees at"), "{said}");
}

#[test]
fn a_build_nobody_has_timed_keeps_all_in_one_worktree() {
    let case = suites(4);
    for (ready, wanted) in [(0, Verdict::Sequential), (4, Verdict::Parallel)] {
        let plan = tested(&case, &[], (ready, true));
        assert_eq!(plan.decision.verdict, wanted, "{ready} worktrees wait");
        let said = plan.decision.reasons.join("; ");
        assert_eq!(said.contains("would build again"), wanted == Verdict::Sequential, "{said}");
        let advice = plan.decision.advice.join("; ");
        assert_eq!(advice.contains("pool = 4"), wanted == Verdict::Sequential, "{advice}");
        assert_eq!(plan.decision.overruled, None);
    }
    // Seen in one worktree only: what another one would take is still not known.
    let once: Vec<Seen> = built_once(4).into_iter().filter(|seen| seen.0 == 1).collect();
    assert_eq!(tested(&case, &once, (0, true)).decision.verdict, Verdict::Sequential);
}

/// Which suite begins, and whether builds were still unknown.
fn begins(plan: &Plan) -> (usize, bool) {
    let first = plan.problem.jobs.iter().position(|job| job.rank == 0).unwrap();
    (first, plan.decision.reasons.join("; ").contains("not known yet"))
}

#[test]
fn one_lane_begins_with_a_suite_that_shows_what_a_build_takes() {
    let case = suites(4);
    let lanes = |runs: u64| -> Vec<Seen> {
        let cold = |run: u64| usize::from(run == 2);
        let position = |run, task| u32::from(task != cold(run)) * 2;
        let seconds = |run, task| if task == cold(run) { 45.0 } else { 5.0 };
        let of = |run| {
            (0..4).map(move |task| (run, task, seconds(run, task), Some(position(run, task))))
        };
        (1..=runs).flat_map(of).collect()
    };
    // No worktree ever waits: each run builds in a new one.
    assert_eq!(begins(&tested(&case, &[], (0, true))), (0, true));
    assert_eq!(begins(&tested(&case, &lanes(1), (0, true))), (1, true), "not the one seen cold");
    let taught = tested(&case, &lanes(2), (0, true));
    assert!(!begins(&taught).1, "{:?}", taught.decision.reasons);
    let said = taught.decision.reasons.join("; ");
    assert!(said.contains("one more worktree would build again, which takes up to 39s"), "{said}");
    // A suite that failed goes first whatever that shows, and one that waits is warm.
    let urgent = each(suites(4), |at, task| {
        task.priority = if at == 2 { Priority::High } else { Priority::Medium };
    });
    assert_eq!(begins(&tested(&urgent, &lanes(1), (0, true))).0, 2);
    assert_eq!(begins(&tested(&case, &lanes(1), (1, true))).0, 0);
}

#[test]
fn suites_that_take_no_time_are_predicted_with_what_is_spent_beside_them() {
    let case = suites(4);
    let nothing: Vec<Seen> = (1..=3)
        .flat_map(|run| (0..4).map(move |task| (run, task, 0.001, u32::try_from(task).ok())))
        .collect();
    let set = set_of(&case);
    let history = history(&case, &nothing);
    let predicted = |each: &[f64]| {
        let lane_handling =
            each.iter().map(|each| CostSample { quantity: 4.0, seconds: 4.0 * each }).collect();
        let samples = CostSamples { lane_handling, ..CostSamples::default() };
        build(&PlanRequest {
            workflow: "test",
            costs: Costs::learn(&samples, 10, 0).for_tests(&[], &[], 0),
            history: &history,
            ..PlanRequest::of(&set)
        })
        .unwrap()
        .predicted
        .sequential
    };
    let unmeasured = predicted(&[]);
    assert!(unmeasured.p50 > 0.1 && unmeasured.low < 0.8 * unmeasured.p50, "{unmeasured:?}");
    let slow = predicted(&[0.5, 0.5, 0.5]);
    assert!((2.0..3.0).contains(&slow.p50), "{slow:?}");
    assert!(slow.low < 1.8 && slow.high > 3.0, "few runs say little: {slow:?}");
    let steady = predicted(&[0.5; 20]);
    assert!(steady.high - steady.low < slow.high - slow.low, "{steady:?}");
}

#[test]
fn each_new_worktree_is_predicted_with_a_build_and_one_that_waits_without() {
    let case = suites(4);
    let seen = built_once(4);
    let cold = tested(&case, &seen, (0, true));
    assert_eq!(cold.decision.verdict, Verdict::Sequential);
    let said = cold.decision.reasons.join("; ");
    assert!(said.contains("one more worktree would build again, which takes up to 40s"), "{said}");
    // The first build and four times five seconds.
    let lane = cold.predicted.sequential.p50;
    assert!((50.0..80.0).contains(&lane), "{lane}");
    assert!(cold.predicted.parallel.p50 > lane, "{:?}", cold.predicted);
    let warm = tested(&case, &seen, (4, true));
    assert_eq!((warm.decision.verdict, warm.decision.width), parallel(4));
    assert!(warm.predicted.parallel.p50 < 12.0, "{:?}", warm.predicted);
    // A longer suite pays for its build.
    let long: Vec<Seen> = seen.iter().map(|&(r, t, s, p)| (r, t, s + 600.0, p)).collect();
    assert_eq!(tested(&case, &long, (0, true)).decision.verdict, Verdict::Parallel);
}

#[test]
fn a_suite_that_computes_on_several_cores_is_not_run_beside_another_one() {
    let case = each(suites(4), |_, task| task.demand.cpus = 1.6);
    let plan = tested(&case, &[], (0, false));
    assert_eq!(plan.decision.verdict, Verdict::Sequential);
    assert_eq!(plan.decision.binding, Binding::Cores);
}
