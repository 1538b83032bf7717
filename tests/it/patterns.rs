//! The patterns of a tasks file, really run: one task for each item, conditions, fail-fast, inferred
//! order.

use serde_json::Value;

use crate::harness::{Output, Repo};
use crate::scene::{beside, ejected, outcomes, small_repo, split, strings, task, tasks};

/// A repository with two crates and a file with an odd name.
fn crates() -> Repo {
    let repo = small_repo();
    repo.file("crates/core/lib.rs", "core\n").file("crates/cli/main.rs", "cli\n");
    repo.file("crates/$(touch pwned) x/lib.rs", "odd\n").commit("crates");
    repo
}

#[track_caller]
fn ran(output: &Output, exit: i32) -> Value {
    output.exit(exit).stdout_json()
}

const MAP_REDUCE: &str = r#"
    name = "map"
    [[task]]
    id = "lint"
    title = "Lint {item_name}"
    foreach = "crates/*/"
    run = "cat {item}/* > {item}/report; echo $WT_ORCH_ITEM_NAME >> {item}/report"
    owns = ["{item}/**"]
    check = "test -s {item}/report"
    [[task]]
    id = "summary"
    reduce = "lint"
    run = "cat crates/*/report > summary"
    check = "test -s summary"
"#;

#[test]
fn one_task_for_each_folder_and_one_that_reduces_them() {
    let repo = crates();
    let run = ran(&split(&repo, MAP_REDUCE, &["--integrate", "--json"]), 0);
    let ids: Vec<&str> =
        run["tasks"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["lint.touch-pwned-x", "lint.cli", "lint.core", "summary"]);
    assert_eq!(strings(&task(&run, "lint.core")["changed_paths"]), ["crates/core/report"]);
    assert_eq!(repo.read("summary").unwrap(), "odd\n$(touch pwned) x\ncli\ncli\ncore\ncore\n");
    assert_eq!(
        (task(&run, "lint.cli")["item"].as_str(), repo.read("pwned")),
        (Some("crates/cli"), None)
    );
    assert_eq!(repo.git(&["log", "--format=%s", "-1", "feature/lint.core"]), "Lint core");
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(beside(&repo), [""; 0]);
}

