use std::collections::BTreeMap;

use super::*;
use crate::domain::plan::{Host, PlanRequest, Preference, build};
use crate::domain::report::scripted_run::{plan, task};
use crate::domain::task::{Task, TaskSet, Work};

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
        assert!(job.excludes.iter().all(|&other| place(other) != place(task)));
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
