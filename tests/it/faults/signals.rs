//! F3: signals to wt-orch itself.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{outcomes, small_repo, split, task, tasks};

/// Ends in good order, which takes a while, when it is asked to stop.
const TIDY: &str = r#"
    [[task]]
    id = "tidy"
    run = """
        trap 'touch ../asked; sleep 0.4; touch ../tidied; exit 1' TERM
        touch ../begun; until test -e ../go; do sleep 0.02; done; echo done > done"""
    check = "true"
"#;

/// Counts up until the test lets it end.
const COUNTING: &str = r#"
    run_timeout = "2500ms"
    [[group]]
    name = "timed"
    timeout = "2500ms"
    [[task]]
    id = "counting"
    group = "timed"
    timeout = "2s"
    run = "touch ../begun; until test -e ../go; do echo x >> ../count; sleep 0.02; done; echo done > done"
    check = "true"
"#;

fn exists(repo: &Repo, name: &str) -> bool {
    repo.root().join(name).exists()
}

fn go(repo: &Repo) {
    std::fs::write(repo.root().join("go"), "").unwrap();
}

fn status(repo: &Repo) -> Value {
    repo.wt_orch(&["status", "--json"]).exit(0).stdout_json()
}

/// Waits until the system shows the process in this state: `T` for a stopped one.
#[track_caller]
fn wait_for_state(pid: i32, wanted: &str) {
    for _ in 0..1000 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        if stat[stat.rfind(')').unwrap() + 2..].starts_with(wanted) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("process {pid} is not in state {wanted}");
}

fn counted(repo: &Repo) -> u64 {
    std::fs::metadata(repo.root().join("count")).unwrap().len()
}

#[test]
fn one_signal_stops_in_good_order_says_so_and_how_to_go_on() {
    for signals in [
        &[Signal::INT][..],
        &[Signal::TERM, Signal::TERM],
        &[Signal::HUP, Signal::HUP],
        &[Signal::INT, Signal::TERM],
    ] {
        let repo = small_repo();
        tasks(&repo, TIDY);
        let before = Fingerprint::of(&repo);
        let running = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
        repo.wait_for("begun");
        running.signal(signals[0]);
        repo.wait_for("asked");
        signals[1..].iter().for_each(|signal| running.signal(*signal));
        let output = running.wait();
        assert_eq!(output.exit(5).stdout_json()["state"], "interrupted");
        output.stderr_has("interrupted: stopping what runs; Ctrl-C again kills it");
        output.stderr_has("`wt-orch resume tasks` goes on");
        assert!(exists(&repo, "tidied"), "{signals:?}: it had its time");
        assert_eq!(repo.survivors(), [""; 0]);
        before.assert_kept(&Fingerprint::of(&repo));
        go(&repo);
        let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
        assert_eq!(outcomes(&run), ["tidy succeeded: changed 1 path"]);
    }
}

#[test]
fn a_second_ctrl_c_kills_after_whatever_asked_first() {
    for first in [Signal::INT, Signal::TERM, Signal::HUP] {
        let repo = small_repo();
        tasks(&repo, TIDY);
        let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
        repo.wait_for("begun");
        running.signal(first);
        repo.wait_for("asked");
        running.signal(Signal::INT);
        running.wait().exit(5).stderr_has("interrupted again: killing what runs");
        assert!(!exists(&repo, "tidied"), "{first:?}: it had no time left");
        assert_eq!(repo.survivors(), [""; 0]);
    }
}

#[test]
fn before_anything_is_stored_an_interrupt_just_ends_the_program() {
    let repo = small_repo();
    // Whoever writes this file never begins to.
    repo.program("mkfifo", &["tasks.toml"]).run().exit(0);
    let running = repo.command(&["split", "tasks.toml"]).start();
    std::thread::sleep(Duration::from_millis(100));
    running.signal(Signal::INT);
    // By the signal itself, which a shell tells as 130.
    assert_eq!(running.wait().code(), None);
    repo.wt_orch(&["status"]).exit(4);
}

