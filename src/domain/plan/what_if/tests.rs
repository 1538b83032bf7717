use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::plan::build::{Host, PlanRequest, build};
use crate::domain::plan::plan_type::Verdict;
use crate::domain::plan::risk::{PairRisk, Risk};
use crate::domain::plan::{
    Contention, DEFAULT_CONTENTION, History, ObservedAttempt, ResourceUse, category, work_digest,
};
use crate::domain::report::scripted_run::task;
use crate::domain::task::TaskSet;
use crate::domain::time::Timestamp;

fn set() -> TaskSet {
    TaskSet {
        tasks: vec![
            task("schema", &[], 300),
            task("api", &["schema"], 600),
            task("api.v2", &["api"], 60),
            task("docs", &[], 240),
            task("tests", &[], 480),
        ],
        ..TaskSet::default()
    }
}

fn capacity() -> BTreeMap<String, u32> {
    BTreeMap::from([("gpu".to_owned(), 2)])
}

fn read(text: &str) -> Result<WhatIf, Vec<(String, String)>> {
    parse_what_if(text, &set(), &capacity()).map_err(|problems| {
        let place = |p: &crate::domain::diagnostic::Diagnostic| p.labels[0].span.clone();
        problems.iter().map(|p| (text[place(p)].to_owned(), p.message.clone())).collect()
    })
}

#[test]
fn every_change_is_read() {
    let id = |id: &str| id.parse().unwrap();
    let text = " width=8, cpus = 4,memory=16GiB,capacity.gpu=1,task.api.v2=1h 30m,scale=0.5,\
                drop=docs,tasks=+2,clone.tests=3,after.tests=api";
    assert_eq!(
        read(text).unwrap().changes,
        [
            Change::Width(8),
            Change::Cpus(4),
            Change::Memory(16 << 30),
            Change::Capacity { name: "gpu".to_owned(), units: 1 },
            Change::Takes { task: id("api.v2"), seconds: 5400.0 },
            Change::Scale(0.5),
            Change::Drop(id("docs")),
            Change::Tasks(2),
            Change::Clone { task: id("tests"), count: 3 },
            Change::After { task: id("tests"), on: id("api") },
        ]
    );
    assert_eq!(read("add=3").unwrap().changes, [Change::Add(3)]);
}

#[test]
fn every_problem_is_told_at_its_piece() {
    let problems =
        read("width=0,cpu=4,task.apo=soon,drop=,x,,capacity.cpu=1,scale=NaN").unwrap_err();
    let told: Vec<(&str, &str)> =
        problems.iter().map(|(piece, message)| (piece.as_str(), message.as_str())).collect();
    assert_eq!(
        told,
        [
            ("0", "`0` is no whole number from 1 to 1000"),
            ("cpu", "`cpu` cannot be changed"),
            ("apo", "there is no task `apo`"),
            ("soon", "`soon` is no duration; write it like `90s`, `10m` or `1h 30m`"),
            ("", "there is no task ``"),
            ("x", "`x` has no value"),
            ("", "there is nothing between the commas"),
            ("cpu", "`[capacity]` has no `cpu`"),
            ("NaN", "`NaN` is no number from 0.001 to 1000"),
        ]
    );
    let help = |text: &str| {
        let problems = parse_what_if(text, &set(), &capacity()).unwrap_err();
        problems[0].help.clone().unwrap()
    };
    assert_eq!(help("cpu=4"), "did you mean `cpus=4`?");
    assert_eq!(help("tsk.api=4m"), "did you mean `task.api=4m`?");
    assert_eq!(help("drop=doc"), "did you mean `docs`?");
}

#[test]
fn what_cannot_be_together_is_refused() {
    let message = |text: &str| read(text).unwrap_err().remove(0).1;
    assert_eq!(message("add=2,add=1"), "`add` is said twice");
    assert_eq!(message("drop=schema,task.api=5m"), "`api` is dropped in the same scenario");
    assert_eq!(
        message("after.schema=api.v2"),
        "`schema` cannot wait for `api.v2`, which waits for it"
    );
    assert_eq!(message("after.docs=docs"), "`docs` cannot wait for `docs`, which waits for it");
    let nothing = "nothing is left when that is dropped with what depends on it";
    assert_eq!(message("drop=schema,drop=docs,drop=tests"), nothing);
}

fn results(texts: &[&str], host: Host) -> Vec<Compared> {
    let (set, capacity) = (set(), capacity());
    let risk = Risk {
        pairs: vec![PairRisk { a: 3, b: 4, probability: 0.1, why: "both change docs".to_owned() }],
        unknown: vec![0, 4],
        ..Risk::default()
    };
    let base = PlanRequest {
        host,
        capacity: &capacity,
        risk: &risk,
        draws: 100,
        deadline: Some(1800.0),
        ..PlanRequest::of(&set)
    };
    let plan = build(&base).unwrap();
    let read: Vec<WhatIf> =
        texts.iter().map(|text| parse_what_if(text, &set, &capacity).unwrap()).collect();
    compare(&base, &plan, &read).unwrap()
}

