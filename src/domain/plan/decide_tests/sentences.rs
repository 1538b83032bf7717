//! What is said of a plan.

use super::*;
use crate::domain::plan::{History, ObservedAttempt, ResourceUse, category, work_digest};
use crate::domain::task::Claims;
use crate::domain::time::Timestamp;

fn said(lines: &[String], part: &str) -> bool {
    lines.iter().any(|line| line.contains(part))
}

fn decision(case: &Case) -> Decision {
    planned(case, Preference::Rule, 0).decision
}

fn owning(case: Case, owns: fn(usize) -> String) -> Case {
    each(case, |i, task| task.owns = Some(Claims::parse(&[owns(i)]).unwrap()))
}

#[test]
fn a_lock_a_claim_and_a_capacity_are_named_with_what_they_cost() {
    let locked = decision(&each(equal(4, 300), |i, t| t.locks = vec![format!("db{}", i / 3)]));
    assert!(said(&locked.reasons, "bound by the lock `db0`, which 3 tasks share"), "{locked:?}");
    assert!(said(&locked.advice, "doing without the lock `db0` saves"), "{locked:?}");
    let claimed = decision(&owning(equal(2, 300), |_| "src/**".to_owned()));
    assert_eq!(claimed.binding, Binding::Claims);
    assert!(said(&claimed.reasons, "claims on the same files by `t0` and `t1`"), "{claimed:?}");
    assert!(said(&claimed.advice, "narrowing `owns` of `t0` and `t1`"), "{claimed:?}");
    let case = each(equal(4, 300), |_, t| t.demand.uses = BTreeMap::from([("gpu".into(), 1)]));
    let set = set_of(&case);
    let capacity = BTreeMap::from([("gpu".to_owned(), 2)]);
    let host = Host { cores: 8, memory: 0 };
    let plan = build(&PlanRequest { host, capacity: &capacity, ..PlanRequest::of(&set) }).unwrap();
    assert!(said(&plan.decision.reasons, "the capacity of `gpu` (2)"), "{:?}", plan.decision);
}

#[test]
fn the_gain_of_one_dependency_and_of_two_halves_is_told() {
    let chain = decision(&chained(equal(3, 300), &[(0, 1), (1, 2)]));
    assert_eq!(chain.binding, Binding::CriticalPath);
    assert!(said(&chain.advice, "need not wait for"), "{:?}", chain.advice);
    let uneven = each(equal(3, 100), |i, t| {
        if i == 1 {
            t.estimate = Some(Duration::from_secs(900));
        }
    });
    let uneven = decision(&uneven);
    assert!(said(&uneven.advice, "splitting `t1` into two tasks"), "{:?}", uneven.advice);
    assert!(said(&uneven.reasons, "its longest task `t1`"), "{:?}", uneven.reasons);
}

#[test]
fn who_needs_no_worktrees_is_told_so() {
    let one = decision(&equal(1, 300));
    assert!(
        said(&one.reasons, "there is one task") && said(&one.advice, "run it in your checkout")
    );
    let documents = decision(&owning(equal(2, 300), |i| format!("docs/part{i}/**")));
    assert!(said(&documents.advice, "documents only"), "{:?}", documents.advice);
    let code = decision(&owning(equal(2, 300), |i| format!("src/part{i}/**")));
    assert!(!said(&code.advice, "documents only"));
}

#[test]
fn tasks_shorter_than_their_worktree_are_to_be_joined() {
    let case = each(equal(4, 300), |i, t| {
        if i > 1 {
            t.estimate = Some(Duration::from_millis(200));
        }
    });
    let found = decision(&case);
    assert!(said(&found.advice, "join `t2`, `t3` with other tasks"), "{:?}", found.advice);
}

#[test]
fn conflicts_that_nobody_can_tell_are_no_zero() {
    let open = planned(&equal(3, 60), Preference::Rule, 0);
    assert!(said(&open.decision.reasons, "conflicts of 3 of 3 tasks are unknown: no `owns`"));
    assert_eq!(open.predicted.overhead.conflict, None);
    let owned = owning(equal(3, 60), |i| format!("src/part{i}/**"));
    let owned = planned(&owned, Preference::Rule, 0);
    assert_eq!(owned.predicted.overhead.conflict, Some(0.0));
    assert!(!said(&owned.decision.reasons, "unknown"));
}

#[test]
fn a_verdict_names_the_length_and_the_width_at_which_it_turns() {
    let short = decision(&equal(2, 1));
    assert!(short.flips[0].contains("turns to parallel"), "{:?}", short.flips);
    let wide = decision(&equal(5, 600));
    assert!(said(&wide.flips, "no slot beyond 5 saves"), "{:?}", wide.flips);
    let more = decision(&equal(20, 600));
    assert!(said(&more.flips, "slots would still save") && said(&more.flips, "there are 8"));
}

