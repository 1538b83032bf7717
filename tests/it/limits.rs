//! Limits beyond one attempt, really run: which failures are tried again, and the time of groups.

use crate::scene::{outcomes, small_repo, split, task, tasks};

const GROUP: &str = r#"
    [[group]]
    name = "slow"
    timeout = "300ms"
    [[task]]
    id = "one"
    group = "slow"
    estimate = "10m"
    run = "echo partial > one; sleep 1000"
    check = "true"
    [[task]]
    id = "two"
    group = "slow"
    depends_on = ["one"]
    run = "true"
    check = "true"
    [[task]]
    id = "other"
    run = "echo other > other"
    check = "true"
"#;

#[test]
fn a_group_that_takes_longer_than_its_time_is_stopped_and_nothing_else_is() {
    let repo = small_repo();
    tasks(&repo, GROUP);
    let plan = repo.wt_orch(&["plan", "tasks.toml", "-v", "--json"]).exit(0).stdout_json();
    let limits = &plan["time_limits"][0];
    assert_eq!((limits["group"].as_str(), limits["limit_s"].as_f64()), (Some("slow"), Some(0.3)));
    assert!(limits["expected_s"].as_f64() > Some(500.0), "{limits}");
    let text = repo.wt_orch(&["plan", "tasks.toml", "-v"]);
    text.exit(0).stdout_has("group `slow` may take 0.3s and is expected to take");
    let output = repo.wt_orch(&["split", "tasks.toml", "--parallel=2", "--json"]);
    let run = output.exit(1).stdout_json();
    assert_eq!(
        outcomes(&run),
        [
            "one timed_out: the time of group `slow` was up (0.3s)",
            "two cancelled: the time of group `slow` was up (0.3s)",
            "other succeeded: changed 1 path",
        ]
    );
    output.stderr_has("the time of group `slow` is up (0.3s): stopping what is left of it");
    let kept = repo.git(&["for-each-ref", "--format=%(refname)", "refs/wt-orch"]);
    assert!(kept.contains("/one/"), "what it had done is kept: {kept}");
}

#[test]
fn only_the_failures_that_retry_on_names_are_tried_again() {
    let repo = small_repo();
    let text = r#"
        [defaults]
        retries = 2
        retry_on = ["exit:75"]
        check = "true"
        [[task]]
        id = "busy"
        run = "test -e ../busy && exit 3; touch ../busy; exit 75"
    "#;
    let run = split(&repo, text, &["--json"]).exit(1).stdout_json();
    assert_eq!(outcomes(&run), ["busy failed: exit code 3"]);
    assert_eq!(task(&run, "busy")["attempts"], 2);
}

#[test]
fn retry_on_without_retries_is_pointed_out_where_it_stands() {
    let repo = small_repo();
    tasks(
        &repo,
        "[[task]]\nid = 'a'\nrun = 'true'\ncheck = 'true'\nretry_on = ['exit']\n\
         [[task]]\nid = 'b'\nrun = 'true'\ncheck = 'true'\n",
    );
    let output = repo.wt_orch(&["check", "tasks.toml"]);
    output.stderr_has("task `a` is never tried again, so `retry_on` means nothing: `retries` is 0");
    output.stderr_has("tasks.toml:5:");
    tasks(
        &repo,
        "[defaults]\nretry_on = ['exit']\n[[task]]\nid = 'a'\nrun = 'true'\ncheck = 'true'\n",
    );
    let output = repo.wt_orch(&["check", "tasks.toml"]);
    output.stderr_has("no task is ever tried again, so `retry_on` means nothing");
}