const FOUR: Host = Host { cores: 4, memory: 8 << 30 };

#[test]
fn scenarios_differ_by_what_was_changed_and_by_nothing_else() {
    let all = results(&["cpus=4", "task.api=10m", "scale=1", "memory=8GiB"], FOUR);
    for same in &all[1..] {
        assert_eq!(same.landed.p50, all[0].landed.p50, "{same:?}");
        assert_eq!((same.saving_s, same.in_time), (0.0, all[0].in_time));
        assert!(same.sentence.contains("takes as long on the same"), "{}", same.sentence);
    }
}

#[test]
fn less_capacity_is_slower_and_said_to_be_lost() {
    let all = results(&["cpus=1", "width=1", "add=3", "scale=2", "drop=schema"], FOUR);
    let [_, one_core, one_slot, more, twice, dropped] = &all[..] else { panic!("{all:?}") };
    assert!(one_core.saving_s < 0.0 && one_core.verdict == Verdict::Sequential);
    assert!(one_core.sentence.ends_with("lost capacity: 3 of 4 cores"), "{}", one_core.sentence);
    assert!(one_slot.sentence.contains("lost capacity: "), "{}", one_slot.sentence);
    assert_eq!(one_slot.width, 1);
    // More agents help only as far as there is something for them to do.
    assert!(more.saving_s >= 0.0 && more.sentence.starts_with("with 3 more agents at work"));
    let ratio = twice.landed.p50 / all[0].landed.p50;
    assert!((1.9..2.1).contains(&ratio), "{ratio}");
    assert_eq!(dropped.tasks, 2);
    assert!(dropped.sentence.contains("`schema` dropped, and with it `api`, `api.v2`"));
}

#[test]
fn more_agents_come_on_top_of_a_width_of_the_same_scenario() {
    let all =
        results(&["width=1,cpus=4,task.api=20m,drop=docs,add=2,scale=2", "add=2,width=1"], FOUR);
    assert!(all[1].sentence.starts_with("with at most 1 slot, 4 cores instead of 4, `api` taking 20m 00s, `docs` dropped, 2 more agents at work (at most 3 slots), all tasks taking 2 times as long it is "), "{}", all[1].sentence);
    assert!(all[2].width > 1 && !all[2].sentence.contains("lost"), "{}", all[2].sentence);
}

#[test]
fn more_tasks_are_like_their_model_but_write_other_files() {
    let all = results(&["tasks=+3", "clone.api=1"], FOUR);
    assert_eq!((all[1].tasks, all[2].tasks), (8, 6));
    assert!(all[1].saving_s < 0.0 && all[2].saving_s < 0.0, "{all:?}");
    let sentence = &all[1].sentence;
    assert!(sentence.starts_with("with 3 more tasks like the median one, `schema`"), "{sentence}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_places_within_it(
        text in "((width|add|cpus|drop|task\\.|scale|after\\.|[a-z.=,é ]){0,3}=?[0-9a-z.é]{0,4},?){0,5}",
    ) {
        if let Err(problems) = parse_what_if(&text, &set(), &capacity()) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(text.get(problem.labels[0].span.clone()).is_some(), "{text:?} {problem:?}");
            }
        }
    }
}

#[test]
fn what_attempts_took_on_the_cores_of_then_is_no_other_on_more_of_them() {
    let set = set();
    let attempts = set.tasks.iter().map(|task| ObservedAttempt {
        run: 1,
        workflow: String::new(),
        task: task.id.to_string(),
        work: work_digest(task),
        category: category(task),
        wall_s: 60.0,
        cpu_s: Some(30.0),
        active: 4.0,
        lane_position: None,
        censored: false,
        used: ResourceUse::default(),
        at: Timestamp(0),
    });
    let history = History { attempts: attempts.collect(), runs: Vec::new() };
    let contention = Contention { effective_cores: Some(2.0), ..DEFAULT_CONTENTION };
    let host = Host { cores: 2, memory: 0 };
    let base = PlanRequest { host, contention, history: &history, ..PlanRequest::of(&set) };
    let plan = build(&base).unwrap();
    let more = super::apply::Applied::new(&read("cpus=8").unwrap(), &base, &plan);
    let found = build(&more.request(&base)).unwrap();
    for (found, planned) in found.tasks.iter().zip(&plan.tasks) {
        assert!((found.estimate.p50 - planned.estimate.p50).abs() < 1e-6, "{found:?}");
    }
}
