use std::collections::BTreeMap;

use super::*;
use crate::domain::plan::{Host, OrderRules, PlanRequest, Preference, ReadsRule, build};
use crate::domain::report::scripted_run::{plan, task};
use crate::domain::task::{Known, Task, TaskSet, Work, parse};

fn facts(plan: &Plan) -> ShellPlan<'_> {
    let base = "01".repeat(20).parse().unwrap();
    ShellPlan { plan, workflow: "auth", base, target: Some("main"), personas: &[] }
}

fn set(tasks: Vec<Task>) -> TaskSet {
    TaskSet { tasks, ..TaskSet::default() }
}

#[test]
fn a_group_holds_what_may_run_at_once_and_comes_after_what_it_waits_for() {
    let mut tasks: Vec<Task> = (0..30)
        .map(|n| {
            let before = format!("t{}", n / 2);
            let before: &[&str] = if n > 4 { &[&before] } else { &[] };
            task(&format!("t{n}"), before, 5 + n)
        })
        .collect();
    for (n, task) in tasks.iter_mut().enumerate() {
        task.demand.uses = BTreeMap::from([("gpu".to_owned(), 1 + (n % 2) as u32)]);
        task.demand.cpus = 0.5;
        if n % 3 == 0 {
            task.locks = vec!["db".to_owned()];
        }
    }
    let set = set(tasks);
    let capacity = BTreeMap::from([("gpu".to_owned(), 4)]);
    let host = Host { cores: 4, memory: 0 };
    let preference = Preference::ParallelWith(3);
    let request = PlanRequest { host, preference, capacity: &capacity, ..PlanRequest::of(&set) };
    let plan = build(&request).unwrap();
    let groups = groups(&plan);
    let place = |task: usize| groups.iter().position(|group| group.contains(&task)).unwrap();
    for (task, job) in plan.problem.jobs.iter().enumerate() {
        assert!(job.predecessors.iter().all(|&first| place(first) < place(task)));
        assert!(plan.problem.rivals(task).iter().all(|&other| place(other) != place(task)));
    }
    assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 30);
    for group in &groups {
        assert!(group.len() <= 3);
        let gpus: u32 = group.iter().map(|&t| plan.tasks[t].task.demand.uses["gpu"]).sum();
        assert!(gpus <= 4, "{group:?}");
    }
}

#[test]
fn an_agent_is_started_as_its_preset_does_and_an_unknown_one_fails_loudly() {
    let mut known = task("known", &[], 60);
    known.work = Work::Agent {
        preset: "aider".to_owned(),
        prompt: "it's {id}; $(rm)".to_owned(),
        persona: Some("qa".to_owned()),
    };
    let mut unknown = task("unknown", &[], 60);
    unknown.work =
        Work::Agent { preset: "nobody".to_owned(), prompt: "p".to_owned(), persona: None };
    let script = plan_shell(&facts(&plan(vec![known, unknown], Preference::Sequential)));
    let prompt = r"aider --message 'You work as: qa.

it'\''s {id}; $(rm)' --yes-always";
    assert!(script.contains(prompt), "{script}");
    let loud = "# no known command\n    tell 'unknown: this script does not know how to start its \
                agent'\n    return 1\n";
    assert!(script.contains(loud), "{script}");
}

#[test]
fn one_lane_goes_on_from_the_work_before_it() {
    let tasks = vec![task("a", &[], 5), task("b", &[], 5)];
    let script = plan_shell(&facts(&plan(tasks.clone(), Preference::Sequential)));
    assert!(script.contains("wait\nfollow a\n"), "{script}");
    let script = plan_shell(&facts(&plan(tasks, Preference::ParallelWith(2))));
    assert!(!script.contains("\nfollow "), "{script}");
}

#[test]
fn a_task_with_a_condition_is_told_and_not_started_and_a_reader_outlives_its_writer() {
    let text = r#"
        [[task]]
        id = "bad"
        run = "x"
        check = "x"
        owns = ["bad/**"]
        [[task]]
        id = "repair"
        run = "x"
        check = "x"
        when = "task.bad.outcome == 'failed'"
        [[task]]
        id = "announce"
        run = "x"
        check = "x"
        when = "task.bad.outcome == 'succeeded'"
        [[task]]
        id = "after-repair"
        run = "x"
        check = "x"
        depends_on = ["repair"]
        [[task]]
        id = "reader"
        run = "x"
        check = "x"
        owns = ["reader/**"]
        reads = ["bad/**"]
    "#;
    let set = parse(text, &Known::default()).tasks.value.unwrap();
    let rules = OrderRules { serialise: None, reads: ReadsRule::Order };
    let plan = build(&PlanRequest { rules: &rules, ..PlanRequest::of(&set) }).unwrap();
    let script = plan_shell(&facts(&plan));
    for id in ["repair", "announce", "after-repair"] {
        assert!(!script.contains(&format!("begin {id}")), "{script}");
        assert!(!script.contains(&format!("collect {id}")), "{script}");
        assert!(script.contains(&format!("tell '{id}: not started: ")), "{script}");
    }
    // The plan counts on the announcement alone, so only without that one something is missing.
    assert_eq!(script.matches("`wt-orch split` does'\nfailed=1\n").count(), 1, "{script}");
    assert!(script.contains("begin reader +bad; then"), "{script}");
    assert!(script.contains("# repair, announce, after-repair.\n"), "{script}");
}
