//! How tasks run, fail, retry and build on one another.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::Repo;
use crate::scene::{content, outcomes, refs, small_repo, split, strings, task, tasks, tip};

/// Runs tasks side by side and returns the document and what was told meanwhile.
#[track_caller]
pub(crate) fn ran(repo: &Repo, text: &str, exit: i32) -> (Value, String) {
    let output = split(repo, text, &["--json"]);
    let document = output.exit(exit).stdout_json();
    (document, output.stderr().to_owned())
}

#[test]
fn a_failure_skips_its_dependents_and_nobody_else() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "bad"
        run = "echo half > half.txt; exit 7"
        check = "true"
        [[task]]
        id = "next"
        run = "true"
        depends_on = ["bad"]
        check = "true"
        [[task]]
        id = "last"
        run = "true"
        depends_on = ["next", "good"]
        check = "true"
        [[task]]
        id = "good"
        run = "echo fine > good.txt"
        check = "test -f good.txt"
        [[task]]
        id = "more"
        run = "cat good.txt > more.txt"
        depends_on = ["good"]
        check = "true"
    "#;
    let (run, _) = ran(&repo, text, 1);
    assert_eq!(
        outcomes(&run),
        [
            "bad failed: exit code 7",
            "next skipped: `bad` did not succeed",
            "last skipped: `next` did not succeed",
            "good succeeded: changed 1 path",
            "more succeeded: changed 1 path",
        ]
    );
    // What the failed task left is kept, not on its branch.
    assert_eq!(content(&repo, "refs/wt-orch/tasks/bad/attempt-1", "half.txt").unwrap(), "half\n");
    assert_eq!(tip(&repo, "feature/bad"), tip(&repo, "main"));
    assert_eq!(task(&run, "more")["start"], task(&run, "good")["tip"]);
}

#[test]
fn a_command_that_is_not_there_fails_its_task_and_says_so() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "shell"
        run = "no-such-command --at all"
        check = "true"
        [[task]]
        id = "argv"
        argv = ["no-such-program", "{id}"]
        check = "true"
        [[task]]
        id = "denied"
        argv = ["./a.txt"]
        check = "true"
    "#;
    let (run, _) = ran(&repo, text, 1);
    assert_eq!(
        outcomes(&run),
        [
            "shell failed: exit code 127 (command not found)",
            "argv failed: could not be started: program `no-such-program` not found",
            "denied failed: could not be started: no permission to execute `./a.txt`",
        ]
    );
    assert_eq!(task(&run, "shell")["exit_code"], 127);
    assert_eq!(task(&run, "argv")["exit_code"], Value::Null);
    repo.wt_orch(&["logs", "shell"]).exit(0).stdout_has("no-such-command");
}

#[test]
fn a_task_that_changes_nothing_succeeds_and_that_is_said() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"idle\"\nrun = \"true\"\ncheck = \"true\"\n";
    let (run, told) = ran(&repo, text, 0);
    assert_eq!(outcomes(&run), ["idle succeeded: changed nothing"]);
    assert!(told.contains("succeeded in") && told.contains("changed nothing"), "{told}");
    assert_eq!(task(&run, "idle")["tip"], task(&run, "idle")["start"]);
    assert_snapshot!(repo.wt_orch(&["integrate"]).snapshot(), @r"
    $ wt-orch integrate
    exit: 4
    --- stderr
    error: run `tasks` has nothing to land: no finished work that the target lacks

    hint: `wt-orch report tasks` shows what became of its tasks
    ");
}

#[test]
fn a_timeout_stops_the_task_with_everything_it_started() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "slow"
        run = "echo begun > begun.txt; sleep 600 & sleep 600"
        timeout = "300ms"
        check = "true"
        [[task]]
        id = "stubborn"
        run = "trap '' TERM; while :; do sleep 0.1; done"
        timeout = "300ms"
        check = "true"
        [[task]]
        id = "quick"
        run = "touch quick"
        timeout = "20s"
        check = "true"
    "#;
    tasks(&repo, text);
    let output = repo
        .command(&["split", "tasks.toml", "--parallel=3", "--json"])
        .env("WT_ORCH_RUN_GRACE", "200ms")
        .run();
    let run = output.exit(1).stdout_json();
    assert_eq!(
        outcomes(&run),
        [
            "slow timed_out: stopped after its timeout of 0.3s",
            "stubborn timed_out: stopped after its timeout of 0.3s",
            "quick succeeded: changed 1 path",
        ]
    );
    assert_eq!(repo.survivors(), [""; 0]);
    assert_eq!(
        content(&repo, "refs/wt-orch/tasks/slow/attempt-1", "begun.txt").unwrap(),
        "begun\n"
    );
}