#[test]
fn signals_that_the_caller_ignores_stay_ignored() {
    let repo = small_repo();
    tasks(&repo, TIDY);
    let script = "trap '' INT HUP TSTP; exec \"$WT_ORCH\" split tasks.toml --parallel=1 --json";
    let program = assert_cmd::cargo::cargo_bin!("wt-orch");
    let running = repo.program("sh", &["-c", script]).env("WT_ORCH", program).start();
    repo.wait_for("begun");
    for signal in [Signal::INT, Signal::HUP, Signal::TSTP] {
        running.signal(signal);
    }
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(status(&repo)["state"], "running");
    go(&repo);
    assert_eq!(running.wait().exit(0).stdout_json()["state"], "finished");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_z_holds_everything_and_time_and_the_shell_lets_it_go_on() {
    let repo = small_repo();
    tasks(&repo, COUNTING);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("begun");
    running.signal_group(Signal::TSTP);
    wait_for_state(running.pid(), "T");
    let before = counted(&repo);
    // Longer than the limits of the task, its group and the run.
    std::thread::sleep(Duration::from_millis(2600));
    assert_eq!(counted(&repo), before, "the task is held");

    let shown = repo.wt_orch(&["status"]);
    shown.exit(0).stderr_has("run `tasks` is suspended");
    shown.stderr_has(&format!("`kill -CONT {}`", running.pid()));
    let refused = repo.wt_orch(&["abort", "--json"]).exit(4).stdout_json();
    assert_eq!(refused["error"]["code"], "suspended");

    running.signal_group(Signal::CONT);
    go(&repo);
    let output = running.wait();
    let run = output.exit(0).stdout_json();
    assert_eq!(outcomes(&run), ["counting succeeded: changed 1 path"], "its time stood still");
    output.stderr_has("suspended: everything that runs is held").stderr_has("continued");
    assert_eq!(repo.survivors(), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_held_can_be_ended() {
    for (signal, code) in [(Signal::TERM, Some(5)), (Signal::KILL, None)] {
        let repo = small_repo();
        tasks(&repo, COUNTING);
        let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
        repo.wait_for("begun");
        running.signal(Signal::TSTP);
        wait_for_state(running.pid(), "T");
        running.signal(signal);
        // As a shell does that ends while one of its jobs is stopped.
        if signal != Signal::KILL {
            running.signal(Signal::CONT);
        }
        assert_eq!(running.wait().code(), code);
        for _ in 0..500 {
            if repo.survivors().is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(repo.survivors(), [""; 0], "{signal:?}");
        assert_eq!(status(&repo)["state"], "interrupted");
        go(&repo);
        repo.wt_orch(&["resume"]).exit(0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_the_display_makes_room_and_comes_back() {
    let repo = small_repo();
    tasks(&repo, COUNTING);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).on_a_terminal().start();
    repo.wait_for("begun");
    running.signal(Signal::TSTP);
    wait_for_state(running.pid(), "T");
    running.signal(Signal::CONT);
    wait_for_state(running.pid(), "S");
    std::thread::sleep(Duration::from_millis(300));
    go(&repo);
    let output = running.wait();
    let (held, after) = output.exit(0).stderr().split_once("everything that runs is held").unwrap();
    let (pause, after) = after.split_once("continued").unwrap();
    let live = "0/1 tasks";
    assert!(held.contains(live) && after.contains(live), "live lines before and after:\n{output}");
    // What comes last before the pause takes the live lines away.
    let last_drawn = pause.rfind(live).map_or(0, |at| at + live.len());
    assert!(pause[last_drawn..].contains("\u{1b}[2K"), "{pause:?}");
}

#[test]
fn a_terminal_that_is_gone_ends_a_run_in_good_order_or_not_at_all() {
    for is_told in [true, false] {
        let repo = small_repo();
        tasks(&repo, TIDY);
        let split = ["split", "tasks.toml", "--parallel=1", "--json"];
        let running = repo.command(&split).on_a_terminal().start();
        repo.wait_for("begun");
        running.hang_up();
        // Time for its display to notice.
        std::thread::sleep(Duration::from_millis(200));
        if is_told {
            running.signal(Signal::HUP);
            assert_eq!(running.wait().exit(5).stdout_json()["state"], "interrupted");
            assert!(exists(&repo, "tidied"));
        } else {
            go(&repo);
            assert_eq!(running.wait().exit(0).stdout_json()["state"], "finished");
        }
        assert_eq!(repo.survivors(), [""; 0]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_validation_is_held_and_stopped_like_a_task() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "one"
        run = "echo one > one"
        check = "true"
        [[validate]]
        name = "slow"
        run = """
            trap 'touch ../asked; sleep 0.4; touch ../tidied; exit 1' TERM
            touch ../validating; until test -e ../go; do echo x >> ../count; sleep 0.02; done"""
    "#;
    split(&repo, text, &[]).exit(0);
    let before = Fingerprint::of(&repo);
    let start = || {
        let running = repo.command(&["integrate", "--json"]).start();
        repo.wait_for("validating");
        running
    };
    let running = start();
    running.signal(Signal::TSTP);
    wait_for_state(running.pid(), "T");
    let held = counted(&repo);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(counted(&repo), held);
    running.signal(Signal::CONT);
    running.signal(Signal::INT);
    repo.wait_for("asked");
    let error = running.wait().exit(5).stdout_json();
    assert_eq!(error["error"]["code"], "interrupted");
    assert!(exists(&repo, "tidied"), "it had its time");
    assert_eq!(repo.survivors(), [""; 0]);

    for name in ["asked", "tidied", "validating"] {
        std::fs::remove_file(repo.root().join(name)).unwrap();
    }
    let running = start();
    running.signal(Signal::INT);
    repo.wait_for("asked");
    running.signal(Signal::INT);
    running.wait().exit(5).stderr_has("Ctrl-C again kills it");
    // That was for its time: what is told later is how it ended.
    assert_eq!(status(&repo)["warnings"], serde_json::json!([]));
    assert!(!exists(&repo, "tidied"));
    assert_eq!(repo.survivors(), [""; 0]);
    before.assert_kept(&Fingerprint::of(&repo));
    go(&repo);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("one").unwrap(), "one\n");
    let run = status(&repo);
    assert_eq!(task(&run, "one")["outcome"], "succeeded");
}
