use proptest::prelude::*;

use super::*;
use crate::domain::plan::contention::{Contention, DEFAULT_CONTENTION};
use crate::domain::plan::costs::{Costs, NO_COSTS, SetupCost};
use crate::domain::plan::problem::{Job, Problem};

fn linked(n: usize, edges: &[(usize, usize)]) -> Problem {
    let ends = |of: usize, pick: fn(&(usize, usize)) -> (usize, usize)| {
        edges.iter().map(pick).filter(|(at, _)| *at == of).map(|(_, other)| other).collect()
    };
    let jobs = (0..n).map(|rank| Job {
        predecessors: ends(rank, |&(first, then)| (then, first)),
        successors: ends(rank, |&(first, then)| (first, then)),
        excludes: Vec::new(),
        cliques: Vec::new(),
        demands: Vec::new(),
        rank,
    });
    Problem { jobs: jobs.collect(), capacities: Vec::new(), resources: Vec::new() }
}

fn traits(n: usize, cpus: f64, warm: f64) -> Vec<TaskTraits> {
    vec![TaskTraits { cpus, warm, merges: true }; n]
}

const NO_CONTENTION: Contention = Contention { sigma: 0.0, kappa: 0.0, ..DEFAULT_CONTENTION };

#[test]
fn two_slots_halve_four_equal_tasks() {
    let run = simulate(&Scenario::of(&linked(4, &[]), 2, &[3.0; 4]));
    assert_eq!(run.start, [0.0, 0.0, 3.0, 3.0]);
    assert!((run.makespan - 6.0).abs() < 1e-9);
    assert_eq!(run.peak, 2);
}

#[test]
fn worktrees_asked_for_at_once_are_ready_together_and_commits_pass_one_by_one() {
    let problem = linked(2, &[]);
    let costs = Costs { provision: 1.0, commit: 0.5, merge: 0.25, ..NO_COSTS };
    let run = simulate(&Scenario { costs: &costs, ..Scenario::of(&problem, 2, &[10.0, 10.0]) });
    // Made at 2, done at 12; the first is committed and merged before the second is committed.
    assert_eq!(run.finish, [12.5, 13.25]);
    assert_eq!((run.committed, run.makespan), (13.25, 13.5));
    let lane =
        Scenario { costs: &costs, one_lane: true, ..Scenario::of(&problem, 1, &[10.0, 10.0]) };
    let run = simulate(&lane);
    assert_eq!((run.committed, run.makespan), (22.0, 22.25));
}

#[test]
fn a_dependent_waits_until_its_start_is_merged() {
    let problem = linked(3, &[(0, 2), (1, 2)]);
    let costs = Costs { merge: 0.5, ..NO_COSTS };
    let run = simulate(&Scenario { costs: &costs, ..Scenario::of(&problem, 2, &[4.0, 4.0, 1.0]) });
    // Both are merged at 5; the third starts from the merge of two: 0.5, work: 1, its merge: 0.5.
    assert_eq!((run.start[2], run.finish[2], run.makespan), (5.0, 6.5, 7.0));
}

#[test]
fn every_worktree_pays_for_its_hooks_and_a_lane_pays_once() {
    let problem = linked(2, &[]);
    let setup = SetupCost { hooks: 1, seconds: 3.0, measured: true };
    let costs = Costs { setup, ..NO_COSTS };
    let side_by_side = Scenario { costs: &costs, ..Scenario::of(&problem, 2, &[10.0, 10.0]) };
    assert_eq!(simulate(&side_by_side).finish, [13.0, 13.0]);
    let lane = Scenario { width: 1, one_lane: true, ..side_by_side };
    assert_eq!(simulate(&lane).finish, [13.0, 23.0]);
}

#[test]
fn a_lane_spares_what_stays_warm_from_the_second_task_on() {
    let problem = linked(3, &[]);
    let interplay = Interplay::new(NO_CONTENTION, 8, &traits(3, 1.0, 0.75), &[]);
    let lane =
        Scenario { one_lane: true, interplay: &interplay, ..Scenario::of(&problem, 1, &[8.0; 3]) };
    assert_eq!(simulate(&lane).finish, [8.0, 10.0, 12.0]);
    let costs = Costs { lane_ready: true, ..NO_COSTS };
    assert_eq!(simulate(&Scenario { costs: &costs, ..lane }).finish, [2.0, 4.0, 6.0]);
    assert_eq!(simulate(&Scenario { one_lane: false, width: 3, ..lane }).finish, [8.0; 3]);
}

