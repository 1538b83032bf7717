//! `integrate.speculate`: what has succeeded is merged and validated while other tasks still run.

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Invocation, Repo};
use crate::integrating::{appends, integrate};
use crate::scene::{beside, content, refs, small_repo, strings, tasks};

/// Ends once the file is there beside the worktree, after a minute at most.
fn waits(id: &str, file: &str, then: &str) -> String {
    let until = format!(
        "n=0; until test -e ../{file}; do n=$((n+1)); test $n -lt 6000 || exit 9; sleep 0.01; done"
    );
    format!("[[task]]\nid = \"{id}\"\nrun = '''{until}; {then}'''\ncheck = \"true\"\n")
}

fn validation(run: &str) -> String {
    format!("[[validate]]\nname = \"all\"\nrun = '''{run}'''\n")
}

fn splitting<'a>(repo: &'a Repo, text: &str) -> Invocation<'a> {
    tasks(repo, text);
    let command = repo.command(&["split", "tasks.toml", "--parallel=3", "--json"]);
    command.env("WT_ORCH_INTEGRATE_SPECULATE", "true")
}

fn warnings(document: &Value) -> String {
    strings(&document["warnings"]).join("\n")
}

#[test]
fn what_passed_ahead_lands_without_being_validated_again() {
    let repo = small_repo();
    let text = appends("one", "1.txt")
        + &appends("two", "2.txt")
        + &waits("idle", "seen", "true")
        + &validation("test -e 1.txt && test -e 2.txt && touch ../seen; echo ran >> ../ran");
    splitting(&repo, &text).run().exit(0);
    let ran = || std::fs::read_to_string(repo.root().join("ran")).unwrap().lines().count();
    let before = ran();
    let landed = integrate(&repo, 0);
    assert_eq!(landed["validation"][0]["cached"], true, "{landed:#}");
    assert_eq!(ran(), before);
    assert!(content(&repo, "main", "2.txt").is_some());
    assert_eq!(beside(&repo), ["ran", "repo-idle", "repo-one", "repo-two", "seen"]);
}

#[test]
fn a_pair_that_breaks_the_build_is_named_before_the_run_is_over() {
    let repo = small_repo();
    let broken = "touch ../begun; test ! -e 1.txt || test ! -e 2.txt || exit 1";
    let text = appends("one", "1.txt")
        + &appends("two", "2.txt")
        + &waits("slow", "named", "true")
        + &validation(broken);
    let running = splitting(&repo, &text).start();
    let named = "before anything lands: `one` with `two` break `all`: each passes alone";
    repo.wait_for("begun");
    let is_named = || warnings(&repo.wt_orch(&["status", "--json"]).stdout_json()).contains(named);
    assert!((0..600).any(|_| is_named()), "`status` never said it");
    std::fs::write(repo.root().join("named"), "").unwrap();
    running.wait().exit(0);
    let landed = integrate(&repo, 3);
    assert_eq!(landed["ejected"][0]["id"], "two");
}

#[test]
fn a_run_that_ends_or_is_stopped_takes_its_train_along() {
    for (signal, exit) in [(None, 0), (Some(Signal::INT), 5), (Some(Signal::KILL), -1)] {
        let repo = small_repo();
        let text = appends("one", "1.txt")
            + &waits("slow", "go", "echo slow > slow.txt")
            + &validation("touch ../begun; sleep 60");
        let running = splitting(&repo, &text).start();
        repo.wait_for("begun");
        match signal {
            None => std::fs::write(repo.root().join("go"), "").unwrap(),
            Some(signal) => running.signal(signal),
        }
        let ended = running.wait();
        if signal != Some(Signal::KILL) {
            ended.exit(exit);
            assert!(!beside(&repo).contains(&"repo-tasks.validate".to_owned()), "{signal:?}");
        }
        if signal.is_some() {
            std::fs::write(repo.root().join("go"), "").unwrap();
            repo.wt_orch(&["resume"]).exit(0);
        }
        repo.wt_orch(&["clean", "--all", "--force", "--yes"]).exit(0);
        assert_eq!(beside(&repo), ["begun", "go"], "{signal:?}");
        assert_eq!(refs(&repo, "refs/wt-orch/"), Vec::<String>::new());
    }
}

#[test]
fn what_stands_in_the_place_of_a_train_keeps_nobody_from_going_on() {
    let repo = small_repo();
    let text = appends("one", "1.txt")
        + &waits("slow", "go", "true")
        + &validation("touch ../begun; sleep 60");
    let running = splitting(&repo, &text).start();
    repo.wait_for("begun");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    let place = repo.root().join("repo-tasks.validate");
    std::fs::remove_dir_all(&place).unwrap();
    std::os::unix::fs::symlink("repo", &place).unwrap();
    std::fs::write(repo.root().join("go"), "").unwrap();
    let resumed = repo.wt_orch(&["resume"]);
    resumed.exit(0).stderr_has(&format!("`rm -rf {}` takes it away", place.display()));
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? tasks.toml");
}

#[test]
fn a_second_ctrl_c_kills_a_train_that_does_not_end() {
    let repo = small_repo();
    let text = appends("one", "1.txt")
        + &waits("slow", "go", "true")
        + &validation(
            "trap 'touch ../asked' TERM; touch ../begun; while true; do sleep 0.05; done",
        );
    let running = splitting(&repo, &text).env("WT_ORCH_RUN_GRACE", "1h").start();
    repo.wait_for("begun");
    running.signal(Signal::INT);
    repo.wait_for("asked");
    running.signal(Signal::INT);
    running.wait().exit(5);
    assert_eq!(repo.survivors(), [""; 0]);
    assert_eq!(beside(&repo), ["asked", "begun", "repo-one", "repo-slow"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_held_kills_its_train_and_makes_it_again_when_more_has_succeeded() {
    let repo = small_repo();
    let text = appends("one", "1.txt")
        + &waits("slow", "go", "echo slow > slow.txt")
        + &waits("slower", "again", "true")
        + &validation(
            "trap '' TERM; echo > ../count; touch ../begun; until test -e ../go; do echo >> ../count; sleep 0.02; done; \
             touch ../again",
        );
    let running = splitting(&repo, &text).start();
    repo.wait_for("begun");
    running.signal(Signal::TSTP);
    let stat = format!("/proc/{}/stat", running.pid());
    let is_held = || std::fs::read_to_string(&stat).unwrap().contains(") T ");
    let waited = || std::thread::sleep(std::time::Duration::from_millis(10));
    assert!((0..500).any(|_| is_held() || (waited(), false).1));
    let size = || repo.root().join("count").metadata().unwrap().len();
    let before = size();
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(size(), before);
    std::fs::write(repo.root().join("go"), "").unwrap();
    running.signal(Signal::CONT);
    // The last task waits for what validates `one` and `slow`.
    running.wait().exit(0).stderr_has("continued");
    assert_eq!(repo.survivors(), [""; 0]);
}
