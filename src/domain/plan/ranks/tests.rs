use proptest::prelude::*;

use super::*;
use crate::domain::plan::effort::LEAST_EFFORT;
use crate::domain::plan::problem::Job;

const SOME: Effort<'static> = Effort { schedules: 200, ..LEAST_EFFORT };

fn problem(graph: &Graph) -> Problem {
    let jobs = graph.predecessors.iter().zip(&graph.successors).map(|(before, after)| Job {
        predecessors: before.clone(),
        successors: after.clone(),
        excludes: Vec::new(),
        cliques: Vec::new(),
        demands: Vec::new(),
        rank: 0,
    });
    Problem { jobs: jobs.collect(), capacities: Vec::new(), resources: Vec::new() }
}

fn two_slots() -> RankSearch<'static> {
    RankSearch { width: 2, effort: SOME, seed: 3 }
}

#[test]
fn by_path_the_longest_comes_first_and_names_decide_between_equals() {
    let graph = Graph::new(4, [(1, 2)]).unwrap();
    let ranking = Ranking {
        graph: &graph,
        durations: &[2.0, 2.0, 1.0, 2.0],
        priorities: &[Priority::Medium; 4],
        names: &["d", "c", "b", "a"],
    };
    assert_eq!(ranking.by_path(), [2, 0, 3, 1]);
}

#[test]
fn a_priority_comes_before_everything_else() {
    let graph = Graph::new(3, []).unwrap();
    let ranking = Ranking {
        graph: &graph,
        durations: &[5.0, 1.0, 9.0],
        priorities: &[Priority::Medium, Priority::High, Priority::Low],
        names: &["a", "b", "c"],
    };
    assert_eq!(ranking.by_path(), [1, 0, 2]);
    let found = ranking.by_search(&problem(&graph), &two_slots()).unwrap();
    assert_eq!(found.ranks, [1, 0, 2]);
}

#[test]
fn a_search_finds_an_order_that_the_longest_path_does_not() {
    // Three of 3 and two of 2 on two slots: 3 + 3 and 2 + 2 + 2 would be 6, longest first takes 7.
    let durations = [3.0, 3.0, 2.0, 2.0, 2.0];
    let graph = Graph::new(5, []).unwrap();
    let ranking = Ranking {
        graph: &graph,
        durations: &durations,
        priorities: &[Priority::Medium; 5],
        names: &["a", "b", "c", "d", "e"],
    };
    let problem = problem(&graph);
    let found = ranking.by_search(&problem, &two_slots()).unwrap();
    assert!((found.makespan_s - 6.0).abs() < 1e-9 && (found.lower_bound_s - 6.0).abs() < 1e-9);
    // Each job in the order of the ranks where a slot is free first.
    let ends = |problem: &Problem| {
        let mut order: Vec<usize> = (0..5).collect();
        order.sort_by_key(|&job| problem.jobs[job].rank);
        let mut slots = [0.0_f64; 2];
        for job in order {
            slots.sort_by(f64::total_cmp);
            slots[0] += durations[job];
        }
        slots[0].max(slots[1])
    };
    let mut ranked = problem;
    take_best_ranks(&mut ranked, [ranking.by_path()], ends);
    assert!((ends(&ranked) - 7.0).abs() < 1e-9);
    take_best_ranks(&mut ranked, [ranking.by_path(), found.ranks], ends);
    assert!((ends(&ranked) - 6.0).abs() < 1e-9);
}

#[test]
fn the_best_of_several_rankings_is_taken_and_of_equals_the_first() {
    let mut problem = problem(&Graph::new(2, []).unwrap());
    let rankings = [vec![0, 1], vec![1, 0], vec![0, 1]];
    take_best_ranks(&mut problem, rankings.clone(), |problem| problem.jobs[1].rank as f64);
    assert_eq!((problem.jobs[0].rank, problem.jobs[1].rank), (1, 0));
    take_best_ranks(&mut problem, rankings, |_| 1.0);
    assert_eq!((problem.jobs[0].rank, problem.jobs[1].rank), (0, 1));
}

#[test]
fn durations_that_are_no_times_count_as_none() {
    let graph = Graph::new(3, []).unwrap();
    let ranking = Ranking {
        graph: &graph,
        durations: &[f64::NAN, -4.0, f64::INFINITY],
        priorities: &[Priority::Medium; 3],
        names: &["a", "b", "c"],
    };
    let found = ranking.by_search(&problem(&graph), &two_slots()).unwrap();
    assert!((found.makespan_s - LONGEST_S).abs() < 1e-3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranks_go_with_the_job_wherever_it_stands(
        (seconds, edges, order) in (2..9_usize).prop_flat_map(|n| (
            prop::collection::vec(1..6_u32, n),
            prop::collection::vec((0..n, 0..n), 0..n),
            Just((0..n).collect::<Vec<_>>()).prop_shuffle(),
        )),
    ) {
        let edges = edges.into_iter().filter(|(a, b)| a < b);
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let n = seconds.len();
        let ranks = |place: &[usize]| {
            let edges = edges.clone().map(|(a, b)| (place[a], place[b]));
            let graph = Graph::new(n, edges).unwrap();
            let (mut durations, mut named) = (vec![0.0; n], vec![""; n]);
            for job in 0..n {
                durations[place[job]] = f64::from(seconds[job]);
                named[place[job]] = names[job];
            }
            let ranking = Ranking {
                graph: &graph,
                durations: &durations,
                priorities: &vec![Priority::Medium; n],
                names: &named,
            };
            let found = ranking.by_search(&problem(&graph), &two_slots()).unwrap();
            let back = |ranks: Vec<usize>| place.iter().map(|&at| ranks[at]).collect::<Vec<_>>();
            (back(ranking.by_path()), back(found.ranks), found.made)
        };
        let given: Vec<usize> = (0..n).collect();
        prop_assert_eq!(ranks(&given), ranks(&order));
    }
}
