//! F16–F22: other processes in the same repository. More of it: `only_one_process_drives_a_run`,
//! `two_runs_go_on_at_once_in_one_repository`, `two_runs_at_once_and_a_busy_user_…`, and the targets
//! that move in `landing.rs`.

use std::fs::File;

use rustix::process::Signal;

use crate::harness::{Fingerprint, Repo, Running};
use crate::scene::{content, outcomes, refs, small_repo, tasks, tip};

/// Two tasks that wait for the file `go` beside the repository.
const WAITING: &str = r#"
    [[task]]
    id = "a"
    run = "touch ../a.begun; until test -e ../go; do sleep 0.02; done; echo a > a"
    check = "true"
    [[task]]
    id = "b"
    run = "touch ../b.begun; until test -e ../go; do sleep 0.02; done; echo b > b"
    check = "true"
"#;

fn begun(repo: &Repo) -> Running<'_> {
    tasks(repo, WAITING);
    let running = repo.command(&["split", "tasks.toml", "--parallel=2", "--json"]).start();
    repo.wait_for("a.begun");
    repo.wait_for("b.begun");
    running
}

fn go(repo: &Repo) {
    std::fs::write(repo.root().join("go"), "").unwrap();
}

#[test]
fn f16_two_that_start_the_same_file_at_once_never_share_a_place() {
    let repo = small_repo();
    tasks(&repo, WAITING);
    go(&repo);
    let start = || repo.command(&["split", "tasks.toml", "--parallel=2", "--json"]).start();
    let ended = [start(), start(), start()].map(Running::wait);
    let won = ended.iter().filter(|output| output.code() == Some(0)).count();
    assert_eq!(won, 1);
    for output in ended.iter().filter(|output| output.code() != Some(0)) {
        let error = output.exit(4).stdout_json();
        assert!(["occupied", "busy"].contains(&error["error"]["code"].as_str().unwrap()));
        assert!(error["error"]["hint"].as_str().unwrap().contains('`'), "{error:#}");
    }
    for task in ["a", "b"] {
        let branch = format!("feature/{task}");
        assert_eq!(content(&repo, &branch, task).unwrap(), format!("{task}\n"));
    }
    repo.wt_orch(&["integrate"]).exit(0);
}

#[test]
fn f16_two_landings_at_once_land_both_or_say_what_to_do() {
    let repo = small_repo();
    for name in ["x", "y", "z"] {
        let text = format!(
            "name = \"{name}\"\n[[task]]\nid = \"{name}\"\nrun = \"echo {name} > {name}\"\n\
             [[validate]]\nname = \"v\"\nrun = \"sleep 0.1\"\n"
        );
        tasks(&repo, &text);
        repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    }
    let land = |run: &str| repo.command(&["integrate", run, "--json"]).start();
    let ended = ["x", "y", "z"].map(land).map(Running::wait);
    for (name, output) in ["x", "y", "z"].into_iter().zip(ended) {
        assert_eq!(output.exit(0).stdout_json()["merged"][0], name);
        assert_eq!(repo.read(name).unwrap(), format!("{name}\n"));
    }
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? tasks.toml");
    repo.git(&["fsck", "--strict"]);
}

#[test]
fn f17_the_locks_of_a_killed_process_hold_nobody_up() {
    let repo = small_repo();
    let running = begun(&repo);
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    go(&repo);
    let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
    assert_eq!(outcomes(&run), ["a succeeded: changed 1 path", "b succeeded: changed 1 path"]);
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
}

#[test]
fn f18_what_the_user_does_meanwhile_is_not_disturbed_and_disturbs_nothing() {
    let repo = small_repo();
    repo.branch("side").file("side", "side\n").commit("side");
    repo.git(&["switch", "--quiet", "main"]);
    let running = begun(&repo);
    repo.file("b.txt", "mine\n");
    repo.git(&["commit", "--quiet", "--all", "--message", "mine"]);
    repo.file("docs/read.me", "kept for later\n");
    repo.git(&["stash", "--quiet"]);
    repo.git(&["switch", "--quiet", "side"]);
    repo.git(&["rebase", "--quiet", "main"]);
    repo.git(&["tag", "mine"]);
    repo.git(&["config", "user.nickname", "ann"]);
    repo.git(&["worktree", "prune", "--expire=now"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    repo.git(&["pack-refs", "--all"]);
    repo.git(&["branch", "--quiet", "another"]);
    let mine = Fingerprint::of(&repo);
    go(&repo);
    let run = running.wait().exit(0).stdout_json();
    assert_eq!(outcomes(&run), ["a succeeded: changed 1 path", "b succeeded: changed 1 path"]);
    let mut differences = mine.differences(&Fingerprint::of(&repo));
    differences.retain(|line| {
        !["feature/", "own ", "tmp ", "beside "].iter().any(|ours| line.contains(ours))
    });
    assert_eq!(differences, [""; 0]);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "b.txt").unwrap(), "mine\n");
    assert_eq!(content(&repo, "main", "a").unwrap(), "a\n");
    assert_eq!(tip(&repo, "HEAD"), tip(&repo, "side"));
    assert_eq!(repo.git(&["stash", "list"]).lines().count(), 1);
    repo.git(&["fsck", "--strict"]);
}

