use proptest::prelude::*;

use super::bound::lower_bound;
use super::generate::Generator;
use super::instance::Direction;
use super::rules::Rule;
use super::{Circle, Instance, InstanceJob, search};
use crate::domain::plan::effort::{Effort, LEAST_EFFORT};

const RULES: [Rule; 4] =
    [Rule::LatestFinish, Rule::LatestStart, Rule::PositionalWeight, Rule::MostSuccessors];

#[derive(Debug, Clone)]
struct Case {
    jobs: Vec<InstanceJob>,
    capacities: Vec<u64>,
}

impl Case {
    fn instance(&self) -> Instance {
        Instance::new(&self.jobs, &self.capacities).unwrap()
    }

    fn sum(&self) -> u64 {
        self.jobs.iter().map(|job| job.duration).sum()
    }

    /// What is wrong with a schedule, found without any of the code that makes them: looks at every
    /// unit of time.
    fn fault(&self, starts: &[u64], makespan: u64) -> Option<String> {
        let ends: Vec<u64> =
            starts.iter().zip(&self.jobs).map(|(s, job)| s + job.duration).collect();
        if ends.iter().copied().max().unwrap_or(0) != makespan {
            return Some(format!("ends at {ends:?}, not at {makespan}"));
        }
        for (then, job) in self.jobs.iter().enumerate() {
            if let Some(first) = job.predecessors.iter().find(|&&first| ends[first] > starts[then])
            {
                return Some(format!("{then} does not wait for {first}"));
            }
        }
        for now in 0..makespan {
            let runs = |job: usize| starts[job] <= now && now < ends[job];
            let running: Vec<usize> = (0..self.jobs.len()).filter(|&job| runs(job)).collect();
            for &job in &running {
                if let Some(other) = self.jobs[job].excludes.iter().find(|&&other| runs(other)) {
                    return Some(format!("{job} and {other} overlap at {now}"));
                }
            }
            for (resource, &capacity) in self.capacities.iter().enumerate() {
                let demand = |job: &usize| {
                    let demands = self.jobs[*job].demands.iter();
                    let all = demands.filter(|(of, _)| *of == resource).map(|(_, units)| units);
                    all.sum::<u64>().min(capacity)
                };
                if running.iter().map(demand).sum::<u64>() > capacity {
                    return Some(format!("more than {capacity} of {resource} at {now}"));
                }
            }
        }
        None
    }
}

prop_compose! {
    fn cases()(n in 1..13_usize, resources in 0..6_usize)(
        durations in prop::collection::vec(0..7_u64, n),
        edges in prop::collection::vec((0..n, 0..n), 0..=n),
        excludes in prop::collection::vec((0..n, 0..n), 0..=n / 2),
        demands in prop::collection::vec((0..n, 0..resources.max(1), 0..6_u64), 0..=2 * n),
        capacities in prop::collection::vec(1..5_u64, resources),
        keys in Just((0..n).collect::<Vec<_>>()).prop_shuffle(),
        // So that the order in which jobs are given is no topological one.
        names in Just((0..n).collect::<Vec<_>>()).prop_shuffle(),
    ) -> Case {
        let mut jobs = vec![InstanceJob::default(); durations.len()];
        for (job, (duration, key)) in jobs.iter_mut().zip(durations.into_iter().zip(keys)) {
            (job.duration, job.key) = (duration, key);
        }
        for (a, b) in edges.into_iter().filter(|(a, b)| a != b) {
            jobs[names[a.max(b)]].predecessors.push(names[a.min(b)]);
        }
        for (a, b) in excludes.into_iter().filter(|(a, b)| a != b) {
            jobs[a].excludes.push(b);
        }
        for (job, resource, units) in demands.into_iter().filter(|_| !capacities.is_empty()) {
            jobs[job].demands.push((resource, units));
        }
        Case { jobs, capacities }
    }
}

