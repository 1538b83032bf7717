//! The documents of `--json`: exactly one at every exit, each of the schema in `fixtures/schema`.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Output, Repo};
use crate::scene::{small_repo, split, strings, task, tasks};

fn schema_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/schema/{name}.json"))
}

/// The document that a command printed, checked against a stored schema.
#[track_caller]
pub(crate) fn document(output: &Output, exit: i32, schema: &str) -> Value {
    let document = output.exit(exit).stdout_json();
    assert_schema(&document, schema);
    document
}

/// Checks a document against a stored schema.
#[track_caller]
pub(crate) fn assert_schema(document: &Value, schema: &str) {
    let stored = fs::read_to_string(schema_file(schema)).unwrap();
    let stored: Value = serde_json::from_str(&stored).unwrap();
    if let Err(error) = jsonschema::validate(&stored, document) {
        panic!("no `{schema}` document: {error} at {}\n{document:#}", error.instance_path());
    }
}

/// With `WT_ORCH_WRITE_SCHEMAS=1` in the environment the files are written instead of compared.
#[test]
fn the_stored_schemas_are_those_of_the_types() {
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever changes a document")]
    let write = std::env::var_os("WT_ORCH_WRITE_SCHEMAS").is_some();
    let schemas = wt_orch::domain::report::schemas();
    for (name, schema) in &schemas {
        let text = format!("{schema:#}\n");
        if write {
            fs::create_dir_all(schema_file(name).parent().unwrap()).unwrap();
            fs::write(schema_file(name), &text).unwrap();
        }
        let stored = fs::read_to_string(schema_file(name)).unwrap_or_default();
        assert!(
            stored == text,
            "fixtures/schema/{name}.json differs from its type; if that is meant: \
             `WT_ORCH_WRITE_SCHEMAS=1 cargo test --test it schemas`"
        );
    }
    let folder = schema_file("x").parent().unwrap().to_owned();
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().display().to_string())
        .collect();
    files.sort();
    let mut names: Vec<String> = schemas.iter().map(|(name, _)| format!("{name}.json")).collect();
    names.sort();
    assert_eq!(files, names);
}

const CONFLICT: &str = r#"
name = "json"
[[task]]
id = "first"
run = "printf 'ONE\ntwo\nthree\n' > a.txt"
check = "grep ONE a.txt"
[[task]]
id = "second"
run = "printf 'Uno\ntwo\nthree\n' > a.txt"
check = "true"
[[task]]
id = "other"
run = "echo more >> b.txt"
check = "true"
[[task]]
id = "review"
read_only = true
run = "wc -l a.txt"
check = "true"
[[task]]
id = "broken"
run = "exit 3"
check = "true"
[[task]]
id = "after"
depends_on = ["broken"]
run = "true"
check = "true"
[[validate]]
name = "words"
run = "grep -q three a.txt"
"#;

#[test]
fn the_whole_way_prints_one_valid_document_at_each_step() {
    let repo = small_repo();
    tasks(&repo, CONFLICT);
    let json = |args: &[&str]| repo.wt_orch(&[args, &["--json"]].concat());

    let plan = document(&json(&["plan", "tasks.toml"]), 0, "plan");
    assert_eq!(plan["tasks"].as_array().unwrap().len(), 6);
    let sequential = document(&json(&["plan", "tasks.toml", "--sequential"]), 0, "plan");
    assert_eq!((&sequential["verdict"], &sequential["width"]), (&"sequential".into(), &1.into()));

    let run = document(&json(&["split", "tasks.toml", "--parallel=2"]), 1, "run");
    assert_eq!(run["run"], "json");
    assert_eq!(run["state"], "finished");
    assert_eq!(task(&run, "broken")["exit_code"], 3);
    assert_eq!(task(&run, "after")["outcome"], "skipped");
    assert_eq!(strings(&task(&run, "first")["changed_paths"]), ["a.txt"]);
    for (id, field) in [("first", "log"), ("review", "output"), ("first", "worktree")] {
        let path = Path::new(task(&run, id)[field].as_str().unwrap());
        assert!(path.is_absolute() && path.exists(), "{field} {}", path.display());
    }

    let status = document(&json(&["status"]), 0, "run");
    assert_eq!(status["tasks"], run["tasks"]);

    let dry = document(&json(&["integrate", "--dry-run"]), 3, "integrate");
    assert_eq!((&dry["result"], &dry["new"]), (&"dry_run".into(), &Value::Null));
    let landed = document(&json(&["integrate"]), 3, "integrate");
    assert_eq!(landed["result"], "landed");
    assert_eq!(landed["validation"][0]["outcome"], "passed");
    assert_eq!(landed["matrix"].as_array().unwrap().len(), 3);

    let forecast = document(&json(&["forecast", "main", "feature/first"]), 0, "forecast");
    assert_eq!(forecast["branches"][1]["tip"], task(&run, "first")["tip"]);

    let operations = document(&json(&["operations"]), 0, "operations");
    assert_eq!(operations["operations"][0]["new"], landed["new"]);
    let undone = document(&json(&["undo"]), 0, "undo");
    assert_eq!((&undone["old"], &undone["new"]), (&landed["new"], &landed["old"]));
    assert_eq!(undone["ref"], "refs/heads/main");

    let report = json(&["report"]).exit(0).stdout_json();
    assert_eq!(report["integration"]["ejected"], landed["ejected"]);
    assert_eq!(repo.wt_orch(&["report", "--format", "json"]).exit(0).stdout_json(), report);
}

#[test]
fn a_split_that_integrates_prints_one_document_with_both() {
    let repo = small_repo();
    let output = split(&repo, CONFLICT, &["--integrate", "--json"]);
    let both = document(&output, 3, "run");
    assert_eq!(both["run"], "json");
    let stored: Value =
        serde_json::from_str(&fs::read_to_string(schema_file("integrate")).unwrap()).unwrap();
    jsonschema::validate(&stored, &both["integration"]).unwrap();
    assert_eq!(both["integration"]["result"], "landed");
}

