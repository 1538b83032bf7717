//! What documents and reports of a race say, where that takes more than a table.

use serde_json::Value;

use crate::racing::{ARMS, RULES, arm, race, raced, verdicts};
use crate::scene::small_repo;

#[test]
fn where_the_control_cannot_be_run_the_race_says_why() {
    let repo = small_repo();
    let text = format!("[race]\ncheck = 'rm -rf \"$PWD\"'\n{ARMS}");
    race(&repo, &text, &[]).exit(1).stdout_has("came to no result on the base: ");
    let found = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json()["race"].clone();
    assert_eq!(verdicts(&found), ["wrong stopped", "right stopped"]);
    assert_eq!(
        arm(&found, "wrong")["reason"],
        "never began: the check came to no result on the base"
    );
    assert!(found["control"]["reason"].as_str().is_some_and(|why| !why.is_empty()), "{found:#}");
    // A program that is not there fails as well, and shows nothing of the bug.
    let text = format!("[race]\ncheck = 'no-such-program'\n{ARMS}");
    race(&repo, &text, &[]).exit(1).stdout_has("exit code 127").stdout_has("`[[setup]]`");
    let found = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json()["race"].clone();
    assert_eq!(found["control"]["outcome"], Value::Null, "{found:#}");
}

#[test]
fn logs_of_an_arm_that_fails_show_what_it_printed_and_where_the_check_failed() {
    let repo = small_repo();
    let text = "[race]\ncheck = 'echo the check says no; exit 3'\n[[hypothesis]]\nid = 'only'\nrun = \
                'echo made it; echo 1 >> a.txt'\n";
    let output = race(&repo, text, &[]);
    output.exit(1).stdout_has("control: its check ended with exit code 3; the end of its output:");
    let logs = repo.wt_orch(&["logs", "only"]);
    assert_eq!(logs.exit(0).stdout(), "made it\nthe check says no\n");
    logs.stderr_has("the check, which failed:");
    let told = repo.wt_orch(&["logs", "only", "--json"]).exit(0).stdout_json().clone();
    assert_eq!(told["checks"][0]["text"], "the check says no\n", "{told:#}");
    assert_eq!(told["text"], "made it\n", "{told:#}");
}

#[test]
fn a_check_that_names_what_is_not_committed_is_warned_of() {
    let repo = small_repo();
    repo.file("new.sh", "exit 1\n");
    let output = race(&repo, &format!("[race]\ncheck = 'sh ./new.sh'\n{ARMS}"), &[]);
    output.exit(1).stderr_has("the check names `new.sh`, which is not committed");
    repo.commit("new");
    let output = race(&repo, &format!("[race]\ncheck = 'sh ./new.sh'\n{ARMS}"), &[]);
    assert!(!output.exit(1).stderr().contains("the check names"), "{output}");
}

#[test]
fn paths_are_named_as_everywhere_and_status_names_the_winner() {
    let repo = small_repo();
    repo.file("fix.patch", "--- a/a.txt\n+++ b/a.txt\n@@ -3 +3,2 @@\n three\n+fixed\n");
    let text = format!(
        "{RULES}[[hypothesis]]\nid = 'odd'\nrun = \"\"\"echo fixed >> 'ü \"q\".txt'; echo fixed >> a.txt\"\"\"\n\
         [[hypothesis]]\nid = 'patch'\npatch = 'fix.patch'\n"
    );
    let text = text.replace("[race]", "[race]\nstop = 'all'");
    let found = raced(&repo, &text, 0);
    assert_eq!(found["winner"], "patch");
    let paths = arm(&found, "odd")["changed_paths"].as_array().unwrap();
    assert_eq!(paths, &["a.txt", "ü \"q\".txt"].map(Value::from));
    repo.wt_orch(&["status"])
        .exit(0)
        .stdout_has("`patch` is proved")
        .stdout_has("3 of 3 tasks succeeded");
    repo.wt_orch(&["report"]).exit(0).stdout_has("what it begins with, ");
}

#[test]
fn a_check_that_prints_a_lot_is_read_from_its_end() {
    let repo = small_repo();
    let text = "[race]\ncheck = 'yes p95 = 9 | head -c 6000000; grep -q fixed a.txt || exit 3; printf \"p95 = \\033[1m%s\\033[0m\\n\" 1.5'\n\
        metric = '^p95 = ([0-9.]+)$'\n\
        [[hypothesis]]\nid = 'right'\nrun = 'echo fixed >> a.txt'\n";
    let found = raced(&repo, text, 0);
    assert_eq!(arm(&found, "right")["metric"], 1.5);
}

#[test]
fn a_number_is_found_however_much_the_check_prints_behind_it() {
    let repo = small_repo();
    let text = "[race]\ncheck = 'echo p95 = 9; echo p95 = 1.5; yes noise | head -c 9000000; grep -q fixed a.txt'\n\
        metric = '^p95 = ([0-9.]+)$'\n\
        [[hypothesis]]\nid = 'right'\nrun = 'echo fixed >> a.txt'\n";
    let found = raced(&repo, text, 0);
    assert_eq!(arm(&found, "right")["metric"], 1.5);
}
