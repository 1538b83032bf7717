//! When tasks start, and from what.

use serde_json::Value;

use crate::running::ran;
use crate::scene::{content, outcomes, small_repo, strings, task, tasks};

#[test]
fn rule_4_tasks_whose_claims_overlap_never_run_at_once_and_the_second_builds_on_the_first() {
    let repo = small_repo();
    // The folder fails to be made when the other is still at work.
    let guarded = |id: &str| {
        format!(
            "[[task]]\nid = \"{id}\"\nowns = [\"a.txt\"]\ncheck = \"true\"\n\
             run = \"mkdir ../busy || exit 9; sleep 0.1; echo {id} >> a.txt; rmdir ../busy\"\n"
        )
    };
    let text = format!("{}{}{}", guarded("one"), guarded("two"), guarded("three"));
    let (run, _) = ran(&repo, &text, 0);
    assert_eq!(run["verdict"], "parallel");
    let lines = "one\ntwo\nthree\n";
    let last = ["one", "two", "three"]
        .map(|id| content(&repo, &format!("feature/{id}"), "a.txt").unwrap().lines().count());
    let mut sorted = last;
    sorted.sort_unstable();
    assert_eq!(sorted, [4, 5, 6], "each starts from the tip of the one before");
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(landed["ejected"].as_array().unwrap().len(), 0);
    let landed = repo.read("a.txt").unwrap();
    assert!(landed.starts_with(lines) && landed.lines().count() == 6, "{landed}");
}

#[test]
fn a_lock_is_held_by_one_task_at_a_time() {
    let repo = small_repo();
    let guarded = |id: &str| {
        format!(
            "[[task]]\nid = \"{id}\"\nlocks = [\"port\"]\ncheck = \"true\"\n\
             run = \"mkdir ../busy || exit 9; sleep 0.1; touch {id}; rmdir ../busy\"\n"
        )
    };
    let (run, _) = ran(&repo, &(guarded("one") + &guarded("two")), 0);
    assert_eq!(run["state"], "finished");
}

#[test]
fn rule_3_a_dependent_starts_from_the_merge_of_its_dependencies() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "left"
        run = "printf 'ONE\ntwo\nthree\n' > a.txt"
        check = "true"
        [[task]]
        id = "right"
        run = "echo right >> b.txt"
        check = "true"
        [[task]]
        id = "both"
        depends_on = ["left", "right"]
        run = "cat a.txt b.txt > both.txt"
        check = "true"
    "#;
    let (run, _) = ran(&repo, text, 0);
    let start = task(&run, "both")["start"].as_str().unwrap();
    let parents = repo.git(&["log", "-1", "--format=%P", start]);
    let tips: Vec<&str> =
        ["left", "right"].map(|id| task(&run, id)["tip"].as_str().unwrap()).into();
    assert_eq!(parents.split(' ').collect::<Vec<_>>(), tips);
    assert_eq!(content(&repo, "feature/both", "both.txt").unwrap(), "ONE\ntwo\nthree\nb\nright\n");
    repo.wt_orch(&["integrate"]).exit(0);
    assert!(repo.read("both.txt").is_some());
}

#[test]
fn rule_3_tips_that_conflict_before_a_task_starts_skip_it_with_the_pair_and_the_paths() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "left"
        run = "echo left > a.txt"
        check = "true"
        [[task]]
        id = "right"
        run = "echo right > a.txt"
        check = "true"
        [[task]]
        id = "both"
        depends_on = ["left", "right"]
        run = "touch both"
        check = "true"
        [[task]]
        id = "after"
        depends_on = ["both"]
        run = "touch after"
        check = "true"
    "#;
    let (run, _) = ran(&repo, text, 1);
    assert_eq!(
        outcomes(&run),
        [
            "left succeeded: changed 1 path",
            "right succeeded: changed 1 path",
            "both skipped: `left` and `right`, which it starts from, conflict in `a.txt`; `wt-orch integrate tasks \
             --manual` lets you resolve that and lands both, then `wt-orch retry tasks` starts it",
            "after skipped: `both` did not succeed",
        ]
    );
    assert_eq!(task(&run, "both")["tip"], Value::Null);
}

#[test]
fn a_gate_lets_the_next_phase_begin_or_not() {
    let gated = |gate: &str| {
        format!(
            "[[task]]\nid = \"one\"\nphase = \"first\"\nrun = \"echo x > one\"\ncheck = \"true\"\n\
             [[task]]\nid = \"two\"\nphase = \"first\"\nrun = \"echo x > two\"\ncheck = \"true\"\n\
             [[task]]\nid = \"three\"\nphase = \"second\"\nrun = \"cat one two > three\"\n\
             check = \"true\"\n\
             [[gate]]\nafter = \"first\"\nrun = \"{gate}\"\n"
        )
    };
    let repo = small_repo();
    let (run, _) = ran(&repo, &gated("test -f one && test -f two"), 0);
    assert_eq!(
        outcomes(&run),
        [
            "one succeeded: changed 1 path",
            "two succeeded: changed 1 path",
            "three succeeded: changed 1 path",
            "gate.first succeeded: changed nothing",
        ]
    );
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]).len(), 3);
    assert_eq!(repo.read("three").unwrap(), "x\nx\n");

    let repo = small_repo();
    let (run, _) = ran(&repo, &gated("test -f missing"), 1);
    assert_eq!(
        outcomes(&run)[2..],
        ["three skipped: `gate.first` did not succeed", "gate.first failed: exit code 1",]
    );
}

#[test]
fn a_task_sees_its_own_coordinates_and_no_credentials() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "look"
        read_only = true
        env = { MINE = "yes" }
        run = "echo $WT_ORCH_RUN $WT_ORCH_TASK $MINE ${GITHUB_TOKEN-none} ${GIT_DIR-none}; pwd; cat"
        check = "true"
    "#;
    tasks(&repo, text);
    repo.command(&["split", "tasks.toml", "--parallel=1"])
        .env("GITHUB_TOKEN", "secret")
        .env("GIT_DIR", "/nowhere")
        .input("typed\n")
        .run()
        .exit(0);
    let log = repo.wt_orch(&["logs", "look"]);
    assert_eq!(
        log.exit(0).stdout(),
        format!("tasks look yes none none\n{}\n", repo.root().join("repo-look").display())
    );
}
