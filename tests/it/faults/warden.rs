//! F1, F3: wt-orch is killed, and its warden ends what it ran.
#![cfg(target_os = "linux")]

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{content, outcomes, small_repo, split, task, tasks};

/// Waits until nothing that was started here runs any more, the wardens included.
#[track_caller]
fn wait_until_all_is_gone(repo: &Repo) {
    for _ in 0..1000 {
        if repo.survivors().is_empty() && repo.wardens().is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("still there: {:?}, wardens {:?}", repo.survivors(), repo.wardens());
}

#[test]
fn whatever_a_killed_wt_orch_ran_is_gone_moments_later_and_nothing_else_is() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "plain"
        run = "echo half >> b.txt; touch ../plain; sleep 1000"
        check = "true"
        [[task]]
        id = "stubborn"
        run = "trap '' TERM HUP; setsid sh -c 'touch ../stubborn; while :; do sleep 0.05; done' & wait"
        check = "true"
    "#;
    tasks(&repo, text);
    let before = Fingerprint::of(&repo);
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("plain");
    repo.wait_for("stubborn");
    assert_eq!(repo.wardens().len(), 1);
    running.signal(Signal::KILL);
    // Its output closes although a warden is at work.
    assert_eq!(running.wait().code(), None);
    wait_until_all_is_gone(&repo);
    let left = std::fs::read_to_string(repo.root().join("repo-plain/b.txt")).unwrap();
    assert_eq!(left, "b\nhalf\n", "work is left where it was");
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(run["state"], "interrupted");
    repo.wt_orch(&["abort"]).exit(0).stderr_has("nothing of it was running");
    repo.wt_orch(&["clean", "--force"]).exit(0);
    before.assert_kept(&Fingerprint::of(&repo));
}

#[test]
fn a_check_that_resume_starts_again_is_not_for_the_old_warden() {
    let repo = small_repo();
    // The first check does not heed SIGTERM, so the warden needs its grace for it.
    let text = r#"
        [[task]]
        id = "a"
        run = "echo a > a"
        check = "trap '' TERM; touch ../check.$$; while ! test -e ../go; do sleep 0.02; done; sleep 0.2"
    "#;
    tasks(&repo, text);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
    let checks = || {
        let names = std::fs::read_dir(repo.root()).unwrap();
        names
            .filter(|name| name.as_ref().unwrap().path().to_string_lossy().contains("check."))
            .count()
    };
    let wait_for_checks = |wanted: usize| {
        for _ in 0..1000 {
            if checks() >= wanted {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{wanted} checks did not begin");
    };
    wait_for_checks(1);
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    let resumed = repo.command(&["resume", "--json"]).start();
    wait_for_checks(2);
    std::fs::write(repo.root().join("go"), "").unwrap();
    let run = resumed.wait().exit(0).stdout_json();
    assert_eq!(outcomes(&run), ["a succeeded: changed 1 path"]);
    wait_until_all_is_gone(&repo);
}

#[test]
fn a_warden_ends_with_the_run_and_a_run_does_not_need_it() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"a\"\ncheck = \"true\"\nrun = \"touch ../begun; \
                until test -e ../go; do sleep 0.02; done; env > seen\"\n";
    tasks(&repo, text);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("begun");
    repo.kill_wardens();
    std::fs::write(repo.root().join("go"), "").unwrap();
    let run = running.wait().exit(0).stdout_json();
    assert_eq!(task(&run, "a")["outcome"], "succeeded");
    assert!(content(&repo, "feature/a", "seen").unwrap().contains("WT_ORCH_DRIVER="));
    assert_eq!(repo.wardens(), [0; 0]);

    let other = small_repo();
    std::fs::write(other.root().join("go"), "").unwrap();
    split(&other, text, &[]).exit(0);
    assert_eq!(other.wardens(), [0; 0], "dismissed before the program ended");
}

#[test]
fn a_killed_integration_leaves_no_validation_behind() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "one"
        run = "echo one > one"
        check = "true"
        [[validate]]
        name = "slow"
        run = "touch ../validating; until test -e ../go; do sleep 0.02; done"
    "#;
    split(&repo, text, &[]).exit(0);
    let before = Fingerprint::of(&repo);
    let running = repo.command(&["integrate"]).start();
    repo.wait_for("validating");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    wait_until_all_is_gone(&repo);
    before.assert_kept(&Fingerprint::of(&repo).without_tmp());
    repo.wt_orch(&["clean"]).exit(0);
    assert!(!repo.root().join("repo-tasks.validate").exists());
    assert_eq!(repo.root().join("tmp").read_dir().unwrap().count(), 0);
    std::fs::write(repo.root().join("go"), "").unwrap();
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("one").unwrap(), "one\n");
}
