use std::time::Duration;

use super::{SuiteTasks, SuiteTerms, suite_tasks};
use crate::domain::suite::{Module, ModuleKind, SplitTerms, SuiteMemory, Unit};
use crate::domain::task::{Command, Priority, Task, Work};

fn module(name: &str, units: usize) -> Module {
    let unit =
        |n: usize| Unit { name: format!("u{n}"), words: vec![format!("u{n}")], alone: false };
    Module {
        name: name.to_owned(),
        kind: ModuleKind::Pytest,
        folder: format!("lib/{name}"),
        command: Command::Argv(vec!["all".to_owned()]),
        report: Some(format!("{name}.xml")),
        why: String::new(),
        depends_on: Vec::new(),
        build: None,
        units: (0..units).map(unit).collect(),
        stem: vec!["some".to_owned()],
        areas: Vec::new(),
        paths: None,
    }
}

fn tasks(modules: &[Module], memory: &SuiteMemory) -> SuiteTasks {
    let terms = SuiteTerms {
        snapshot: None,
        retries: 2,
        fail_fast: true,
        timeout: Duration::from_mins(1),
        stall_timeout: None,
        split: SplitTerms { worktree: 1.0, width: 4 },
        build: 0.0,
    };
    suite_tasks(modules, memory, &terms)
}

fn shown(task: &Task) -> String {
    let Work::Command { command, .. } = &task.work else { panic!("a suite is a command") };
    format!("{}: {}", task.id, command.display())
}

#[test]
fn a_module_that_nothing_is_known_of_is_one_task_that_changes_nothing() {
    let SuiteTasks { set, spec } =
        tasks(&[module("Web UI", 0), module("api", 3)], &SuiteMemory::default());
    assert_eq!(set.tasks.iter().map(shown).collect::<Vec<_>>(), ["web-ui: all", "api: all"]);
    assert!(set.fail_fast.run && set.tasks.iter().all(|task| task.read_only && task.retries == 2));
    assert!(set.tasks.iter().all(|task| task.priority == Priority::Medium));
    let part = &spec.parts[0];
    assert_eq!((part.module.as_str(), part.folder.as_str()), ("Web UI", "lib/Web UI"));
    assert_eq!((part.task.as_str(), part.report.as_deref()), ("web-ui", Some("Web UI.xml")));
}

#[test]
fn what_is_known_splits_orders_and_estimates() {
    let memory = SuiteMemory {
        unit_seconds: (0..4).map(|n| (("api".to_owned(), format!("u{n}")), 10.0)).collect(),
        module_seconds: [("web".to_owned(), 3.0)].into(),
        cpu_share: [("web".to_owned(), 0.25)].into(),
        failed_last: ["web".to_owned()].into(),
    };
    let SuiteTasks { set, spec } = tasks(&[module("api", 4), module("web", 0)], &memory);
    let ids: Vec<String> = set.tasks.iter().map(shown).collect();
    assert_eq!(ids.last().map(String::as_str), Some("web: all"));
    assert!(ids.len() > 2 && ids[0].starts_with("api.part1: some u"), "{ids:?}");
    let of_api: usize =
        spec.parts.iter().filter(|p| p.module == "api").map(|p| p.units.len()).sum();
    assert_eq!(of_api, 4);
    let web = set.tasks.last().unwrap();
    assert_eq!((web.priority, web.demand.cpus), (Priority::High, 0.25));
    // What it took is learned from its attempts, and must not count twice.
    assert_eq!(web.estimate, None);
    let of_parts = set.tasks.iter().filter_map(|task| task.estimate);
    assert_eq!(of_parts.sum::<Duration>(), Duration::from_secs(40));
}