fn forward(direction: Direction, starts: &[u64], finishes: &[u64], makespan: u64) -> Vec<u64> {
    match direction {
        Direction::Forward => starts.to_vec(),
        Direction::Backward => finishes.iter().map(|finish| makespan - finish).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_schedule_is_feasible_between_the_bound_and_the_sum(case in cases(), turns in 0..4_usize) {
        let instance = case.instance();
        let bound = lower_bound(&instance);
        for rule in RULES {
            for parallel in [false, true] {
                let mut generator = Generator::new(&instance);
                let mut list = rule.list(&instance);
                let mut direction = Direction::Forward;
                for turn in 0..=turns {
                    let makespan = if parallel && turn % 2 == 0 {
                        generator.parallel(direction, &list)
                    } else {
                        generator.serial(direction, &list)
                    };
                    let starts = forward(direction, &generator.start, &generator.finish, makespan);
                    prop_assert_eq!(case.fault(&instance.as_given(&starts), makespan), None);
                    prop_assert!(bound <= makespan, "{} is below the bound {}", makespan, bound);
                    prop_assert!(makespan <= case.sum());
                    list = generator.turned(direction);
                    direction = direction.turned();
                }
                prop_assert_eq!(generator.made, turns + 1);
            }
        }
    }

    #[test]
    fn what_is_found_is_feasible_and_no_worse_than_the_plainest_rule(case in cases(), seed: u64) {
        let instance = case.instance();
        let plain = Generator::new(&instance)
            .serial(Direction::Forward, &Rule::LatestFinish.list(&instance));
        let effort = Effort { schedules: 150, ..LEAST_EFFORT };
        let found = search(&instance, &effort, seed);
        prop_assert_eq!(case.fault(&found.starts, found.makespan), None);
        prop_assert!(found.makespan <= plain);
        prop_assert!(found.lower_bound <= found.makespan);
        prop_assert!((1..=150).contains(&found.made));
        prop_assert_eq!(search(&instance, &effort, seed), found);
    }

    #[test]
    fn the_order_in_which_jobs_are_given_changes_nothing(
        (case, order) in cases().prop_flat_map(|case| {
            let order = (0..case.jobs.len()).collect::<Vec<_>>();
            (Just(case), Just(order).prop_shuffle())
        }),
    ) {
        // `order[job]` is the index that the job gets.
        let mut jobs = case.jobs.clone();
        for (job, &at) in case.jobs.iter().zip(&order) {
            let moved = |others: &[usize]| others.iter().map(|&other| order[other]).collect();
            let (predecessors, excludes) = (moved(&job.predecessors), moved(&job.excludes));
            jobs[at] = InstanceJob { predecessors, excludes, ..job.clone() };
        }
        let effort = Effort { schedules: 150, ..LEAST_EFFORT };
        let one = search(&case.instance(), &effort, 7);
        let moved = Case { jobs, capacities: case.capacities.clone() };
        let two = search(&moved.instance(), &effort, 7);
        let back: Vec<u64> = order.iter().map(|&at| two.starts[at]).collect();
        prop_assert_eq!((one.starts, one.made), (back, two.made));
    }
}

fn job(duration: u64, demands: &[(usize, u64)], predecessors: &[usize], key: usize) -> InstanceJob {
    let (demands, predecessors) = (demands.to_vec(), predecessors.to_vec());
    InstanceJob { duration, demands, predecessors, key, ..InstanceJob::default() }
}

#[test]
fn the_search_finds_what_no_rule_finds() {
    let durations = [6, 6, 4, 4, 4, 5, 5, 2];
    let jobs: Vec<InstanceJob> =
        durations.iter().enumerate().map(|(key, &d)| job(d, &[(0, 1)], &[], key)).collect();
    let instance = Instance::new(&jobs, &[3]).unwrap();
    for rule in RULES {
        let list = rule.list(&instance);
        assert!(Generator::new(&instance).serial(Direction::Forward, &list) > 12, "{rule:?}");
    }
    let effort = Effort { schedules: 500, ..LEAST_EFFORT };
    let found = search(&instance, &effort, 1);
    // 6 + 6, 4 + 4 + 4, 5 + 5 + 2.
    assert_eq!((found.makespan, found.lower_bound), (12, 12));
}

#[test]
fn nothing_to_do_takes_no_time() {
    let found = search(&Instance::new(&[], &[1]).unwrap(), &LEAST_EFFORT, 1);
    assert_eq!((found.makespan, found.lower_bound, found.starts), (0, 0, Vec::new()));
}

#[test]
fn a_circle_names_its_jobs() {
    let jobs = [job(1, &[], &[], 0), job(1, &[], &[2], 1), job(1, &[], &[1], 2)];
    assert_eq!(Instance::new(&jobs, &[]).unwrap_err(), Circle { jobs: vec![1, 2] });
}

#[test]
fn huge_amounts_are_compared_exactly_where_they_have_a_common_unit() {
    let half = u64::MAX / 2;
    let jobs: Vec<InstanceJob> = (0..3).map(|key| job(5, &[(0, half)], &[], key)).collect();
    let two = search(&Instance::new(&jobs, &[u64::MAX]).unwrap(), &LEAST_EFFORT, 1);
    assert_eq!((two.makespan, two.lower_bound), (10, 8));
    let one = search(&Instance::new(&jobs, &[2 * half - 1]).unwrap(), &LEAST_EFFORT, 1);
    assert_eq!((one.makespan, one.lower_bound), (15, 15));
}

#[test]
fn huge_amounts_without_a_common_unit_are_rounded_to_the_safe_side_and_not_in_the_bound() {
    let half = u64::MAX / 2;
    // All three fit at once, but for the rounding.
    let jobs = [half, half, 1].into_iter().enumerate();
    let jobs: Vec<InstanceJob> = jobs.map(|(key, units)| job(5, &[(0, units)], &[], key)).collect();
    let found = search(&Instance::new(&jobs, &[u64::MAX]).unwrap(), &LEAST_EFFORT, 1);
    assert_eq!((found.makespan, found.lower_bound), (10, 5));
}

#[test]
fn the_bound_counts_what_excludes_one_another_and_what_comes_before_and_after() {
    // Three that exclude one another, behind a job of 4 and before one of 2.
    let mut jobs = vec![job(4, &[], &[], 0)];
    jobs.extend((1..4).map(|key| job(5, &[], &[0], key)));
    jobs.push(job(2, &[], &[1, 2, 3], 4));
    for (at, job) in jobs.iter_mut().enumerate().skip(1).take(3) {
        job.excludes = (1..4).filter(|&other| other != at).collect();
    }
    assert_eq!(lower_bound(&Instance::new(&jobs, &[]).unwrap()), 4 + 15 + 2);
}

#[test]
fn a_search_out_of_time_still_gives_a_schedule() {
    let jobs: Vec<InstanceJob> = (0..9).map(|key| job(3, &[(0, 2)], &[], key)).collect();
    let effort = Effort { schedules: 0, out_of_time: Some(&|| true) };
    let found = search(&Instance::new(&jobs, &[5]).unwrap(), &effort, 1);
    assert_eq!((found.made, found.makespan), (1, 15));
}
