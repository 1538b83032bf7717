//! F2: the program is killed while git moves the target of a landing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::Repo;
use crate::scene::{small_repo, split, tip};

const TASKS: &str = "[[task]]\nid = \"a\"\nrun = \"echo a > a; echo more >> a.txt; rm b.txt\"\n\
    check = \"true\"\n";

/// A git that, asked to move `main`, kills its parent first, and does then what `then` says.
fn deadly_git(repo: &Repo, then: &str) -> String {
    let folder = repo.root().join("home/bin");
    fs::create_dir_all(&folder).unwrap();
    let real = repo.program("sh", &["-c", "command -v git"]).run();
    let real = real.exit(0).stdout().trim();
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *\" update-ref \"*refs/heads/main*)\n\
         kill -9 $PPID\n{then}\n;;\nesac\nexec {real} \"$@\"\n"
    );
    fs::write(folder.join("git"), script).unwrap();
    fs::set_permissions(folder.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = repo.program("sh", &["-c", "echo $PATH"]).run();
    format!("{}:{}", folder.display(), path.exit(0).stdout().trim())
}

/// Kills a landing, goes on at once, and expects the landing to be whole; then takes it back.
fn landing_killed(then: &str, checked_out: bool) {
    let repo = small_repo();
    let start = tip(&repo, "main");
    split(&repo, TASKS, &[]).exit(0);
    if !checked_out {
        repo.git(&["switch", "--quiet", "--detach"]);
    }
    let path = deadly_git(&repo, then);
    let killed = repo.command(&["integrate"]).env("PATH", path).run();
    assert_eq!(killed.code(), None, "{then}: {killed}");
    let again = repo.wt_orch(&["integrate"]);
    assert!([Some(0), Some(4)].contains(&again.code()), "{then}: {again}");
    // An orphaned git has all the time that it wants.
    for _ in 0..600 {
        if repo.survivors().is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let landed = tip(&repo, "main");
    assert_ne!(landed, start, "{then}");
    assert_eq!(repo.git(&["show", "main:a"]), "a");
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? tasks.toml", "{then}");
    assert_eq!(repo.read("b.txt").is_none(), checked_out, "{then}");
    for lock in [".git/index.lock", ".git/refs/heads/main.lock", ".git/wt-orch-landing.json"] {
        assert!(!repo.path(lock).exists(), "{then}: {lock}");
    }
    repo.try_git(&["fsck", "--no-dangling"]).exit(0);
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(tip(&repo, "main"), start, "{then}");
    if checked_out {
        assert_eq!(repo.git(&["status", "--porcelain"]), "?? tasks.toml", "{then}");
        assert_eq!(repo.read("b.txt").as_deref(), Some("b\n"));
    }
}

#[test]
fn f2_a_kill_before_the_target_moves_lands_later() {
    landing_killed("exit 1", true);
    landing_killed("exit 1", false);
}

#[test]
fn f2_a_kill_while_the_target_moves_is_a_landing() {
    landing_killed("", true);
    landing_killed("", false);
}

#[test]
fn f2_a_git_that_outlives_the_kill_and_moves_the_target_late_tears_nothing() {
    landing_killed("sleep 0.3", true);
}
