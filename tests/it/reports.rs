//! Looking at runs: status, logs, report; names of runs; several at once.

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::scene::{beside, outcomes, refs, small_repo, split, task, tasks, tip};

const TWO: &str = r#"
    name = "work"
    [[task]]
    id = "good"
    title = "Do good"
    run = "echo said; echo aside >&2; echo x > good"
    check = "true"
    [[task]]
    id = "bad"
    run = "echo oops; exit 3"
    check = "true"
    [[task]]
    id = "rival"
    run = "echo y > good"
    check = "true"
"#;

#[test]
fn a_report_is_the_same_whenever_it_is_made_and_outlives_the_cleaning() {
    let repo = small_repo();
    let split = split(&repo, TWO, &["--integrate"]);
    split.exit(3);
    let report =
        |format: &str| repo.wt_orch(&["report", "--format", format]).exit(0).stdout().to_owned();
    for format in ["text", "md", "json"] {
        assert_eq!(report(format), report(format), "{format}");
    }
    // What split printed at its end is the report.
    assert_eq!(split.stdout(), report("text"));
    let text = report("text");
    for section in [
        "Decomposition",
        "Verdict",
        "Worktrees",
        "Timeline",
        "Resources",
        "Predicted against actual",
        "Integration",
        "Conflicts and how to resolve them",
    ] {
        assert!(text.contains(&format!("\n{section}\n")), "no section {section}:\n{text}");
        assert!(report("md").contains(&format!("## {section}\n")), "{section} in Markdown");
    }
    let before = [report("text"), report("md")];
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!([report("text"), report("md")], before);
}