#[test]
fn what_a_task_leaves_running_does_not_outlive_it() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "daemon"
        run = "sleep 600 > /dev/null 2>&1 & setsid sleep 601 > /dev/null 2>&1 & touch x"
        check = "true"
    "#;
    let (run, _) = ran(&repo, text, 0);
    assert_eq!(outcomes(&run), ["daemon succeeded: changed 1 path"]);
    assert_eq!(repo.survivors(), [""; 0]);
}

#[test]
fn rule_6_a_retry_starts_from_the_start_and_keeps_what_was_left() {
    let repo = small_repo();
    // Fails at first, after it has changed, committed and left something.
    let text = r#"
        [[task]]
        id = "flaky"
        run = """
          echo line >> b.txt; touch left-$WT_ORCH_ATTEMPT
          git add b.txt; git commit -qm "attempt $WT_ORCH_ATTEMPT"
          test $WT_ORCH_ATTEMPT = 2
        """
        retries = 2
        check = "true"
    "#;
    let (run, told) = ran(&repo, text, 0);
    assert_eq!(outcomes(&run), ["flaky succeeded: changed 2 paths"]);
    assert_eq!(task(&run, "flaky")["attempts"], 2);
    assert!(told.contains("attempt 1 failed: exit code 1; again in"), "{told}");
    assert_eq!(content(&repo, "feature/flaky", "b.txt").unwrap(), "b\nline\n");
    assert_eq!(content(&repo, "feature/flaky", "left-1"), None);
    assert_eq!(content(&repo, "feature/flaky", "left-2").unwrap(), "");
    let kept = "refs/wt-orch/tasks/flaky/attempt-1";
    assert_eq!(content(&repo, kept, "b.txt").unwrap(), "b\nline\n");
    assert_eq!(content(&repo, kept, "left-1").unwrap(), "");
    // Of both attempts, and of the check of the second one.
    assert_eq!(repo.wt_orch(&["logs"]).exit(0).stdout().lines().count(), 3);
}

#[test]
fn retries_run_out() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"bad\"\nrun = \"echo x >> b.txt; exit 1\"\nretries = 1\n\
                check = \"true\"\n";
    let (run, _) = ran(&repo, text, 1);
    assert_eq!(outcomes(&run), ["bad failed: exit code 1"]);
    assert_eq!(task(&run, "bad")["attempts"], 2);
    for attempt in [1, 2] {
        let kept = format!("refs/wt-orch/tasks/bad/attempt-{attempt}");
        assert_eq!(content(&repo, &kept, "b.txt").unwrap(), "b\nx\n", "attempt {attempt}");
    }
}

#[test]
fn a_check_sees_the_committed_tip_and_decides() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "right"
        run = "echo right > answer"
        check = "test \"$(git show HEAD:answer)\" = right && test -z \"$(git status --porcelain)\""
        [[task]]
        id = "wrong"
        run = "echo wrong > answer"
        check = "grep -q right answer"
        [[task]]
        id = "meddling"
        run = "echo right > answer"
        check = "echo forged > answer"
        [[task]]
        id = "absent"
        run = "echo right > answer"
        check = "no-such-checker"
    "#;
    let (run, _) = ran(&repo, text, 1);
    assert_eq!(
        outcomes(&run),
        [
            "right succeeded: changed 1 path",
            "wrong failed: its check failed: exit code 1",
            "meddling failed: its check failed: it changed tracked files (answer)",
            "absent failed: its check failed: exit code 127 (command not found)",
        ]
    );
    // The commit is what the task made, whatever its check did; and it never lands.
    assert_eq!(content(&repo, "feature/meddling", "answer").unwrap(), "right\n");
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["right"]);
}

