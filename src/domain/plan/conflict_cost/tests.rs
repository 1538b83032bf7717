use super::*;
use crate::domain::plan::build::Host;
use crate::domain::plan::contention::Contention;
use crate::domain::report::scripted_run::task;
use crate::domain::task::Claims;

#[test]
fn cores_are_shared_where_fewer_are_really_there_than_tasks_ask_for() {
    let tasks: Vec<_> = ["a", "b", "c", "d"].map(|id| task(id, &[], 600)).into();
    let set = TaskSet { tasks, ..TaskSet::default() };
    let host = Host { cores: 4, memory: 0 };
    let mut request = PlanRequest { host, draws: 100, ..PlanRequest::of(&set) };
    let plan = build(&request).unwrap();
    assert_eq!(shared_things(&request, &plan), []);
    request.contention.effective_cores = Some(2.0);
    assert_eq!(shared_things(&request, &plan), [Shared::Cores]);
}

#[test]
fn each_shared_thing_costs_what_its_absence_saves() {
    let mut tasks: Vec<_> = ["a", "b", "c", "d"].map(|id| task(id, &[], 600)).into();
    for task in &mut tasks {
        task.demand.cpus = 0.5;
    }
    tasks[0].locks = vec!["db".to_owned(), "alone".to_owned()];
    tasks[1].locks = vec!["db".to_owned()];
    for task in &mut tasks[2..] {
        task.owns = Some(Claims::parse(&["src/**".to_owned()]).unwrap());
        task.demand.memory = 1 << 20;
    }
    let set = TaskSet { tasks, ..TaskSet::default() };
    let host = Host { cores: 4, memory: 8 << 30 };
    let request = PlanRequest { host, draws: 100, ..PlanRequest::of(&set) };
    let plan = build(&request).unwrap();
    let costs = conflict_costs(&request, &plan).unwrap();
    let shared: Vec<&Shared> = costs.iter().map(|cost| &cost.shared).collect();
    assert_eq!(shared, [&Shared::Claims, &Shared::Lock("db".to_owned()), &Shared::Memory]);
    // Both pairs take twice 600 s: without one of them the other still does.
    assert!(costs[0].cost_s < 300.0 && costs[2].cost_s == 0.0, "{costs:?}");
    let mut alone = set.clone();
    alone.tasks.truncate(2);
    let request = PlanRequest { set: &alone, ..request };
    let costs = conflict_costs(&request, &build(&request).unwrap()).unwrap();
    assert!(costs.len() == 1 && costs[0].cost_s > 300.0, "{costs:?}");
}

#[test]
fn cores_cost_what_enough_of_them_save_also_where_fewer_were_measured_than_named() {
    let tasks: Vec<_> = ["a", "b", "c", "d"].map(|id| task(id, &[], 600)).into();
    let set = TaskSet { tasks, ..TaskSet::default() };
    let host = Host { cores: 4, memory: 0 };
    let plain = PlanRequest { host, draws: 100, ..PlanRequest::of(&set) };
    assert_eq!(conflict_costs(&plain, &build(&plain).unwrap()).unwrap(), []);
    let contention = Contention { effective_cores: Some(2.0), ..plain.contention };
    let shared = PlanRequest { contention, ..plain };
    let costs = conflict_costs(&shared, &build(&shared).unwrap()).unwrap();
    assert_eq!(costs[0].shared, Shared::Cores);
    assert!(costs[0].cost_s > 300.0, "{costs:?}");
}
