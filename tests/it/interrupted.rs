//! Runs that are interrupted, killed or aborted, and how they go on.

use insta::assert_snapshot;
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Fingerprint, Output, Repo};
use crate::scene::{content, go, outcomes, refs, small_repo, task, tasks, tip};

/// `slow` waits for a file that the test makes; the others are done or wait for it.
const SLOW: &str = r#"
    [[task]]
    id = "quick"
    run = "echo quick > quick"
    check = "true"
    [[task]]
    id = "slow"
    run = "echo begun >> b.txt; touch ../begun; until test -e ../go; do sleep 0.05; done; echo done >> b.txt"
    check = "true"
    [[task]]
    id = "after"
    depends_on = ["slow", "quick"]
    run = "cat quick b.txt > after"
    check = "true"
"#;

fn slow_repo() -> Repo {
    let repo = small_repo();
    tasks(&repo, SLOW);
    repo
}

/// Waits until a task of the run has this outcome.
#[track_caller]
fn wait_for_outcome(repo: &Repo, id: &str, outcome: &str) {
    for _ in 0..600 {
        let output = repo.wt_orch(&["status", "--json"]);
        if output.code() == Some(0) && task(&output.stdout_json(), id)["outcome"] == outcome {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("`{id}` is not {outcome}: {}", repo.wt_orch(&["status"]).exit(0).stdout());
}

/// Trees of all branches of tasks, and what would be landed.
fn trees(repo: &Repo) -> Vec<String> {
    ["quick", "slow", "after"].map(|id| tip(repo, &format!("feature/{id}^{{tree}}"))).into()
}

fn uninterrupted(arm: &str) -> Vec<String> {
    let repo = slow_repo();
    go(&repo);
    repo.wt_orch(&["split", "tasks.toml", arm]).exit(0);
    trees(&repo)
}

/// Starts the run, waits until `slow` is at work and `quick` is done, and ends it by a signal.
fn ended_by(repo: &Repo, signal: Signal, arm: &str) -> Output {
    let running = repo.command(&["split", "tasks.toml", arm, "--json"]).start();
    repo.wait_for("begun");
    wait_for_outcome(repo, "quick", "succeeded");
    if signal == Signal::KILL {
        // It would end what these tests want to see.
        repo.kill_wardens();
    }
    running.signal(signal);
    running.wait()
}

#[test]
fn an_interrupted_run_says_how_to_go_on_and_does() {
    for arm in ["--parallel=2", "--sequential"] {
        let repo = slow_repo();
        let before = Fingerprint::of(&repo);
        let output = ended_by(&repo, Signal::INT, arm);
        let run = output.exit(5).stdout_json();
        assert_eq!(run["state"], "interrupted");
        assert_eq!(task(&run, "quick")["outcome"], "succeeded");
        assert_eq!(task(&run, "slow")["outcome"], Value::Null);
        output.stderr_has("`wt-orch resume tasks` goes on");
        assert_eq!(repo.survivors(), [""; 0]);
        repo.wt_orch(&["status"]).exit(0).stdout_has("interrupted");

        go(&repo);
        let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
        assert_eq!(run["state"], "finished");
        assert_eq!(trees(&repo), uninterrupted(arm), "{arm}");
        assert_eq!(content(&repo, "feature/slow", "b.txt").unwrap(), "b\nbegun\ndone\n");
        before.assert_kept(&Fingerprint::of(&repo));
    }
}

#[test]
fn a_terminal_interrupts_the_whole_group_and_nothing_is_lost() {
    let repo = slow_repo();
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    running.signal_group(Signal::INT);
    let output = running.wait();
    output.exit(5).stdout_has("interrupted");
    assert_eq!(repo.survivors(), [""; 0]);
    go(&repo);
    repo.wt_orch(&["resume"]).exit(0);
    assert_eq!(trees(&repo), uninterrupted("--parallel=2"));
}

#[test]
fn a_second_interrupt_kills_what_does_not_stop() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"stubborn\"\ncheck = \"true\"\n\
                run = \"trap '' TERM INT; touch ../begun; while :; do sleep 0.05; done\"\n";
    tasks(&repo, text);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
    repo.wait_for("begun");
    running.signal(Signal::INT);
    // The grace would be ten seconds.
    std::thread::sleep(std::time::Duration::from_millis(100));
    running.signal(Signal::INT);
    running.wait().exit(5);
    assert_eq!(repo.survivors(), [""; 0]);
}

#[test]
fn after_a_kill_nothing_is_lost_and_resume_ends_the_strays() {
    for arm in ["--parallel=2", "--sequential"] {
        let repo = slow_repo();
        let output = ended_by(&repo, Signal::KILL, arm);
        assert_eq!(output.code(), None);
        let strays = repo.survivors().len();
        if cfg!(target_os = "linux") {
            assert!(strays > 0, "the task goes on without its parent");
        }
        let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
        assert_eq!(run["state"], "interrupted", "nobody drives it any more");
        // It ran to where it waits; `go` lets the stray end as well, were it not stopped.
        let resumed = repo.command(&["resume", "--json"]).start();
        std::thread::sleep(std::time::Duration::from_millis(200));
        go(&repo);
        let output = resumed.wait();
        let run = output.exit(0).stdout_json();
        assert_eq!(run["state"], "finished");
        assert_eq!(trees(&repo), uninterrupted(arm), "{arm}");
        assert_eq!(repo.survivors(), [""; 0]);
        repo.wt_orch(&["integrate"]).exit(0);
        assert_eq!(repo.read("after").unwrap(), "quick\nb\nbegun\ndone\n");
    }
}

#[test]
fn a_run_that_was_killed_before_anything_was_stored_leaves_nothing_to_resume() {
    let repo = small_repo();
    assert_snapshot!(repo.wt_orch(&["resume"]).snapshot(), @r"
    $ wt-orch resume
    exit: 4
    --- stderr
    error: nothing has run in this repository yet

    hint: start with `wt-orch split tasks.toml`
    ");
}

#[test]
fn a_run_is_aborted_from_elsewhere() {
    let repo = slow_repo();
    let running = repo.command(&["split", "tasks.toml", "--parallel=2", "--json"]).start();
    repo.wait_for("begun");
    wait_for_outcome(&repo, "quick", "succeeded");
    assert_snapshot!(repo.wt_orch(&["abort"]).snapshot(), @"
    $ wt-orch abort
    exit: 0
    --- stderr
    run `tasks` is being aborted: what runs is asked to stop
    hint: `wt-orch abort tasks` again kills what does not stop
    hint: `wt-orch clean tasks` removes what it left
    ");
    let run = running.wait().exit(1).stdout_json();
    assert_eq!(run["state"], "aborted");
    assert_eq!(
        outcomes(&run),
        [
            "quick succeeded: changed 1 path",
            "slow cancelled: stopped by the user",
            "after cancelled: stopped by the user",
        ]
    );
    assert_eq!(repo.survivors(), [""; 0]);
    // What it had done is kept, what was finished can land.
    let kept = "refs/wt-orch/tasks/slow/attempt-1";
    assert_eq!(content(&repo, kept, "b.txt").unwrap(), "b\nbegun\n");
    assert_snapshot!(repo.wt_orch(&["abort"]).snapshot(), @r"
    $ wt-orch abort
    exit: 4
    --- stderr
    error: run `tasks` is over (aborted)

    hint: `wt-orch report tasks` shows it
    ");
    let again = repo.wt_orch(&["resume", "--json"]).exit(1).stdout_json();
    assert_eq!(again["tasks"], run["tasks"]);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("quick").unwrap(), "quick\n");
}

#[test]
fn a_crashed_run_is_aborted_without_being_taken_up() {
    let repo = slow_repo();
    assert_eq!(ended_by(&repo, Signal::KILL, "--parallel=2").code(), None);
    assert_snapshot!(repo.wt_orch(&["abort"]).snapshot(), @"
    $ wt-orch abort
    exit: 0
    --- stderr
    run `tasks` is aborted; 2 processes it had left were stopped
    hint: `wt-orch clean tasks` removes what it left
    ");
    assert_eq!(repo.survivors(), [""; 0]);
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(run["state"], "aborted");
    assert_eq!(task(&run, "slow")["outcome"], "cancelled");
    // Its half-done work is still there to be looked at.
    let left = std::fs::read_to_string(repo.root().join("repo-slow/b.txt")).unwrap();
    assert_eq!(left, "b\nbegun\n");
    repo.wt_orch(&["clean"]).exit(0).stdout_has("kept worktree");
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(refs(&repo, "refs/wt-orch/tasks"), [""; 0]);
}

#[test]
fn an_interrupted_run_can_be_aborted_too() {
    let repo = slow_repo();
    ended_by(&repo, Signal::INT, "--parallel=2").exit(5);
    repo.wt_orch(&["abort"]).exit(0);
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(run["state"], "aborted");
    assert_eq!(task(&run, "after")["outcome"], "cancelled");
    repo.wt_orch(&["integrate"]).exit(0);
}

#[test]
fn only_one_process_drives_a_run() {
    let repo = slow_repo();
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    for command in [&["resume"][..], &["retry"], &["integrate"], &["clean"], &["clean", "--force"]]
    {
        let error = repo.wt_orch(&[command, &["--json"]].concat()).exit(4).stdout_json();
        assert_eq!(error["error"]["code"], "busy", "{command:?}");
        let hint = error["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("`wt-orch abort tasks`"), "{hint}");
    }
    go(&repo);
    running.wait().exit(0);
}

#[test]
fn a_run_that_is_over_prints_its_result_again() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"bad\"\nrun = \"exit 3\"\ncheck = \"true\"\n";
    tasks(&repo, text);
    let first = repo.wt_orch(&["split", "tasks.toml", "--parallel=1", "--json"]);
    let again = repo.wt_orch(&["resume", "--json"]);
    assert_eq!(first.exit(1).stdout_json(), again.exit(1).stdout_json());
    repo.wt_orch(&["resume"]).exit(1).stdout_has("bad");
}

#[test]
fn an_interrupted_integration_lands_nothing_and_starts_again() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "one"
        run = "echo one > one"
        check = "true"
        [[validate]]
        name = "slow"
        run = "touch ../validating; until test -e ../go; do sleep 0.05; done"
    "#;
    tasks(&repo, text);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    let before = Fingerprint::of(&repo);
    for signal in [Signal::INT, Signal::KILL] {
        let running = repo.command(&["integrate", "--json"]).start();
        repo.wait_for("validating");
        std::fs::remove_file(repo.root().join("validating")).unwrap();
        running.signal(signal);
        let output = running.wait();
        if signal == Signal::INT {
            let error = output.exit(5).stdout_json();
            assert_eq!(error["error"]["code"], "interrupted");
            assert_eq!(repo.survivors(), [""; 0]);
            before.assert_kept(&Fingerprint::of(&repo));
        }
        before.assert_kept(&Fingerprint::of(&repo).without_tmp());
    }
    go(&repo);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("one").unwrap(), "one\n");
    assert_eq!(repo.root().join("tmp").read_dir().unwrap().count(), 0);
    assert!(!repo.root().join("repo-tasks.validate").exists());
}

#[test]
fn an_interrupt_that_comes_while_git_merges_lands_nothing() {
    let repo = small_repo();
    repo.file(".gitattributes", "a.txt merge=slow\n").commit("attributes");
    let driver = "touch ../merging; until test -e ../go; do sleep 0.02; done; \
                  git merge-file --union %A %O %B";
    let text = "[[task]]\nid = \"one\"\nrun = \"echo four >> a.txt\"\ncheck = \"true\"\n";
    tasks(&repo, text);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    repo.file("a.txt", "zero\none\ntwo\nthree\n");
    repo.git(&["commit", "-qam", "meanwhile"]);
    let main = tip(&repo, "main");
    let driver = driver.replace("../", &format!("{}/", repo.root().display()));
    repo.git(&["config", "merge.slow.driver", &driver]);
    for signal in [Signal::INT, Signal::TERM] {
        let running = repo.command(&["integrate", "--json"]).start();
        repo.wait_for("merging");
        if signal == Signal::INT {
            running.signal_group(signal);
        } else {
            running.signal(signal);
        }
        go(&repo);
        let error = running.wait().exit(5).stdout_json();
        assert_eq!(error["error"]["code"], "interrupted");
        assert_eq!(tip(&repo, "main"), main);
        for name in ["merging", "go"] {
            std::fs::remove_file(repo.root().join(name)).unwrap();
        }
    }
    go(&repo);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("a.txt").unwrap(), "zero\none\ntwo\nthree\nfour\n");
}

#[test]
fn status_names_what_a_killed_run_left_running_and_what_ends_it() {
    let repo = slow_repo();
    assert_eq!(ended_by(&repo, Signal::KILL, "--parallel=2").code(), None);
    let left = repo.survivors();
    assert!(!left.is_empty());
    let status = repo.wt_orch(&["status"]).exit(0).stdout().to_owned();
    for process in &left {
        let (pid, command) = process.split_once(' ').unwrap();
        // The shell's own `sleep` comes and goes.
        assert!(command.starts_with("sleep") || status.contains(pid), "{pid} in {status}");
    }
    let words: Vec<&str> = status.split_whitespace().collect();
    let ways = "`wt-orch resume tasks` and `wt-orch abort tasks` both end";
    assert!(words.join(" ").contains(ways), "{status}");
    let warnings = || repo.wt_orch(&["status", "--json"]).stdout_json()["warnings"].clone();
    assert!(warnings()[0].as_str().unwrap().contains(" of it still run"));
    repo.wt_orch(&["status", "--watch"]).exit(0).stderr_has(" although nobody drives the run");
    repo.wt_orch(&["abort"]).exit(0).stderr_has("it had left were stopped");
    assert_eq!(repo.survivors(), [""; 0]);
    assert_eq!(warnings(), serde_json::json!([]));
}

#[test]
fn an_abort_that_a_kill_cut_short_is_finished_by_resume_and_not_called_off() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "slow"
        run = "trap 'touch ../asked' TERM; touch ../begun; until test -e ../go; do sleep 0.05; done"
        [[task]]
        id = "after"
        depends_on = ["slow"]
        run = "touch ../ran-after"
    "#;
    tasks(&repo, text);
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    repo.kill_wardens();
    repo.wt_orch(&["abort"]).exit(0).stderr_has("is being aborted");
    repo.wait_for("asked");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    go(&repo);
    let status = repo.wt_orch(&["status"]);
    status.exit(0).stdout_has("killed while the run was being aborted");
    status.stdout_has("wt-orch abort tasks   # finish the abort");
    for command in ["retry", "integrate", "clean"] {
        repo.wt_orch(&[command]).exit(4).stderr_has("`wt-orch resume tasks` finishes that");
    }
    repo.wt_orch(&["status", "--watch"]).exit(0).stderr_has("`wt-orch resume tasks` finishes that");
    let resumed = repo.wt_orch(&["resume", "--json"]);
    resumed.exit(1).stderr_has("was being aborted: the abort is finished");
    let run = resumed.stdout_json();
    assert_eq!(run["state"], "aborted");
    let cancelled = ["slow", "after"].map(|id| format!("{id} cancelled: stopped by the user"));
    assert_eq!(outcomes(&run), cancelled);
    assert!(!repo.root().join("ran-after").exists());
    assert_eq!(repo.survivors(), [""; 0]);
}
