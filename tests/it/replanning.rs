//! Another order for what waits, once a task ended otherwise than planned.

use rustix::process::Signal;

use crate::harness::Output;
use crate::scene::{go, outcomes, small_repo, task, tasks};

/// In the plan `feeder` comes before `solo`, for what hangs on it. Once `bad` has failed nothing
/// does, and `solo` is the longer one. `hold` and `next` keep both slots until the order is another.
const TASKS: &str = r#"
    [[task]]
    id = "bad"
    priority = "high"
    estimate = "5m"
    owns = ["bad"]
    run = "exit 1"
    check = "true"
    [[task]]
    id = "hold"
    priority = "high"
    estimate = "25m"
    owns = ["hold"]
    run = "until test -e ../go && test -e ../repo-feeder; do sleep 0.02; done"
    check = "true"
    timeout = "60s"
    [[task]]
    id = "next"
    priority = "high"
    estimate = "10m"
    owns = ["next"]
    run = """
        until grep -qa '"replanned"' ../repo/.git/wt-orch/state.db*; do sleep 0.02; done
        touch ../begun
        until test -e ../go; do sleep 0.02; done"""
    check = "true"
    timeout = "60s"
    [[task]]
    id = "feeder"
    estimate = "1m"
    owns = ["feeder"]
    run = "test -e ../solo-first"
    check = "true"
    [[task]]
    id = "long"
    depends_on = ["bad", "feeder"]
    estimate = "60m"
    owns = ["long"]
    run = "true"
    check = "true"
    [[task]]
    id = "solo"
    estimate = "20m"
    owns = ["solo"]
    run = "touch ../solo-first"
    check = "true"
"#;

/// `feeder` succeeds only after `solo`.
#[track_caller]
fn assert_solo_first(output: &Output) {
    let run = output.exit(1).stdout_json();
    assert_eq!(
        outcomes(&run),
        [
            "bad failed: exit code 1",
            "hold succeeded: changed nothing",
            "next succeeded: changed nothing",
            "feeder succeeded: changed nothing",
            "long skipped: `bad` did not succeed",
            "solo succeeded: changed nothing",
        ]
    );
}

#[test]
fn what_nothing_hangs_on_any_more_waits_for_what_is_longer() {
    let repo = small_repo();
    tasks(&repo, TASKS);
    let plan = repo.wt_orch(&["plan", "tasks.toml", "--parallel=2", "--json"]);
    let plan = plan.exit(0).stdout_json();
    let start = |id| task(&plan, id)["start_s"].as_f64().unwrap();
    assert!(start("feeder") < start("solo"));
    go(&repo);
    let split = ["split", "tasks.toml", "--parallel=2", "--json", "-v"];
    let output = repo.wt_orch(&split);
    assert_solo_first(&output);
    output.stderr_has("what waits gets another order: `bad` ended otherwise than planned");
}

#[test]
fn a_killed_run_goes_on_in_the_other_order() {
    let repo = small_repo();
    tasks(&repo, TASKS);
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    go(&repo);
    assert_solo_first(&repo.wt_orch(&["resume", "--json"]));
}
