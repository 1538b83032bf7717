//! Several runs at once on one machine.

use rustix::process::Signal;

use crate::harness::{Repo, Running};
use crate::scene::{outcomes, small_repo};

/// Two tasks that take half of the machine's cores each and wait until they may end.
fn halves(repo: &Repo, name: &str) {
    let cores = std::thread::available_parallelism().unwrap().get();
    let task = |id: &str| {
        format!(
            "[[task]]\nid = \"{name}-{id}\"\ncheck = \"true\"\nestimate = \"1m\"\n\
             cpus = {:?}\nrun = \"touch ../{name}-{id}-begun; \
             while [ ! -e ../{name}-go ]; do sleep 0.02; done\"\n",
            cores as f64 / 2.0
        )
    };
    repo.file(&format!("{name}.toml"), &(task("a") + &task("b")));
}

/// A run that uses all cores, whatever else happens on the machine.
fn busy(repo: &Repo) -> Running<'_> {
    halves(repo, "busy");
    let invocation = repo.command(&["split", "busy.toml", "--parallel=2", "--json"]);
    let running = invocation.env("WT_ORCH_RUN_SHARE_HOST", "true").start();
    repo.wait_for("busy-a-begun");
    repo.wait_for("busy-b-begun");
    running
}

#[test]
fn a_run_beside_another_starts_only_what_the_cores_bear_and_both_end_well() {
    let repo = small_repo();
    let first = busy(&repo);
    let place = format!("`busy` in {} (process ", repo.path("").display());
    repo.wt_orch(&["doctor"]).exit(0).stdout_has(&place).stdout_has(": 2 tasks on ");
    halves(&repo, "next");
    let invocation = repo.command(&["split", "next.toml", "--parallel", "--json"]);
    let next = invocation.env("WT_ORCH_RUN_SHARE_HOST", "true").start();
    repo.wait_for("next-a-begun");
    assert!(!repo.root().join("next-b-begun").exists());
    let status = repo.wt_orch(&["status", "next"]);
    status.exit(0).stdout_has("at the moment at most 1 at once");
    std::fs::write(repo.root().join("next-go"), "").unwrap();
    let output = next.wait();
    assert_eq!(
        outcomes(&output.exit(0).stdout_json()),
        ["next-a succeeded: changed nothing", "next-b succeeded: changed nothing"]
    );
    output.stderr_has("at most 1 at once from here on: other runs use a part of the machine");
    std::fs::write(repo.root().join("busy-go"), "").unwrap();
    first.wait().exit(0);
    repo.wt_orch(&["doctor"]).exit(0).stdout_has("no run uses it at the moment");
    assert_eq!(repo.survivors(), [""; 0]);
}

#[test]
fn a_run_that_does_not_share_neither_sees_others_nor_is_seen() {
    let repo = small_repo();
    let first = busy(&repo);
    halves(&repo, "alone");
    let alone = repo.command(&["split", "alone.toml", "--parallel"]).start();
    repo.wait_for("alone-a-begun");
    repo.wait_for("alone-b-begun");
    let doctor = repo.wt_orch(&["doctor", "--json"]).exit(0).stdout_json();
    let runs: Vec<&str> =
        doctor["runs"].as_array().unwrap().iter().filter_map(|run| run["run"].as_str()).collect();
    assert_eq!(runs, ["busy"]);
    alone.signal(Signal::INT);
    alone.wait().exit(5);
    first.signal(Signal::INT);
    first.wait().exit(5);
}

#[test]
fn a_run_that_was_killed_takes_nothing_any_more() {
    let repo = small_repo();
    let killed = busy(&repo);
    killed.signal(Signal::KILL);
    assert_eq!(killed.wait().code(), None);
    repo.wt_orch(&["doctor"]).exit(0).stdout_has("no run uses it at the moment");
    assert_eq!(std::fs::read_dir(repo.root().join("run/wt-orch/runs")).unwrap().count(), 0);
    std::fs::write(repo.root().join("busy-go"), "").unwrap();
}