#[test]
fn five_tasks_at_once_slow_one_another_down_by_the_published_factor() {
    let problem = linked(5, &[]);
    let interplay = Interplay::new(DEFAULT_CONTENTION, 8, &traits(5, 0.2, 0.0), &[]);
    let five = Scenario { interplay: &interplay, ..Scenario::of(&problem, 5, &[600.0; 5]) };
    assert!((simulate(&five).makespan - 696.0).abs() < 1e-6);
}

#[test]
fn tasks_share_the_cores_that_are_really_there() {
    let problem = linked(3, &[]);
    let contention = Contention { effective_cores: Some(1.5), ..NO_CONTENTION };
    let interplay = Interplay::new(contention, 2, &traits(3, 1.0, 0.0), &[]);
    let three = Scenario { interplay: &interplay, ..Scenario::of(&problem, 3, &[10.0; 3]) };
    assert!((simulate(&three).makespan - 20.0).abs() < 1e-9);
    // Alone, a task that asks for more than there is takes what it takes.
    let greedy = Interplay::new(contention, 2, &traits(3, 4.0, 0.0), &[]);
    let one = Scenario { interplay: &greedy, width: 1, ..three };
    assert!((simulate(&one).makespan - 30.0).abs() < 1e-9);
}

#[test]
fn a_conflict_is_redone_before_anything_else_is_merged() {
    let problem = linked(3, &[]);
    let pairs = [(0, 1, 0.5), (1, 2, 0.5), (0, 2, 0.5)];
    let interplay = Interplay::new(NO_CONTENTION, 8, &traits(3, 0.0, 0.0), &pairs);
    let costs = Costs { redo: 0.5, ..NO_COSTS };
    let of = |luck| {
        let scenario = Scenario::of(&problem, 3, &[10.0; 3]);
        simulate(&Scenario { interplay: &interplay, costs: &costs, luck, ..scenario })
    };
    // The first merges; the others conflict with probability 1/2 and 3/4.
    let run = of(Luck::Drawn(&[0.01, 0.5, 0.75]));
    assert_eq!((run.committed, run.makespan, run.redone), (10.0, 20.0, 10.0));
    assert_eq!(of(Luck::Drawn(&[0.01, 0.51, 0.75])).makespan, 15.0);
    assert_eq!(of(Luck::Drawn(&[0.01, 0.51, 0.76])).makespan, 10.0);
    assert!((of(Luck::Expected).redone - 6.25).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_sum_of_a_lane_is_what_the_simulation_of_it_finds(
        seconds in prop::collection::vec(0.1..100.0_f64, 1..9),
        warm in 0.0..1.0_f64,
        lane_ready in any::<bool>(),
    ) {
        let problem = linked(seconds.len(), &[]);
        let setup = SetupCost { hooks: 1, seconds: 3.0, measured: true };
        let costs =
            Costs { provision: 0.5, commit: 0.2, merge: 0.1, setup, lane_ready, ..NO_COSTS };
        let tasks = traits(seconds.len(), 0.5, warm);
        let interplay = Interplay::new(DEFAULT_CONTENTION, 4, &tasks, &[]);
        let scenario = Scenario::of(&problem, 1, &seconds);
        let lane = Scenario { costs: &costs, interplay: &interplay, one_lane: true, ..scenario };
        let played = simulate(&lane);
        let (committed, merged) = lane.lane_times(played.order.first().copied());
        prop_assert!((played.committed - committed).abs() < 1e-6);
        prop_assert!((played.makespan - merged).abs() < 1e-6);
    }

    #[test]
    fn a_simulator_finds_the_same_again_after_other_draws(
        seconds in prop::collection::vec(0.1..100.0_f64, 4..9),
    ) {
        let problem = linked(seconds.len(), &[(0, 2), (1, 2), (2, 3)]);
        let pairs = [(0, 1, 0.3)];
        let tasks = traits(seconds.len(), 0.5, 0.0);
        let interplay = Interplay::new(DEFAULT_CONTENTION, 1, &tasks, &pairs);
        let costs = Costs { provision: 0.5, commit: 0.2, merge: 0.1, redo: 0.5, ..NO_COSTS };
        let scenario = Scenario::of(&problem, 3, &seconds);
        let scenario = Scenario { interplay: &interplay, costs: &costs, ..scenario };
        let luck = vec![0.01; seconds.len()];
        let mut simulator = Simulator::new(&problem);
        simulator.play(&Scenario { width: 2, luck: Luck::Drawn(&luck), ..scenario });
        prop_assert_eq!(simulator.play(&scenario), &simulate(&scenario));
    }
}
