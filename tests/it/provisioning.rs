//! Worktrees as the program makes them, beside whatever else happens in a repository.

use std::os::unix::fs::MetadataExt;

use serde_json::Value;

use crate::harness::{Output, Repo};
use crate::scene::{beside, refs, small_repo, tasks};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wt-orch");

/// Tasks that do nothing.
fn idle(prefix: &str, count: usize) -> String {
    let task = |n| format!("[[task]]\nid = \"{prefix}{n}\"\nrun = \"true\"\n");
    (0..count).map(task).collect()
}

/// Runs the program by a shell that has done this first.
fn after(repo: &Repo, preparation: &str, words: &str) -> Output {
    let line = format!("{preparation}; exec '{PROGRAM}' {words}");
    repo.program("sh", &["-c", &line]).run()
}

#[test]
fn files_get_the_permissions_that_git_gives_them_under_the_same_umask() {
    let repo = small_repo();
    repo.file("run.sh", "#!/bin/sh\n").git(&["update-index", "--add", "--chmod=+x", "run.sh"]);
    repo.git(&["commit", "-q", "-m", "a program"]);
    repo.git(&["reset", "-q", "--hard"]);
    tasks(&repo, &idle("t", 2));
    after(&repo, "umask 027", "split tasks.toml --parallel=2").exit(0);
    let git = "umask 027; git worktree add -q --detach ../theirs main";
    repo.program("sh", &["-c", git]).run().exit(0);
    for path in [".", "docs", "docs/read.me", "a.txt", "run.sh", ".git"] {
        let mode = |worktree: &str| {
            repo.root().join(worktree).join(path).symlink_metadata().unwrap().mode()
        };
        assert_eq!(mode("repo-t0"), mode("theirs"), "{path}");
        assert_eq!(mode("repo-t1"), mode("theirs"), "{path}");
    }
}

#[test]
fn sixty_four_open_files_are_enough_for_eight_worktrees() {
    let repo = small_repo();
    for folder in 0..30 {
        repo.file(&format!("d{folder}/deep/f"), "x");
    }
    repo.commit("folders");
    tasks(&repo, &idle("t", 8));
    let output = after(&repo, "ulimit -n 64", "split tasks.toml --parallel=8 --json");
    let document = output.exit(0).stdout_json();
    assert_eq!(document["width"], 8);
    for n in 0..8 {
        assert_eq!(
            repo.try_git(&["-C", &format!("../repo-t{n}"), "status", "--porcelain"])
                .exit(0)
                .stdout(),
            ""
        );
    }
}

#[test]
fn a_disk_that_would_be_too_full_is_found_before_anything_is_made() {
    let repo = small_repo();
    tasks(&repo, &idle("t", 3));
    let output = repo.command(&["split", "tasks.toml", "--parallel", "--json"]);
    let output = output.env("WT_ORCH_WORKTREE_DISK_RESERVE", "900000TiB").run();
    let error = output.exit(4).stdout_json();
    assert_eq!(error["error"]["code"], "disk_full");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("3 worktrees take about "), "{message}");
    assert!(error["error"]["hint"].as_str().unwrap().contains("`wt-orch clean --all --dry-run`"));
    // One file system is counted once, whatever folders the worktrees stand in.
    let apart = repo.command(&["split", "tasks.toml", "--parallel", "--json"]);
    let apart = apart.env("WT_ORCH_WORKTREE_DISK_RESERVE", "900000TiB");
    let apart = apart.env("WT_ORCH_WORKTREE_PATH", "../out/{task}/repo").run();
    let again = apart.exit(4).stdout_json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(again.starts_with("3 worktrees take about "), "{again}");
    assert_eq!(refs(&repo, "refs/heads/feature"), Vec::<String>::new());
    assert!(!beside(&repo).iter().any(|name| name.starts_with("repo-")));
    repo.wt_orch(&["status"]).exit(4);
}

#[test]
fn submodules_are_filled_when_asked_for_and_the_configuration_stays_as_it_is() {
    let repo = small_repo();
    repo.git(&["config", "--global", "protocol.file.allow", "always"]);
    repo.git(&["init", "-q", "../lib"]);
    repo.git(&["-C", "../lib", "commit", "-q", "--allow-empty", "-m", "nothing"]);
    let shell = "cd ../lib && echo lib > l && git add l && git commit -q -m l";
    repo.program("sh", &["-c", shell]).run().exit(0);
    repo.git(&["submodule", "--quiet", "add", "../lib", "vendor/lib"]);
    repo.commit("a submodule");
    let config = repo.git(&["config", "--list"]);
    let read = "[[task]]\nid = \"NAME\"\nrun = \"cat vendor/lib/l\"\n";
    tasks(&repo, &read.replace("NAME", "empty"));
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(1);
    repo.file("orchestrator.toml", "[worktree]\nsubmodules = \"update\"\n");
    tasks(&repo, &read.replace("NAME", "filled"));
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    assert_eq!(repo.git(&["config", "--list"]), config);
}

/// Two runs of eight tasks at once, while the user makes and removes worktrees, prunes, collects
/// garbage and commits.
fn crowded() {
    let repo = small_repo();
    for file in 0..200 {
        repo.file(&format!("d{}/f{file}", file % 20), "x");
    }
    repo.commit("files");
    for name in ["x", "y"] {
        repo.file(&format!("{name}.toml"), &format!("name = \"{name}\"\n{}", idle(name, 8)));
    }
    let busy = "n=0; while ! test -e ../enough; do n=$((n+1)); \
        git worktree add -q --detach ../u && git worktree remove --force ../u; \
        git worktree prune --expire=now; git gc -q; \
        echo $n > a.txt; git commit -q -a -m $n; done";
    let user = repo.program("sh", &["-c", busy]).start();
    let split = |file: &str| repo.command(&["split", file, "--parallel=8", "--json"]).start();
    let runs = [split("x.toml"), split("y.toml")].map(|run| run.wait());
    repo.file("../enough", "");
    user.wait().exit(0);
    for run in &runs {
        let document = run.exit(0).stdout_json();
        let tasks = document["tasks"].as_array().unwrap();
        assert_eq!(tasks.len(), 8);
        for task in tasks {
            assert_eq!(task["outcome"], "succeeded", "{task:#}");
            let worktree = task["worktree"].as_str().unwrap();
            assert_eq!(repo.git(&["-C", worktree, "status", "--porcelain"]), "");
            assert_eq!(repo.git(&["-C", worktree, "rev-parse", "HEAD"]), text(&document["base"]));
        }
    }
    repo.wt_orch(&["clean", "--all"]).exit(0);
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
    assert_eq!(refs(&repo, "refs/heads/feature"), Vec::<String>::new());
    assert!(!beside(&repo).iter().any(|name| name.starts_with("repo-")), "{:?}", beside(&repo));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn two_runs_at_once_and_a_busy_user_do_not_disturb_one_another() {
    crowded();
}

mod slow {
    #[test]
    #[ignore = "slow: 20 trials of two runs at once beside a busy user"]
    fn twenty_crowds() {
        for _ in 0..20 {
            super::crowded();
        }
    }
}