#[test]
fn every_refusal_is_one_document_with_a_code_a_message_and_a_way_out() {
    let repo = small_repo();
    tasks(&repo, "[[task]]\nid = \"a\"\nrun = \"true\"\n");
    repo.file("broken.toml", "[[task]]\nid = \"a\"\nrunn = \"true\"\n");
    let refused = |args: &[&str], exit: i32, code: &str| {
        let output = repo.wt_orch(&[args, &["--json"]].concat());
        let error = document(&output, exit, "error");
        assert_eq!(error["error"]["code"], code, "{output}");
        assert!(!error["error"]["message"].as_str().unwrap().is_empty());
        error
    };
    for args in [
        &["frobnicate"][..],
        &["plan"],
        &["plan", "tasks.toml", "--unknown"],
        &["split", "tasks.toml", "--parallel", "--sequential"],
        &["undo", "first"],
        &["--color", "blue", "status"],
        &[],
    ] {
        let error = refused(args, 2, "usage");
        assert!(error["error"]["hint"].is_string());
    }
    let error = refused(&["split", "broken.toml"], 2, "invalid_tasks");
    let problems = error["problems"].as_array().unwrap();
    let unknown = problems.iter().find(|problem| problem["code"] == "unknown_key").unwrap();
    assert_eq!(
        (&unknown["file"], &unknown["line"], &unknown["column"]),
        (&"broken.toml".into(), &3.into(), &1.into())
    );
    let message = "`broken.toml` has 1 error: unknown key `runn` in `[[task]]`";
    assert_eq!(error["error"]["message"], message);
    let error = refused(&["statsu"], 2, "usage");
    assert_eq!(error["error"]["message"], "unrecognized subcommand 'statsu'");
    assert_eq!(error["error"]["hint"], "a similar subcommand exists: 'status'");
    let error = refused(&["plan"], 2, "usage");
    let message = "the following required arguments were not provided: <FILE>";
    assert_eq!(error["error"]["message"], message);
    refused(&["plan", "nowhere.toml"], 2, "unreadable_tasks");
    refused(&["-C", "nowhere", "status"], 2, "no_such_folder");
    for args in [&["status"][..], &["logs"], &["abort"], &["resume"], &["retry"], &["clean"]] {
        refused(args, 4, "no_run");
    }
    refused(&["integrate"], 4, "no_run");
    refused(&["report"], 4, "no_run");
    refused(&["status", "nobody"], 4, "unknown_run");
    refused(&["undo"], 4, "nothing_to_do");
    let empty = document(&repo.wt_orch(&["operations", "--json"]), 0, "operations");
    assert_eq!(empty["operations"].as_array().unwrap().len(), 0);
}

#[test]
fn every_other_command_prints_one_document_as_well() {
    let repo = small_repo();
    split(&repo, "[[task]]\nid = \"a\"\nrun = \"echo hello\"\ncheck = \"true\"\n", &[]).exit(0);
    for args in [
        &["check", "tasks.toml"][..],
        &["status", "--all"],
        &["logs"],
        &["logs", "a"],
        &["clean", "--dry-run"],
        &["clean"],
        &["doctor"],
        &["config"],
        &["completions", "bash"],
        &["man"],
        &["init", "--force"],
        &["history"],
        &["history", "export"],
    ] {
        let output = repo.wt_orch(&[args, &["--json"]].concat());
        output.exit(0).stdout_json();
    }
    assert_eq!(repo.wt_orch(&["logs", "nobody", "--json"]).exit(4).stdout_json()["schema"], 1);
}

#[test]
fn help_and_version_are_documents_when_json_is_asked_for() {
    let repo = Repo::new();
    for (words, part) in [(["--version", "--json"], "wt-orch "), (["--json", "--help"], "Usage:")] {
        let document = repo.wt_orch(&words).exit(0).stdout_json();
        assert!(document["text"].as_str().unwrap().contains(part), "{document:#}");
    }
}

#[test]
fn a_red_base_and_an_interrupted_run_are_documents_too() {
    let repo = small_repo();
    let red = "[[task]]\nid = \"a\"\nrun = \"echo 2 >> b.txt\"\n\
               [[validate]]\nname = \"red\"\nrun = \"false\"\n";
    split(&repo, red, &[]).exit(0);
    let error = document(&repo.wt_orch(&["integrate", "--json"]), 3, "error");
    assert_eq!(error["error"]["code"], "red_base");

    tasks(&repo, "[[task]]\nid = \"slow\"\nrun = \"touch started; sleep 60\"\ncheck = \"true\"\n");
    let running = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("repo-slow/started");
    running.signal(Signal::INT);
    let run = document(&running.wait(), 5, "run");
    assert_eq!(run["state"], "interrupted");
    assert_eq!(task(&run, "slow")["outcome"], Value::Null);
}

#[test]
fn without_json_results_go_to_stdout_and_everything_else_to_stderr() {
    let repo = small_repo();
    let output = split(&repo, "[[task]]\nid = \"a\"\nrun = \"echo noise\"\n", &[]);
    output.exit(0).stdout_has("run `tasks` finished").stderr_has("base: main at");
    assert!(!output.stdout().contains("base: main at"));
    repo.wt_orch(&["status", "nobody"]).exit(4).stdout_is_empty();
    repo.wt_orch(&["plan", "--bad"]).exit(2).stdout_is_empty();
    let quiet = repo.wt_orch(&["-q", "integrate"]);
    quiet.exit(4).stdout_is_empty();
    let _world: &Repo = &repo;
}
