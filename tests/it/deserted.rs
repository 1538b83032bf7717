//! Test runs whose process was killed, and what later commands make of them.

use rustix::process::Signal;

use crate::harness::{Repo, Running};
use crate::scene::{beside, go, ordinary_repo};

/// A module whose tests wait for `go` beside the repository, wherever they run.
fn module() -> Repo {
    let repo = ordinary_repo();
    let root = repo.root().display();
    let waits = format!("touch '{root}/begun'; until test -e '{root}/go'; do sleep 0.02; done\n");
    repo.file("api/t.sh", &waits);
    repo.file("orchestrator.toml", "[test.modules.api]\nrun = \"sh api/t.sh\"\n").commit("modules");
    repo
}

/// A test run that is at work.
fn at_work(repo: &Repo) -> Running<'_> {
    let running = repo.command(&["--yes", "test"]).start();
    repo.wait_for("begun");
    std::fs::remove_file(repo.root().join("begun")).unwrap();
    running
}

fn kill(running: Running<'_>) {
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
}

fn worktrees(repo: &Repo) -> usize {
    repo.git(&["worktree", "list"]).lines().count() - 1
}

fn hidden(repo: &Repo) -> Vec<String> {
    beside(repo).into_iter().filter(|name| name.starts_with('.')).collect()
}

#[test]
fn the_next_test_run_frees_what_killed_ones_had_taken_but_for_the_newest() {
    let repo = module();
    kill(at_work(&repo));
    kill(at_work(&repo));
    assert_eq!(worktrees(&repo), 2);
    repo.wt_orch(&["doctor"])
        .exit(0)
        .stdout_has("`test` was cut off: the next `wt-orch test`")
        .stdout_has("`test-2` was cut off: `wt-orch resume test-2` goes on");
    assert_eq!(worktrees(&repo), 2, "whoever only looks changes nothing");
    go(&repo);
    let output = repo.wt_orch(&["--yes", "test"]);
    output.exit(0).stderr_has("the test run `test` was cut off and is given up");
    assert!(!output.stderr().contains("`test-2`"), "{output}");
    repo.wt_orch(&["status", "test"]).exit(0).stdout_has("aborted");
    assert_eq!(worktrees(&repo), 1);
    repo.wt_orch(&["resume", "test-2"]).exit(0);
    assert_eq!((worktrees(&repo), hidden(&repo)), (0, Vec::new()));
}

#[test]
fn clean_frees_what_a_killed_test_run_had_taken_and_leaves_a_running_one_alone() {
    let repo = module();
    kill(at_work(&repo));
    let running = at_work(&repo);
    repo.wt_orch(&["clean", "--pool", "--dry-run"]).exit(0);
    assert_eq!(worktrees(&repo), 2);
    repo.wt_orch(&["clean", "--pool"]).exit(0).stderr_has("the test run `test` was cut off");
    assert_eq!(worktrees(&repo), 1);
    go(&repo);
    running.wait().exit(0);
    assert_eq!((worktrees(&repo), hidden(&repo)), (0, Vec::new()));
}
