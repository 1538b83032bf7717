//! F15: whoever reads what wt-orch prints is slow, or stops reading.

use std::time::Duration;

use serde_json::Value;

use crate::harness::Repo;
use crate::scene::{outcomes, small_repo, tasks};

const TWO: &str = r#"
    [[task]]
    id = "one"
    run = "echo one > one"
    check = "true"
    [[task]]
    id = "two"
    depends_on = ["one"]
    run = "echo two > two; touch ../done"
    check = "true"
"#;

/// Runs a shell script that may name the program as `$WT_ORCH`.
fn script(repo: &Repo, text: &str) {
    let program = assert_cmd::cargo::cargo_bin!("wt-orch");
    let invocation = repo.program("sh", &["-c", text]).env("WT_ORCH", program);
    invocation.limit(Duration::from_secs(20)).run().exit(0);
}

fn last_run(repo: &Repo) -> Value {
    repo.wt_orch(&["status", "--json"]).exit(0).stdout_json()
}

#[test]
fn a_run_goes_on_when_nobody_reads_what_it_prints() {
    let repo = small_repo();
    tasks(&repo, TWO);
    // The pipe is all but full before the run begins, and nobody reads before its last task is at
    // work.
    script(
        &repo,
        "{ head -c 65000 /dev/zero; \"$WT_ORCH\" split tasks.toml --parallel=2 -v; } 2>&1 | \
         { until test -e ../done; do sleep 0.02; done; cat > ../lines; }",
    );
    assert_eq!(last_run(&repo)["state"], "finished");
    let lines = std::fs::read_to_string(repo.root().join("lines")).unwrap();
    assert!(lines.contains("two  succeeded"), "nothing of it is lost: {lines}");
    assert_eq!(repo.survivors(), [""; 0]);
}

#[test]
fn a_run_does_not_mind_a_reader_that_has_seen_enough() {
    for text in [
        "\"$WT_ORCH\" split tasks.toml --parallel=2 -v 2>&1 | head -n 1",
        "\"$WT_ORCH\" split tasks.toml --parallel=2 --json | true",
        "\"$WT_ORCH\" split tasks.toml --parallel=2 >&- 2>&-; test $? = 0",
    ] {
        let repo = small_repo();
        tasks(&repo, TWO);
        script(&repo, text);
        // The shell waits for the last of a pipe only.
        for _ in 0..500 {
            if repo.survivors().is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let run = last_run(&repo);
        assert_eq!(run["state"], "finished", "{text}");
        assert_eq!(
            outcomes(&run),
            ["one succeeded: changed 1 path", "two succeeded: changed 1 path"]
        );
    }
}

#[test]
fn every_command_that_prints_much_ends_quietly_on_a_closed_pipe() {
    let repo = small_repo();
    tasks(&repo, TWO);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
    for command in ["status --watch", "report", "plan tasks.toml --format=md", "--help", "man"] {
        let text = format!(
            "\"$WT_ORCH\" {command} 2>../err | true; test ! -s ../err || cat ../err >&2; test ! -s ../err"
        );
        if command.starts_with("plan") {
            // Its notes are no complaint.
            script(&repo, &text.replace("2>../err", "2>&1"));
        } else {
            script(&repo, &text);
        }
    }
}
