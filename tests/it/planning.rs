//! How a plan is asked and shown: on one screen, under other circumstances, against a deadline.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Repo;
use crate::scene::{small_repo, strings, tasks};

const AUTH: &str = r#"
name = "user-auth"
[[task]]
id = "schema"
run = "true"
estimate = "10m"
priority = "high"
[[task]]
id = "api"
run = "true"
estimate = "20m"
depends_on = ["schema"]
cpus = 0.25
[[task]]
id = "docs"
run = "true"
estimate = "90m"
priority = "low"
cpus = 0.25
[[task]]
id = "ui"
run = "true"
estimate = "15m"
cpus = 0.25
[[validate]]
name = "all"
run = "true"
"#;

fn planned(repo: &Repo, more: &[&str]) -> Value {
    let arguments = [&["plan", "tasks.toml", "--seed", "1", "--json"], more].concat();
    repo.wt_orch(&arguments).exit(0).stdout_json()
}

fn auth() -> Repo {
    let repo = small_repo();
    tasks(&repo, AUTH);
    repo
}

#[test]
fn a_plan_of_six_tasks_with_all_it_has_to_say_fits_on_one_screen() {
    let repo = small_repo();
    let task = |n: u8| {
        format!(
            "[[task]]\nid = \"task-{n}\"\nrun = \"true\"\ncheck = \"true\"\nowns = [\"{}/**\"]\n",
            n / 2
        )
    };
    tasks(&repo, &(0..6).map(task).collect::<String>());
    let output = repo.wt_orch(&["plan", "tasks.toml"]);
    let lines = output.exit(0).stdout().lines().count() + output.stderr().lines().count();
    assert!(lines <= 24, "{lines} lines\n{output}");
    for part in ["sequential", "why", "held apart", "advice", "task-5 |"] {
        output.stdout_has(part);
    }
    let full = repo.wt_orch(&["-v", "plan", "tasks.toml"]);
    full.exit(0).stdout_has("Estimate").stdout_has("default");
}

#[test]
fn scenarios_stand_beside_things_as_they_are() {
    let repo = auth();
    let document = planned(
        &repo,
        &["--what-if", "cpus=1,task.api=5m", "--what-if", "drop=docs", "--what-if", "tasks=+2"],
    );
    let stored = include_str!("../../fixtures/schema/plan.json");
    jsonschema::validate(&serde_json::from_str(stored).unwrap(), &document).unwrap();
    let scenarios = document["scenarios"].as_array().unwrap();
    let changes: Vec<&Value> = scenarios.iter().map(|scenario| &scenario["changes"]).collect();
    assert_eq!(
        changes,
        [&Value::Null, &json!("cpus=1,task.api=5m"), &json!("drop=docs"), &json!("tasks=+2")]
    );
    let chosen = if document["verdict"] == "parallel" { "parallel_s" } else { "sequential_s" };
    assert_eq!(scenarios[0]["landed_s"], document["predicted"][chosen]);
    assert!(scenarios[2]["saving_s"].as_f64().unwrap() > 0.0, "{document:#}");
    assert_eq!(scenarios[3]["tasks"], 6);
    let text = repo.wt_orch(&["plan", "tasks.toml", "--what-if", "drop=docs"]);
    text.exit(0).stdout_has("What if").stdout_has("1 `drop=docs`: with `docs` dropped it is");
    assert_eq!(planned(&repo, &[])["scenarios"], json!([]));
}

