//! The JSON documents, against their schemas.

use super::*;

fn logs() -> LogPaths {
    LogPaths::new("/home/u/repo/.git/wt-orch/logs")
}

fn document(document: impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(document).unwrap()
}

fn assert_valid(name: &str, document: &serde_json::Value) {
    let (_, schema) = schemas().into_iter().find(|(n, _)| *n == name).unwrap();
    if let Err(error) = jsonschema::validate(&schema, document) {
        panic!("{name}: {error}");
    }
}

#[test]
fn the_document_of_a_plan() {
    let plan = document(from_plan(&plan(tasks(), Preference::Rule).into(), oid(1)));
    assert_valid("plan", &plan);
    insta::assert_snapshot!(json_text(&plan["tasks"][1]).unwrap(), @r#"
    {
      "critical": true,
      "depends_on": [
        "schema"
      ],
      "estimate_s": {
        "high": 55.639,
        "low": 7.189,
        "p50": 20.0,
        "source": "estimate"
      },
      "finish_s": 31.23,
      "gate": false,
      "group": null,
      "id": "api",
      "item": null,
      "left_out": false,
      "slack_s": 0.0,
      "start_s": 10.72,
      "when": null
    }
    "#);
    insta::assert_snapshot!(names(&plan), @"advice base binding carry claims deadline fail_fast flips lower_bound_s orders overruled predicted reasons risk scenarios schema setup tasks time_limits verdict width");
    insta::assert_snapshot!(names(&plan["predicted"]), @"benefit_s calibrated merge_bias_s overhead_s parallel_s probability sequential_s");
}

#[test]
fn the_document_of_a_run() {
    let run = conflicting_run();
    let state = document(from_run(&run.state, run.now, &logs()));
    assert_valid("run", &state);
    insta::assert_snapshot!(json_text(&state["tasks"][3]).unwrap(), @r#"
    {
      "agent": null,
      "attempts": 1,
      "branch": "feature/flaky",
      "changed_paths": null,
      "cpu_s": 1.5,
      "duration_s": 3.15,
      "exit_code": 1,
      "gate": false,
      "group": null,
      "id": "flaky",
      "item": null,
      "leaked": null,
      "log": "/home/u/repo/.git/wt-orch/logs/auth/flaky.1.log",
      "notes": [],
      "outcome": "failed",
      "output": null,
      "peak_rss_bytes": 104857600,
      "processes": 3,
      "read_bytes": 2097152,
      "reason": "exit code 1",
      "setup_s": null,
      "start": "0101010101010101010101010101010101010101",
      "start_resolved": [],
      "start_unvalidated": false,
      "started_s": 0.0,
      "state": "finished",
      "tip": null,
      "when": null,
      "worktree": "/home/u/repo-flaky",
      "written_bytes": 10485760
    }
    "#);
    insta::assert_snapshot!(json_text(&state["tasks"][4]).unwrap(), @r#"
    {
      "agent": null,
      "attempts": 0,
      "branch": "feature/late",
      "changed_paths": null,
      "cpu_s": null,
      "duration_s": null,
      "exit_code": null,
      "gate": false,
      "group": null,
      "id": "late",
      "item": null,
      "leaked": null,
      "log": null,
      "notes": [],
      "outcome": "skipped",
      "output": null,
      "peak_rss_bytes": null,
      "processes": null,
      "read_bytes": null,
      "reason": "`flaky` did not succeed",
      "setup_s": null,
      "start": null,
      "start_resolved": [],
      "start_unvalidated": false,
      "started_s": null,
      "state": "finished",
      "tip": null,
      "when": null,
      "worktree": "/home/u/repo-late",
      "written_bytes": null
    }
    "#);
    insta::assert_snapshot!(names(&state), @"base conflicts matrix predicted_s race run schema sequential_s_estimate state target tasks verdict wall_s warnings width");
}

#[test]
fn the_document_of_a_run_that_has_not_begun() {
    let run = ScriptedRun::new(plan(tasks(), Preference::Rule), &[]);
    let state = document(from_run(&run.state, run.now, &logs()));
    assert_valid("run", &state);
    assert_eq!(state["sequential_s_estimate"], serde_json::Value::Null);
    assert_eq!(state["state"], "created");
}

#[test]
fn the_document_of_an_integration() {
    let run = conflicting_run();
    let integration = document(from_integration(&run.state.spec.run, run.integration()));
    assert_valid("integrate", &integration);
    insta::assert_snapshot!(json_text(&integration).unwrap(), @r#"
    {
      "against": null,
      "branch": null,
      "candidate": "0808080808080808080808080808080808080808",
      "culprits": [],
      "ejected": [
        {
          "hunks": [],
          "id": "flaky",
          "note": null,
          "paths": [],
          "reason": "unfinished",
          "refused": [],
          "tests": [],
          "with": []
        },
        {
          "hunks": [],
          "id": "late",
          "note": null,
          "paths": [],
          "reason": "unfinished",
          "refused": [],
          "tests": [],
          "with": []
        },
        {
          "hunks": [
            "<<<<<<< main\nlet limit = 1;\n=======\nlet limit = 2;\n>>>>>>> feature"
          ],
          "id": "docs",
          "note": null,
          "paths": [
            "src/limit.rs"
          ],
          "reason": "conflict",
          "refused": [],
          "tests": [],
          "with": [
            "api"
          ]
        }
      ],
      "engine": "git 2.47.3",
      "engines": {},
      "matrix": [
        {
          "a": "api",
          "b": "docs",
          "forecast": "conflict",
          "hunks": [],
          "note": null,
          "paths": [
            "src/limit.rs"
          ]
        }
      ],
      "merged": [
        "schema",
        "api"
      ],
      "new": "0808080808080808080808080808080808080808",
      "notes": [],
      "old": "0101010101010101010101010101010101010101",
      "operation": 4,
      "order": [
        "schema",
        "api",
        "docs"
      ],
      "order_reason": "2 of 3 merge with one another, the most that do, and come first, the least entangled ahead; `docs`, which collides with some of them, comes last",
      "publication": null,
      "refusal": null,
      "resolve": null,
      "resolved": [],
      "result": "landed",
      "run": "auth",
      "schema": 1,
      "target": "main",
      "validation": [
        {
          "cached": false,
          "command": "cargo test --workspace",
          "duration_s": 2.5,
          "ending": "exit code 0",
          "failing": [],
          "log": null,
          "name": "workspace",
          "outcome": "passed",
          "tainted": []
        }
      ],
      "validations_run": 1
    }
    "#);
}

fn names(value: &serde_json::Value) -> String {
    let names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.join(" ")
}

#[test]
fn words_of_states_are_those_of_status_in_snake_case() {
    let logs = LogPaths::new("/logs");
    for tenths in 0..400 {
        let plan = plan(tasks(), Preference::ParallelWith(2));
        let run = ScriptedRun::new(plan, &script()).until(f64::from(tenths) / 10.0);
        let document = serde_json::to_value(from_run(&run.state, run.now, &logs)).unwrap();
        assert_eq!(document["state"], run.state.phase.word());
        for (entry, record) in document["tasks"].as_array().unwrap().iter().zip(&run.state.tasks) {
            assert_eq!(entry["state"], record.state.word().replace(' ', "_"));
            let outcome = record.outcome().map(|o| o.word().replace(' ', "_"));
            assert_eq!(entry["outcome"].as_str(), outcome.as_deref());
        }
    }
}