/// Git's own lock files, each with what it keeps from happening.
const LOCKS: [&str; 4] = ["packed-refs.lock", "config.lock", "HEAD.lock", "index.lock"];

#[test]
fn f19_locks_of_git_that_are_held_for_a_moment_are_waited_for() {
    for lock in LOCKS {
        let repo = small_repo();
        tasks(&repo, WAITING);
        go(&repo);
        let path = repo.path(&format!(".git/{lock}"));
        File::create_new(&path).unwrap();
        let release = format!("sleep 0.3; rm -f '{}'", path.display());
        let holder = repo.program("sh", &["-c", &release]).start();
        let run = repo.wt_orch(&["split", "tasks.toml", "--parallel=2", "--json"]);
        assert_eq!(run.exit(0).stdout_json()["state"], "finished", "{lock}");
        holder.wait().exit(0);
        File::create_new(&path).unwrap();
        let holder = repo.program("sh", &["-c", &release]).start();
        repo.wt_orch(&["integrate"]).exit(0);
        holder.wait().exit(0);
        assert_eq!(repo.read("a").unwrap(), "a\n", "{lock}");
    }
}

#[test]
fn f19_a_lock_of_git_that_nobody_gives_back_is_named_and_nothing_is_half_done() {
    for lock in LOCKS {
        let repo = small_repo();
        tasks(&repo, WAITING);
        go(&repo);
        repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
        let path = repo.path(&format!(".git/{lock}"));
        let before = tip(&repo, "main");
        File::create_new(&path).unwrap();
        let landing = repo.wt_orch(&["integrate", "--json"]);
        if landing.code() == Some(0) {
            // It had no need of this one.
            assert_eq!(repo.read("a").unwrap(), "a\n", "{lock}");
        } else {
            let error = landing.stdout_json();
            let text = error["error"].to_string();
            assert!(text.contains(lock), "{lock}: {error:#}");
            assert_eq!(tip(&repo, "main"), before, "{lock}");
            assert_eq!(repo.read("a"), None, "{lock}");
        }
        assert!(path.exists(), "a lock of somebody else is never taken away");
        std::fs::remove_file(&path).unwrap();
        let _landed_before = repo.wt_orch(&["integrate"]);
        assert_eq!(repo.read("a").unwrap(), "a\n", "{lock}");
        assert_eq!(repo.git(&["status", "--porcelain"]), "?? tasks.toml", "{lock}");
    }
}

#[test]
fn f20_sixteen_worktrees_at_once_from_a_branch_that_others_track() {
    let repo = small_repo();
    repo.git(&["clone", "--quiet", "--bare", ".", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["fetch", "--quiet", "origin"]);
    repo.git(&["config", "branch.autoSetupMerge", "always"]);
    let config = repo.read(".git/config");
    let task = |n| format!("[[task]]\nid = \"t{n}\"\nrun = \"true\"\ncheck = \"true\"\n");
    let text = format!("base = \"origin/main\"\n{}", (0..16).map(task).collect::<String>());
    tasks(&repo, &text);
    let run = repo.command(&["split", "tasks.toml", "--parallel=16", "--json"]);
    let run = run.env("WT_ORCH_RUN_SLOTS", "16").run().exit(0).stdout_json();
    assert_eq!(run["width"], 16);
    assert!(outcomes(&run).iter().all(|line| line.contains("succeeded")));
    assert_eq!(refs(&repo, "refs/heads/feature").len(), 16);
    assert_eq!(repo.read(".git/config"), config);
}

#[test]
fn f21_a_target_that_was_forced_elsewhere_during_the_run_is_landed_on_as_it_is() {
    let repo = small_repo();
    repo.file("later", "x\n").commit("later");
    let running = begun(&repo);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.file("other", "y\n").commit("another way");
    go(&repo);
    running.wait().exit(0);
    let forced = tip(&repo, "main");
    let landed = repo.wt_orch(&["integrate", "--json"]);
    assert_eq!(landed.exit(0).stdout_json()["old"], forced.as_str());
    // The tasks began on what was taken off; that it comes back is said, with the way out.
    landed.stderr_has("does not hold the base").stderr_has("`wt-orch undo` takes it back");
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(tip(&repo, "main"), forced);
}

#[test]
fn f22_a_target_that_is_checked_out_elsewhere_and_dirty_there_refuses_the_landing() {
    let repo = small_repo();
    let running = begun(&repo);
    go(&repo);
    running.wait().exit(0);
    repo.branch("work");
    repo.git(&["worktree", "add", "--quiet", "../side", "main"]);
    std::fs::write(repo.root().join("side/a"), "in the way\n").unwrap();
    let before = tip(&repo, "main");
    let error = repo.wt_orch(&["integrate", "--json"]).exit(4).stdout_json();
    assert!(error["error"]["message"].as_str().unwrap().contains("side"), "{error:#}");
    assert_eq!(tip(&repo, "main"), before);
    let kept = std::fs::read_to_string(repo.root().join("side/a")).unwrap();
    assert_eq!(kept, "in the way\n");
}