#[test]
fn the_end_of_the_latest_of_many_tasks_is_later_than_its_median() {
    let plan = planned(&equal(8, 600), Preference::Rule, 0);
    assert_eq!(plan.decision.verdict, Verdict::Parallel);
    assert!(plan.predicted.merge_bias_s > 100.0, "{}", plan.predicted.merge_bias_s);
    let lane = planned(&equal(8, 600), Preference::Sequential, 0);
    assert!(lane.predicted.merge_bias_s < plan.predicted.merge_bias_s);
}

#[test]
fn no_tasks_are_a_plan_of_nothing() {
    let plan = planned(&equal(0, 1), Preference::Rule, 0);
    assert_eq!((plan.decision.verdict, plan.decision.width), SEQUENTIAL);
    assert!(said(&plan.decision.reasons, "there are no tasks"));
    assert!(plan.predicted.sequential.p50.is_finite() && plan.lower_bound_s == 0.0);
}

#[test]
fn a_validation_that_may_fail_takes_longer_than_once_in_both_arms() {
    let mut set = set_of(&equal(4, 60));
    let times = |set: &TaskSet| {
        let host = Host { cores: 8, memory: 0 };
        let costs = Costs { validate: Some(100.0), red: 0.1, ..costs() };
        let plan = build(&PlanRequest { host, costs, ..PlanRequest::of(set) }).unwrap();
        (plan.predicted.sequential.p50, plan.predicted.parallel.p50)
    };
    let without = times(&set);
    set.validations.push(crate::domain::task::Validation {
        name: "all".into(),
        run: "true".into(),
        report: None,
        rerun: None,
        locks: Vec::new(),
        cache: true,
        pass: crate::domain::task::PassRule::default(),
        timeout: Duration::from_secs(60),
    });
    let with = times(&set);
    // Once, and in one of ten runs for itself and two halvings of four branches again.
    assert!((with.0 - without.0 - 130.0).abs() < 1e-6 && (with.1 - without.1 - 130.0).abs() < 1e-6);
}

#[test]
fn commits_and_merges_bind_where_many_short_tasks_end() {
    let set = set_of(&equal(8, 1));
    let slow = Costs { commit: 2.0, merge: 2.0, ..costs() };
    let request =
        PlanRequest { host: Host { cores: 8, memory: 0 }, costs: slow, ..PlanRequest::of(&set) };
    assert_eq!(build(&request).unwrap().decision.binding, Binding::MergeLane);
    let costs = Costs { provision: 9.0, ..slow };
    assert_eq!(
        build(&PlanRequest { costs, ..request }).unwrap().decision.binding,
        Binding::Overhead
    );
}

#[test]
fn a_saving_held_against_a_lane_that_was_never_tried_is_told_as_such() {
    let set = set_of(&equal(3, 300));
    let seen = |lane_position| {
        let attempts = set.tasks.iter().map(|task| ObservedAttempt {
            run: 1,
            workflow: String::new(),
            task: task.id.to_string(),
            work: work_digest(task),
            category: category(task),
            wall_s: 300.0,
            cpu_s: None,
            active: 1.0,
            lane_position,
            censored: false,
            used: ResourceUse::default(),
            at: Timestamp(0),
        });
        let history = History { attempts: attempts.collect(), runs: Vec::new() };
        let host = Host { cores: 8, memory: 0 };
        let request = PlanRequest { host, history: &history, ..PlanRequest::of(&set) };
        build(&request).unwrap().decision
    };
    let (untried, tried) = (seen(None), seen(Some(1)));
    assert_eq!((untried.verdict, tried.verdict), (Verdict::Parallel, Verdict::Parallel));
    assert!(said(&untried.reasons, "what one lane saves"), "{untried:?}");
    assert!(!said(&tried.reasons, "what one lane saves"), "{tried:?}");
}

#[test]
fn memory_that_is_known_to_be_more_than_declared_is_told() {
    let mut set = set_of(&equal(5, 300));
    for task in &mut set.tasks[..4] {
        task.demand.memory = 1 << 30;
    }
    let attempts = set.tasks.iter().zip(0..).map(|(task, nth)| ObservedAttempt {
        run: 1,
        workflow: String::new(),
        task: task.id.to_string(),
        work: work_digest(task),
        category: category(task),
        wall_s: 300.0,
        cpu_s: None,
        active: 1.0,
        lane_position: None,
        censored: false,
        used: ResourceUse { peak_rss: Some(nth << 30), ..ResourceUse::default() },
        at: Timestamp(0),
    });
    let mut history = History { attempts: attempts.collect(), runs: Vec::new() };
    // The first command of this one was another.
    history.attempts[3].work += 1;
    let request = PlanRequest { history: &history, ..PlanRequest::of(&set) };
    let name = &set.tasks[2].id;
    let expected = format!("raise `memory`: `{name}` took 2GiB and declares 1GiB");
    let advice = build(&request).unwrap().decision.advice;
    assert!(advice.contains(&expected), "{advice:?}");
    let nothing = build(&PlanRequest::of(&set)).unwrap().decision.advice;
    assert!(!said(&nothing, "raise `memory`"), "{nothing:?}");
}
