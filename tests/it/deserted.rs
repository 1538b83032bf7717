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

#[test]
fn what_tests_leave_beside_their_worktrees_is_named_and_stays() {
    let repo = ordinary_repo();
    repo.file("orchestrator.toml", "[test.modules.api]\nrun = \"echo x > ../left\"\n");
    repo.commit("modules");
    repo.wt_orch(&["--yes", "test"]).exit(0);
    let folder = repo.root().join(&hidden(&repo)[0]);
    let left = folder.join("left").display().to_string();
    repo.wt_orch(&["doctor"]).exit(0).stdout_has("left by tests").stdout_has(&left);
    repo.wt_orch(&["clean", "--force"])
        .exit(0)
        .stdout_has(&format!("kept leftover `{left}`: tests left it beside their worktrees"))
        .stdout_has(&format!("`rm -r {left}`"));
    assert!(folder.join("left").exists());
}

#[test]
fn where_tests_put_a_link_in_place_of_the_pool_nothing_is_put_there() {
    let repo = ordinary_repo();
    let outside = repo.root().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let pool = "$(dirname \"$(dirname \"$PWD\")\")/$(basename \"$(dirname \"$PWD\")\" | sed s/-test-/-pool-/)";
    let script = format!("rm -rf \"{pool}\"; ln -s '{}' \"{pool}\"\n", outside.display());
    repo.file("api/t.sh", &script).file("web/t.sh", "true\n");
    repo.file(
        "orchestrator.toml",
        "[worktree]\npool = 2\n[test.modules.api]\nrun = \"sh api/t.sh\"\n\
         [test.modules.web]\nrun = \"sh web/t.sh\"\n",
    );
    repo.commit("modules");
    let output = repo.wt_orch(&["--yes", "test", "--parallel=1"]);
    output.exit(0);
    let link = hidden(&repo).into_iter().find(|name| name.contains("-pool-")).unwrap();
    assert!(repo.root().join(&link).symlink_metadata().unwrap().is_symlink());
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(worktrees(&repo), 0);
    repo.wt_orch(&["clean", "--pool"]).exit(0).stdout_has("it is no folder any more");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}