#[test]
fn the_items_are_those_of_the_base_and_a_glob_without_any_is_an_error() {
    let repo = crates();
    repo.file("crates/uncommitted/x", "x\n");
    tasks(&repo, MAP_REDUCE);
    let checked = repo.wt_orch(&["check", "tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(checked["tasks"].as_array().unwrap().len(), 4);
    tasks(&repo, &MAP_REDUCE.replace("crates/*/", "crate/*/"));
    let refused = repo.wt_orch(&["plan", "tasks.toml"]);
    refused.exit(2).stderr_has("nothing in the base matches the glob `crate/*/`");
    refused.stderr_has("did you mean `crates`?");

    // Without a repository nobody can look.
    let nowhere = Repo::without_git();
    tasks(&nowhere, MAP_REDUCE);
    let checked = nowhere.wt_orch(&["check", "tasks.toml"]);
    checked.exit(0).stdout_has("2 tasks").stderr_has("counts as one task");
}

const CONDITIONAL: &str = r#"
    [[task]]
    id = "build"
    run = "echo out of memory; exit ${CODE:-0}"
    env = { }
    check = "true"
    [[task]]
    id = "fix"
    run = "echo fixed > fixed"
    check = "true"
    when = "task.build.outcome == 'failed' and task.build.output contains 'out of memory'"
    [[task]]
    id = "ship"
    run = "echo shipped > shipped"
    check = "true"
    when = "task.build.exit_code == 0"
    [[task]]
    id = "after"
    depends_on = ["fix"]
    run = "cp fixed after"
    check = "true"
    [[validate]]
    name = "all"
    run = "true"
"#;

#[test]
fn a_condition_picks_the_branch_and_leaving_one_out_is_no_failure() {
    let repo = small_repo();
    let good = split(&repo, CONDITIONAL, &["--integrate", "--json"]);
    let run = ran(&good, 0);
    assert_eq!(
        outcomes(&run),
        [
            "build succeeded: changed nothing",
            "fix skipped: its condition does not hold: `task.build.outcome == 'failed' and \
             task.build.output contains 'out of memory'`",
            "ship succeeded: changed 1 path",
            "after skipped: `fix`, which it depends on, was left out by a condition",
        ]
    );
    assert_eq!(ejected(&run["integration"]), [""; 0]);
    assert_eq!(repo.read("shipped").as_deref(), Some("shipped\n"));
    let report = repo.wt_orch(&["report"]);
    let report = report.exit(0).stdout();
    assert!(report.contains("\nLeft out\n") && !report.contains("\nFailures\n"), "{report}");
    repo.wt_orch(&["clean"]).exit(0);

    // What was handled still failed.
    let failing = CONDITIONAL.replace("env = { }", "env = { CODE = \"3\" }");
    let run = ran(&split(&repo, &failing, &["--json"]), 1);
    assert_eq!(
        outcomes(&run),
        [
            "build failed: exit code 3",
            "fix succeeded: changed 1 path",
            "ship skipped: its condition does not hold: `task.build.exit_code == 0`",
            "after succeeded: changed 1 path",
        ]
    );
    assert_eq!(
        task(&run, "fix")["when"],
        "task.build.outcome == 'failed' and task.build.output contains 'out of memory'"
    );
}

#[test]
fn the_plan_shows_what_is_conditional_and_what_it_expects() {
    let repo = small_repo();
    tasks(&repo, CONDITIONAL);
    let plan = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    let left_out = |id| task(&plan, id)["left_out"].clone();
    assert_eq!(
        ["build", "fix", "ship", "after"].map(left_out),
        [false, true, false, true].map(Value::from)
    );
    assert_eq!(task(&plan, "fix")["critical"], false);
    let text = repo.wt_orch(&["plan", "tasks.toml", "-v"]);
    text.exit(0).stdout_has("`ship` runs only if `task.build.exit_code == 0`: expected");
    text.stdout_has("`after` depends on what is not expected to run");
}

const FAIL_FAST: &str = r#"
    [[group]]
    name = "tests"
    fail_fast = true
    [[task]]
    id = "bad"
    group = "tests"
    run = "while [ ! -e ../repo-waiting/waiting ]; do sleep 0.02; done; exit 1"
    check = "true"
    [[task]]
    id = "done"
    group = "tests"
    run = "touch done"
    check = "true"
    [[task]]
    id = "waiting"
    group = "tests"
    depends_on = ["done"]
    run = "echo x > waiting; sleep 1000"
    check = "true"
    [[task]]
    id = "other"
    run = "echo other > other"
    check = "true"
"#;

#[test]
fn the_first_failure_stops_its_group_and_what_is_finished_lands() {
    let repo = small_repo();
    tasks(&repo, FAIL_FAST);
    let output = repo.wt_orch(&["split", "tasks.toml", "--parallel=4", "--integrate", "--json"]);
    let run = ran(&output, 1);
    let found = outcomes(&run);
    assert_eq!(found[0], "bad failed: exit code 1");
    assert_eq!(found[1], "done succeeded: changed 1 path");
    assert_eq!(found[2], "waiting cancelled: stopped because `bad` failed (`fail_fast`)");
    assert_eq!(found[3], "other succeeded: changed 1 path");
    assert_eq!((repo.read("done").is_some(), repo.read("other").is_some()), (true, true));
    output.stderr_has("`bad` failed, which stops the rest of group `tests` (`fail_fast`)");
    let report = repo.wt_orch(&["report"]);
    report.exit(0).stdout_has("stopped because `bad` failed (`fail_fast`)");
}

#[test]
fn the_flag_stops_the_whole_run_and_retry_takes_it_up_again() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "bad"
        run = "test -e ../go"
        check = "true"
        [[task]]
        id = "slow"
        run = "test -e ../go || sleep 1000; echo slow > slow"
        check = "true"
        [[task]]
        id = "late"
        depends_on = ["slow"]
        run = "cp slow late"
        check = "true"
    "#;
    let run = ran(&split(&repo, text, &["--fail-fast", "--json"]), 1);
    assert_eq!(
        outcomes(&run),
        [
            "bad failed: exit code 1",
            "slow cancelled: stopped because `bad` failed (`fail_fast`)",
            "late cancelled: stopped because `bad` failed (`fail_fast`)",
        ]
    );
    std::fs::write(repo.root().join("go"), "").unwrap();
    let run = ran(&repo.wt_orch(&["retry", "--json"]), 0);
    assert_eq!(task(&run, "late")["outcome"], "succeeded");
}

#[test]
fn a_reader_waits_for_the_writer_and_migrations_for_one_another() {
    let repo = small_repo();
    repo.file("orchestrator.toml", "[plan]\ndraws = 20\n").commit("settings");
    let text = r#"
        [[task]]
        id = "docs"
        reads = ["api/**"]
        run = "cp api/x documented"
        check = "true"
        [[task]]
        id = "api"
        owns = ["api/**"]
        run = "mkdir api; echo api > api/x"
        check = "true"
        [[task]]
        id = "one"
        owns = ["db/migrations/1.sql"]
        run = "mkdir -p db/migrations; ls db/migrations > db/migrations/1.sql"
        check = "true"
        [[task]]
        id = "two"
        owns = ["db/migrations/2.sql"]
        run = "mkdir -p db/migrations; ls db/migrations > db/migrations/2.sql"
        check = "true"
    "#;
    tasks(&repo, text);
    let plan = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(
        plan["orders"],
        serde_json::json!([{ "first": "api", "then": "docs", "paths": ["api/**"] }])
    );
    assert_eq!(plan["claims"][0]["kind"], "serialised");
    let text_plan = repo.wt_orch(&["plan", "tasks.toml", "-v"]);
    text_plan.exit(0).stdout_has("`docs` reads `api/**`, which `api` owns: runs after it");
    text_plan.stdout_has("`one` and `two`: both own what is changed one after another");
    let run =
        ran(&repo.wt_orch(&["split", "tasks.toml", "--parallel=4", "--integrate", "--json"]), 0);
    assert_eq!(task(&run, "docs")["outcome"], "succeeded");
    assert_eq!(repo.read("documented").as_deref(), Some("api\n"));
    let report = repo.wt_orch(&["report"]);
    report.exit(0).stdout_has("`docs` reads `api/**`, which `api` owns: runs after it");
    // The second migration saw the first one.
    let seen = ["1.sql", "2.sql"].map(|name| repo.read(&format!("db/migrations/{name}")).unwrap());
    assert!(seen.iter().any(|text| text.contains("1.sql") && text.contains("2.sql")), "{seen:?}");

    let ignored = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(ignored["orders"].as_array().unwrap().len(), 1);
    repo.file("orchestrator.toml", "[plan]\nserialise = []\nreads = \"ignore\"\n");
    let ignored = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(
        (&ignored["orders"], &ignored["claims"]),
        (&Value::Array(vec![]), &Value::Array(vec![]))
    );
}

#[test]
fn a_demand_above_what_there_is_names_the_task_and_the_limit() {
    let repo = small_repo();
    repo.file("orchestrator.toml", "[capacity]\ngpu = 2\n");
    tasks(
        &repo,
        "[[task]]\nid = \"big\"\nrun = \"true\"\ncheck = \"true\"\nmemory = \"9999TiB\"\ncpus = 9999\nuses = { gpu = 3 }\n",
    );
    let plan = repo.wt_orch(&["plan", "tasks.toml"]);
    plan.exit(2).stderr_has("task `big` needs 9999TiB of memory, but this machine has ");
    plan.stderr_has("task `big` uses 3 of `gpu`, but the declared capacity is 2");
    plan.stderr_has("task `big` keeps 9999 cores busy, but this machine has ");
    // The file alone is judged without the machine.
    let text = "[[task]]\nid = \"big\"\nrun = \"true\"\ncheck = \"true\"\nmemory = \"9999TiB\"\n";
    tasks(&repo, text);
    repo.wt_orch(&["check", "tasks.toml"]).exit(0).stdout_has("no problems");
}