#[test]
fn a_read_only_task_gives_its_stdout_as_result_and_must_not_write() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "review"
        read_only = true
        run = "echo to the log >&2; wc -l < a.txt"
        check = "true"
        [[task]]
        id = "scribble"
        read_only = true
        run = "echo result; echo x > b.txt; touch new"
        check = "true"
        [[task]]
        id = "builds"
        read_only = true
        run = "echo x > cache.o; echo built"
        check = "true"
    "#;
    repo.file(".gitignore", "*.o\n").commit("ignore");
    let (run, _) = ran(&repo, text, 1);
    assert_eq!(
        outcomes(&run),
        [
            "review succeeded: changed nothing",
            "scribble failed: is read-only but changed `b.txt`, `new`",
            "builds succeeded: changed nothing",
        ]
    );
    let result = task(&run, "review")["output"].as_str().unwrap();
    assert_eq!(std::fs::read_to_string(result).unwrap().trim(), "3");
    let log = repo.wt_orch(&["logs", "review"]);
    log.exit(0).stdout_has("to the log").stdout_has("3");
    assert_eq!(tip(&repo, "feature/review"), tip(&repo, "main"));
}

#[test]
fn writing_outside_of_owns_fails_the_task_and_names_the_paths() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "inside"
        owns = ["docs/**"]
        run = "echo x >> docs/read.me; mkdir docs/deep; echo y > docs/deep/er"
        check = "true"
        [[task]]
        id = "outside"
        owns = ["src/**"]
        run = "mkdir src; echo x > src/ok; echo y >> b.txt; rm a.txt"
        check = "true"
    "#;
    let (run, _) = ran(&repo, text, 1);
    assert_eq!(
        outcomes(&run),
        [
            "inside succeeded: changed 2 paths",
            "outside failed: changed paths outside its `owns`: `a.txt`, `b.txt`",
        ]
    );
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["inside"]);
}

#[test]
fn what_a_task_commits_itself_counts_and_the_rest_is_committed_for_it() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "author"
        title = "Write two files"
        run = """
          echo 1 > own; git add own
          git -c user.name=Agent -c user.email=agent@example.org commit -qm 'My own words'
          echo 2 > left
        """
        check = "true"
    "#;
    let (run, _) = ran(&repo, text, 0);
    assert_eq!(strings(&task(&run, "author")["changed_paths"]), ["left", "own"]);
    let log = repo.git(&["log", "--format=%an: %s", "main..feature/author"]);
    assert_eq!(log, "Ann: Write two files\nAgent: My own words");
    assert_eq!(refs(&repo, "refs/wt-orch"), [""; 0]);
}

#[test]
fn the_verdict_is_taken_and_can_be_overruled() {
    let repo = small_repo();
    let long = |id: &str| {
        format!("[[task]]\nid = \"{id}\"\nrun = \"true\"\nestimate = \"20m\"\ncheck = \"true\"\n")
    };
    tasks(&repo, &(long("a") + &long("b") + &long("c")));
    let plan = |options: &[&str]| {
        let output = repo.wt_orch(&[&["plan", "tasks.toml", "--json"], options].concat());
        let plan = output.exit(0).stdout_json();
        (plan["verdict"].as_str().unwrap().to_owned(), plan["width"].as_u64().unwrap())
    };
    assert_eq!(plan(&[]).0, "parallel");
    assert_eq!(plan(&["--sequential"]), ("sequential".to_owned(), 1));
    assert_eq!(plan(&["--parallel=3"]), ("parallel".to_owned(), 3));
    let short = "[[task]]\nid = \"a\"\nrun = \"true\"\nestimate = \"10ms\"\ncheck = \"true\"\n\
                 [[task]]\nid = \"b\"\nrun = \"true\"\nestimate = \"10ms\"\ncheck = \"true\"\n";
    tasks(&repo, short);
    assert_eq!(plan(&[]), ("sequential".to_owned(), 1));
    assert_eq!(plan(&["--parallel=2"]), ("parallel".to_owned(), 2));
}
