//! What holds for any tasks (`research/scheduling.md` §7 says what does not).

use proptest::prelude::*;

use super::*;
use crate::domain::plan::decide::Curve;
use crate::domain::plan::model::Model;
use crate::domain::plan::simulate::Simulator;
use crate::domain::task::Claims;

/// Any few tasks, with dependencies to earlier ones, locks, claims and demands.
fn cases() -> impl Strategy<Value = Case> {
    let one = (
        1..900_u64,
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        prop::option::weighted(0.3, 0..2_u8),
        prop::option::weighted(0.4, 0..3_u8),
        1..9_u8,
        prop::sample::select(vec![Priority::Low, Priority::Medium, Priority::High]),
    );
    (prop::collection::vec(one, 2..10), 1..9_usize).prop_map(|(drawn, cores)| {
        let mut case = Case { cores, ..equal(drawn.len(), 1) };
        for (i, (seconds, before, lock, owns, cpus, priority)) in drawn.into_iter().enumerate() {
            let ids: Vec<_> = case.tasks[..i].iter().map(|task| task.id.clone()).collect();
            let task = &mut case.tasks[i];
            task.estimate = Some(Duration::from_secs(seconds));
            if i > 0 {
                task.depends_on = before.iter().map(|at| at.get(&ids).clone()).collect();
                task.depends_on.sort();
                task.depends_on.dedup();
            }
            task.locks = lock.map(|lock| format!("lock{lock}")).into_iter().collect();
            task.owns = owns.map(|part| Claims::parse(&[format!("part{part}/**")]).unwrap());
            task.demand.cpus = f64::from(cpus) / 4.0;
            task.priority = priority;
        }
        case
    })
}

fn with_model<R>(case: &Case, costs: Costs, look: impl FnOnce(&Model<'_>) -> R) -> R {
    let set = set_of(case);
    let host = Host { cores: case.cores, memory: case.memory };
    let request = PlanRequest { host, costs, ..PlanRequest::of(&set) };
    look(
        &Model::of(&request, |tasks| Durations::learn(tasks, "", &NO_HISTORY, &DEFAULT_CONTENTION))
            .unwrap(),
    )
}

/// All of a plan that does not speak of places in the file, by name.
fn by_name(plan: &Plan) -> String {
    let id = |task: usize| plan.tasks[task].task.id.to_string();
    let ids = |tasks: &[usize]| {
        let mut ids: Vec<String> = tasks.iter().map(|&task| id(task)).collect();
        ids.sort();
        ids
    };
    let mut tasks: Vec<String> = plan
        .tasks
        .iter()
        .zip(&plan.problem.jobs)
        .enumerate()
        .map(|(at, (planned, job))| {
            let rivals = plan.problem.rivals(at);
            let links = [&job.predecessors, &job.successors, &rivals].map(|at| ids(at));
            format!("{planned:?} {links:?} {:?} {}", job.demands, job.rank)
        })
        .collect();
    tasks.sort();
    let mut claims: Vec<String> = plan
        .claims
        .iter()
        .map(|claim| format!("{:?} {:?}", ids(&[claim.a, claim.b]), claim.paths))
        .collect();
    claims.sort();
    let (decision, predicted) = (&plan.decision, &plan.predicted);
    format!("{tasks:#?} {claims:?} {decision:#?} {predicted:?} {}", plan.lower_bound_s)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_slots_never_take_longer_when_they_need_not_be_used(case in cases()) {
        with_model(&case, costs(), |model| {
            let candidate = model.candidate();
            let mut simulator = Simulator::new(&model.problem);
            let curve = Curve::of(&candidate, &mut simulator, &candidate.few_draws(), 8);
            for width in 2..8 {
                prop_assert!(curve.time(width + 1) <= curve.time(width));
            }
            let best = curve.best();
            prop_assert!(best == 1 || curve.time(best) <= 1.02 * curve.time(8));
            prop_assert!(best < 3 || curve.time(best - 1) > 1.02 * curve.time(8));
            Ok(())
        })?;
    }

    #[test]
    fn a_dependency_never_lowers_the_lower_bound(case in cases(), at in any::<prop::sample::Index>()) {
        let bound = |case: &Case| with_model(case, costs(), |m| m.candidate().lower_bound());
        let mut fewer = Case { tasks: case.tasks.clone(), ..equal(0, 1) };
        fewer.cores = case.cores;
        let task = at.index(fewer.tasks.len());
        fewer.tasks[task].depends_on.pop();
        prop_assert!(bound(&fewer) <= bound(&case));
    }

    #[test]
    fn longer_tasks_never_turn_a_clear_split_into_a_clear_lane(case in cases()) {
        with_model(&case, costs(), |model| {
            let candidate = model.candidate();
            let mut simulator = Simulator::new(&model.problem);
            let scales = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
            let shares = scales.map(|scale| candidate.share_of_need(&mut simulator, scale, 3));
            // A list schedule may end some per cent later when everything takes longer than its
            // worktrees: near the limit the verdict may turn and turn back.
            let clear = shares.iter().position(|share| *share >= 1.1).unwrap_or(shares.len());
            prop_assert!(shares[clear..].iter().all(|share| *share >= 0.9), "{shares:?}");
            Ok(())
        })?;
    }

    #[test]
    fn the_order_of_the_file_changes_nothing(
        (case, shuffled) in cases().prop_flat_map(|case| {
            let tasks = Just(case.tasks.clone()).prop_shuffle();
            (Just(case), tasks)
        }),
        draws in 0..5_u64,
    ) {
        let other = Case { tasks: shuffled, cores: case.cores, memory: case.memory };
        let plan = planned(&case, Preference::Rule, draws);
        prop_assert_eq!(by_name(&plan), by_name(&planned(&other, Preference::Rule, draws)));
        prop_assert_eq!(plan, planned(&case, Preference::Rule, draws));
    }

    #[test]
    fn a_world_without_costs_ends_between_the_lower_bound_and_the_sum(case in cases()) {
        let set = set_of(&case);
        let contention = Contention { sigma: 0.0, kappa: 0.0, ..DEFAULT_CONTENTION };
        for preference in [Preference::ParallelWith(3), Preference::Parallel, Preference::Sequential] {
            let host = Host { cores: 64, memory: 0 };
            let request = PlanRequest { host, contention, preference, ..PlanRequest::of(&set) };
            let plan = build(&request).unwrap();
            let sum: f64 = plan.tasks.iter().map(|t| t.estimate.p50).sum();
            let end = plan.tasks.iter().map(|t| t.schedule.finish_s).fold(0.0, f64::max);
            prop_assert!(plan.lower_bound_s <= end + 1e-6 && end <= sum + 1e-6);
        }
    }
}