#[test]
fn logs_hold_what_tasks_wrote() {
    let repo = small_repo();
    split(&repo, TWO, &[]).exit(1);
    assert_eq!(repo.wt_orch(&["logs", "bad"]).exit(0).stdout(), "oops\n");
    assert_eq!(repo.wt_orch(&["logs", "work", "good"]).exit(0).stdout(), "said\naside\n");
    let list = repo.wt_orch(&["logs"]);
    assert_eq!(list.exit(0).stdout().lines().count(), 5);
    list.stdout_has("good  attempt 1, check  ");
    assert_snapshot!(repo.wt_orch(&["logs", "goood"]).snapshot(), @r"
    $ wt-orch logs goood
    exit: 4
    --- stderr
    error: `goood` is neither a run nor a task of the newest run, `work`

    hint: did you mean `good`?
    ");
    assert_snapshot!(repo.wt_orch(&["logs", "work", "goood"]).snapshot(), @r"
    $ wt-orch logs work goood
    exit: 4
    --- stderr
    error: run `work` has no task `goood`

    hint: did you mean `good`?
    ");
    assert_snapshot!(repo.wt_orch(&["logs", "work", "good", "--attempt", "2"]).snapshot(), @r"
    $ wt-orch logs work good --attempt 2
    exit: 4
    --- stderr
    error: there is no output of task `good`, attempt 2

    hint: `wt-orch logs work` lists what there is
    ");
}

#[test]
fn a_word_that_is_no_run_and_no_task_says_so_beside_a_run_that_cannot_be_read() {
    let repo = small_repo();
    for name in ["damaged", "older", "newest"] {
        let id = format!("of_{name}");
        let text = format!("name = \"{name}\"\n[[task]]\nid = \"{id}\"\nrun = \"true\"\n");
        split(&repo, &format!("{text}check = \"true\"\n"), &[]).exit(0);
    }
    let store = rusqlite::Connection::open(repo.path(".git/wt-orch/state.db")).unwrap();
    store.execute("UPDATE events SET body = '{}' WHERE run = 1", []).unwrap();
    drop(store);
    let unknown = |word: &str| format!("`{word}` is neither a run nor a task of the newest run");
    repo.wt_orch(&["logs", "nothing"]).exit(4).stderr_has(&unknown("nothing"));
    let logs = repo.wt_orch(&["logs", "of_older"]);
    logs.exit(4).stderr_has(&unknown("of_older")).stderr_has("`older of_older`");
}

#[test]
fn status_tells_of_a_run_that_is_at_work_and_of_all_runs() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "slow"
        run = "echo first line; touch ../begun; until test -e ../go; do sleep 0.05; done"
        check = "true"
        [[task]]
        id = "after"
        depends_on = ["slow"]
        run = "true"
        check = "true"
    "#;
    tasks(&repo, text);
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    let status = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(status["state"], "running");
    assert_eq!(task(&status, "slow")["state"], "running");
    assert_eq!(task(&status, "after")["state"], "pending");
    assert_snapshot!(repo.wt_orch(&["status"]).snapshot(), @r"
    $ wt-orch status
    exit: 0
    --- stdout
    run `tasks` running for [DURATION]: 0 of 2 tasks succeeded

    Verdict
      PARALLEL on 2 slots

    Tasks
      Task   State    Tries  Time  Detail
      slow   running      1 [DURATION] in `[TMP]/repo-slow`
      after  pending      0        waits for `slow`

    Next
      wt-orch logs tasks slow  # see what it prints
      wt-orch abort tasks      # stop the run
    ");
    assert_eq!(repo.wt_orch(&["logs", "slow"]).exit(0).stdout(), "first line\n");
    std::fs::write(repo.root().join("go"), "").unwrap();
    running.wait().exit(0);
    assert_snapshot!(repo.wt_orch(&["status", "--all"]).snapshot(), @r"
    $ wt-orch status --all
    exit: 0
    --- stdout
    tasks [TIME] finished  2 of 2 tasks succeeded
    ");
}

#[test]
fn runs_are_named_by_the_file_and_a_number_is_added_to_a_repeat() {
    let repo = small_repo();
    split(&repo, TWO, &[]).exit(1);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    let again = split(&repo, TWO, &["--json"]).exit(1).stdout_json();
    assert_eq!(again["run"], "work-2");
    assert_eq!(repo.wt_orch(&["status", "--json"]).exit(0).stdout_json()["run"], "work-2");
    assert_eq!(repo.wt_orch(&["status", "work", "--json"]).exit(0).stdout_json()["run"], "work");
    repo.wt_orch(&["clean", "--force"]).exit(0);
    // Without a name: the file's.
    repo.file("My Tasks.toml", "[[task]]\nid = \"x\"\nrun = \"true\"\ncheck = \"true\"\n");
    let run = repo.wt_orch(&["split", "My Tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(run["run"], "my-tasks");
}

#[test]
fn two_runs_go_on_at_once_in_one_repository() {
    let repo = small_repo();
    let waiting = |id: &str| {
        format!(
            "name = \"{id}\"\n[[task]]\nid = \"{id}\"\ncheck = \"true\"\n\
             run = \"touch ../{id}.begun; until test -e ../go; do sleep 0.05; done; echo {id} > {id}\"\n"
        )
    };
    repo.file("one.toml", &waiting("one")).file("two.toml", &waiting("two"));
    let one = repo.command(&["split", "one.toml", "--parallel=1", "--json"]).start();
    let two = repo.command(&["split", "two.toml", "--sequential", "--json"]).start();
    repo.wait_for("one.begun");
    repo.wait_for("two.begun");
    for run in ["one", "two"] {
        let status = repo.wt_orch(&["status", run, "--json"]).exit(0).stdout_json();
        assert_eq!(status["state"], "running");
    }
    std::fs::write(repo.root().join("go"), "").unwrap();
    for (running, id) in [(one, "one"), (two, "two")] {
        let run = running.wait().exit(0).stdout_json();
        assert_eq!(outcomes(&run), [format!("{id} succeeded: changed 1 path")]);
    }
    repo.wt_orch(&["integrate", "one"]).exit(0);
    repo.wt_orch(&["integrate", "two"]).exit(0);
    assert_eq!(
        (repo.read("one").unwrap(), repo.read("two").unwrap()),
        ("one\n".into(), "two\n".into())
    );
    repo.wt_orch(&["clean", "--all"]).exit(0);
    assert_eq!(beside(&repo), ["go", "one.begun", "two.begun"]);
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/main"]);
}

#[test]
fn a_broken_stdout_stops_nothing() {
    let repo = small_repo();
    tasks(&repo, TWO);
    let program = assert_cmd::cargo::cargo_bin!("wt-orch").display().to_string();
    let line = format!("{program} split tasks.toml --parallel=2 2>&1 | head -n 1");
    repo.program("sh", &["-c", &line]).run().exit(0);
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(run["state"], "finished");
}

#[test]
fn failed_tasks_are_retried_with_what_depends_on_them() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "needy"
        run = "echo try >> b.txt; test -e ../go"
        check = "true"
        [[task]]
        id = "after"
        depends_on = ["needy"]
        run = "cp b.txt copy"
        check = "true"
        [[task]]
        id = "done"
        run = "echo $WT_ORCH_ATTEMPT > done"
        check = "true"
    "#;
    split(&repo, text, &[]).exit(1);
    let first = tip(&repo, "feature/done");
    // Still the same: it fails again and says so.
    repo.wt_orch(&["retry"]).exit(1).stderr_has("to run again: `needy`, `after`");
    std::fs::write(repo.root().join("go"), "").unwrap();
    let run = repo.wt_orch(&["retry", "--json"]).exit(0).stdout_json();
    assert_eq!(
        outcomes(&run),
        [
            "needy succeeded: changed 1 path",
            "after succeeded: changed 1 path",
            "done succeeded: changed 1 path",
        ]
    );
    assert_eq!(task(&run, "needy")["attempts"], 3);
    assert_eq!(tip(&repo, "feature/done"), first);
    assert_eq!(
        repo.git(&["show", "feature/after:copy"]),
        "b\ntry",
        "each attempt starts from the start"
    );
    assert_snapshot!(repo.wt_orch(&["retry"]).snapshot(), @r"
    $ wt-orch retry
    exit: 4
    --- stderr
    error: every task of `tasks` succeeded

    hint: name a task to run it again: `wt-orch retry tasks TASK`
    ");
    // A named task is run again, with its dependents, from where it started.
    let run = repo.wt_orch(&["retry", "needy", "--json"]).exit(0).stdout_json();
    assert_eq!(
        (&task(&run, "needy")["attempts"], &task(&run, "after")["attempts"]),
        (&4.into(), &2.into())
    );
    assert_eq!(task(&run, "done")["attempts"], 1);
    assert_eq!(task(&run, "after")["start"], task(&run, "needy")["tip"]);
    assert_snapshot!(repo.wt_orch(&["retry", "tasks", "ned"]).snapshot(), @"
    $ wt-orch retry tasks ned
    exit: 4
    --- stderr
    error: run `tasks` has no task `ned`

    hint: did you mean `needy`?
    ");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("copy").unwrap(), "b\ntry\n");
}

#[test]
fn an_interrupted_run_is_resumed_not_retried() {
    let repo = small_repo();
    tasks(&repo, "[[task]]\nid = \"slow\"\nrun = \"touch ../begun; sleep 60\"\ncheck = \"true\"\n");
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
    repo.wait_for("begun");
    running.signal(Signal::TERM);
    running.wait().exit(5);
    assert_snapshot!(repo.wt_orch(&["retry"]).snapshot(), @r"
    $ wt-orch retry
    exit: 4
    --- stderr
    error: run `tasks` is not over

    hint: `wt-orch resume tasks` goes on with it, `wt-orch abort tasks` ends it
    ");
}