#[test]
fn a_scenario_that_cannot_be_read_names_every_piece_of_it() {
    let repo = auth();
    let what_if = ["--what-if", "width=0,tsk.api=5m", "--what-if", "drop=dosc"];
    let output = repo.wt_orch(&[&["plan", "tasks.toml"], &what_if[..]].concat());
    assert_snapshot!(output.snapshot(), @"
    $ wt-orch plan tasks.toml --what-if width=0,tsk.api=[DURATION] --what-if drop=dosc
    exit: 2
    --- stderr
    base: main at [ID]
    error[bad_number]
      x `0` is no whole number from 1 to 1000
       ,-[--what-if:1:7]
     1 | width=0,tsk.api=[DURATION]
       :       ^
       `----

    error[unknown_change]
      x `tsk.api` cannot be changed
       ,-[--what-if:1:9]
     1 | width=0,tsk.api=[DURATION]
       :         ^^^^^^^
       `----
      help: did you mean `task.api=[DURATION]`?

    2 errors in --what-if
    error[unknown_task]
      x there is no task `dosc`
       ,-[--what-if:1:6]
     1 | drop=dosc
       :      ^^^^
       `----
      help: did you mean `docs`?

    1 error in --what-if
    ");
    let arguments = [&["plan", "tasks.toml", "--json"], &what_if[..]].concat();
    let error = repo.wt_orch(&arguments).exit(2).stdout_json();
    assert_eq!(error["error"]["code"], "invalid_what_if");
    let codes: Vec<&Value> =
        error["problems"].as_array().unwrap().iter().map(|problem| &problem["code"]).collect();
    assert_eq!(codes, ["bad_number", "unknown_change", "unknown_task"]);
}

#[test]
fn a_deadline_says_how_likely_it_is_met_and_what_to_drop() {
    let repo = auth();
    let easy = planned(&repo, &["--deadline", "20h"]);
    assert_eq!(
        easy["deadline"],
        json!({"seconds": 72000.0, "probability": 1.0, "drop": [], "probability_after": null,
               "more_slots": null})
    );
    let hard = &planned(&repo, &["--deadline", "2h"])["deadline"];
    assert!(hard["probability"].as_f64().unwrap() < 0.95, "{hard:#}");
    assert_eq!(strings(&hard["drop"]), ["docs"]);
    assert!(hard["probability_after"].as_f64().unwrap() >= 0.95, "{hard:#}");
    let text = repo.wt_orch(&["plan", "tasks.toml", "--deadline", "2h"]);
    text.exit(0).stdout_has("likely to have landed within 2h 00m").stdout_has("without `docs`");
    repo.wt_orch(&["plan", "tasks.toml", "--deadline", "17:30"]).exit(2).stderr_has("no duration");
    assert_eq!(planned(&repo, &[])["deadline"], Value::Null);
}

#[test]
fn a_seed_makes_equal_plans_and_an_effort_of_time_is_something_else() {
    let repo = auth();
    assert_eq!(planned(&repo, &[]), planned(&repo, &[]));
    let other =
        repo.wt_orch(&["plan", "tasks.toml", "--seed", "2", "--json"]).exit(0).stdout_json();
    assert_ne!(other["predicted"], planned(&repo, &[])["predicted"]);
    repo.wt_orch(&["plan", "tasks.toml", "--effort", "5ms"]).exit(0);
    repo.wt_orch(&["plan", "tasks.toml", "--effort", "5ms", "--seed", "1"]).exit(2);
    repo.wt_orch(&["plan", "tasks.toml", "--effort", "little"]).exit(2).stderr_has("no duration");
    repo.wt_orch(&["split", "tasks.toml", "--seed", "1", "--effort", "1s"]).exit(2);
}

#[test]
fn every_form_of_a_plan_goes_to_stdout_and_nothing_else_does() {
    let repo = auth();
    let form = |form: &str| repo.wt_orch(&["plan", "tasks.toml", "--format", form]);
    let report = form("md");
    for part in [
        "# Parallel Orchestration Optimization Report\n",
        "## Executive Summary\n",
        "## Dependency Analysis\n",
        "## Resource Conflict Analysis\n",
        "## Performance Predictions\n",
        "## Fallback Strategies\n",
        "**Rollback Plan**: `wt-orch undo` puts `main` back",
        "wt-orch split tasks.toml\n",
    ] {
        report.exit(0).stdout_has(part);
    }
    form("mermaid").exit(0).stdout_has("flowchart LR\n").stdout_has("\ngantt\n");
    assert!(form("sh").exit(0).stdout().starts_with("#!/bin/sh\n"));
    let document = form("json").exit(0).stdout_json();
    assert_eq!(document["tasks"].as_array().unwrap().len(), 4);
    form("text").exit(0).stdout_has("sequential");
    form("pdf").exit(2).stdout_is_empty();
    repo.wt_orch(&["plan", "tasks.toml", "--format", "md", "--json"]).exit(0).stdout_json();
}
