//! What dead processes left, and what others do meanwhile.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::Repo;
use crate::scene::{beside, small_repo, split, tasks};

const LANDS: &str = "[[task]]\nid = \"a\"\nrun = \"echo x > x\"\ncheck = \"true\"\n\
                     [[task]]\nid = \"b\"\nrun = \"echo y > y\"\ncheck = \"true\"\n";

/// Tasks that leave nothing but their worktrees.
const IDLE: &str = "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n\
                    [[task]]\nid = \"b\"\nrun = \"true\"\ncheck = \"true\"\n";

/// Where a killed process leaves what it was deleting beside the worktrees of a repository.
fn trash_beside(repo: &Repo, common_dir: &Path) -> PathBuf {
    let bytes = common_dir.as_os_str().as_encoded_bytes();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    repo.root().join(format!(".wt-orch-trash-{hash:016x}-AbCdEf"))
}

fn fill(folder: &Path) {
    fs::create_dir_all(folder.join("deep/er")).unwrap();
    fs::write(folder.join("deep/er/file"), "x").unwrap();
}

#[test]
fn what_a_killed_removal_left_is_found_and_deleted_and_that_of_others_is_not() {
    let repo = small_repo();
    split(&repo, LANDS, &["--integrate"]).exit(0);
    let own = [
        trash_beside(&repo, &repo.path(".git")),
        repo.path(".git/wt-orch/trash-AbCdEf"),
        repo.path(".git/wt-orch/tmp-AbCdEf"),
    ];
    own.iter().for_each(|folder| fill(folder));
    let foreign = trash_beside(&repo, &repo.root().join("elsewhere/.git"));
    fill(&foreign);
    let dry = repo.wt_orch(&["clean", "--all", "--dry-run"]);
    for folder in &own {
        dry.exit(0).stdout_has(&format!("would remove leftover `{}`", folder.display()));
        assert!(folder.exists());
    }
    repo.wt_orch(&["clean", "--all"]).exit(0);
    assert!(own.iter().all(|folder| !folder.exists()) && foreign.exists());
    // A run that begins finds it, too.
    fill(&own[0]);
    split(&repo, LANDS, &[]).exit(0);
    assert!(!own[0].exists());
}

#[test]
fn a_removal_that_is_killed_leaves_nothing_that_the_next_one_does_not_take() {
    let repo = small_repo();
    for number in 0..600 {
        repo.file(&format!("many/{}/{number}", number % 60), "x\n");
    }
    repo.commit("many files");
    for _ in 0..6 {
        split(&repo, IDLE, &[]).exit(0);
        let running = repo.command(&["clean"]).start();
        while repo.root().join("repo-a").exists() {
            std::thread::yield_now();
        }
        running.signal(rustix::process::Signal::KILL);
        let _killed_or_done = running.wait();
        repo.wt_orch(&["clean"]).exit(0);
        assert_eq!(beside(&repo), [""; 0]);
        assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
        let names = fs::read_dir(repo.path(".git/wt-orch")).unwrap();
        let names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().display().to_string()).collect();
        assert!(!names.iter().any(|name| name.starts_with("trash")), "{names:?}");
    }
}

#[test]
fn folders_that_were_made_for_a_run_go_with_its_last_worktree() {
    let repo = small_repo();
    std::fs::create_dir_all(repo.root().join("out/n-mine")).unwrap();
    tasks(&repo, "name = \"n\"\n[[task]]\nid = \"a\"\nrun = \"true\"\n");
    let command = |words: &[&str]| {
        repo.command(words).env("WT_ORCH_WORKTREE_PATH", "../out/n-mine/{run}/{task}").run()
    };
    command(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    assert!(repo.root().join("out/n-mine/n/a").is_dir());
    command(&["clean"]).exit(0);
    let left = std::fs::read_dir(repo.root().join("out/n-mine")).unwrap().count();
    assert_eq!(left, 0, "the user's own folder stays, though it is empty");
}

#[test]
fn a_folder_that_was_made_for_worktrees_goes_when_the_last_of_any_run_is_gone() {
    let repo = small_repo();
    let command = |words: &[&str]| {
        repo.command(words).env("WT_ORCH_WORKTREE_PATH", "../wt/deep/{task}").run()
    };
    for name in ["first", "second"] {
        tasks(&repo, &format!("name = \"{name}\"\n[[task]]\nid = \"{name}\"\nrun = \"true\"\n"));
        command(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    }
    command(&["clean", "first"]).exit(0);
    assert!(repo.root().join("wt/deep/second").is_dir());
    command(&["clean", "second"]).exit(0);
    assert_eq!(beside(&repo), [""; 0]);
}

#[test]
fn entries_without_a_folder_go_when_they_are_ours_and_are_named_otherwise() {
    let repo = small_repo();
    split(&repo, LANDS, &["--integrate"]).exit(0);
    fs::remove_dir_all(repo.root().join("repo-a")).unwrap();
    for (name, reason) in [("ours", "wt-orch: of a dead run"), ("theirs", "mine"), ("gone", "")] {
        let path = format!("../{name}");
        repo.git(&["worktree", "add", "--quiet", "--detach", &path]);
        if !reason.is_empty() {
            repo.git(&["worktree", "lock", "--reason", reason, &path]);
        }
        fs::remove_dir_all(repo.root().join(name)).unwrap();
    }
    let cleaned = repo.wt_orch(&["clean", "--all"]);
    cleaned.exit(0).stdout_has("ours`").stdout_has("gone`: its folder is gone");
    cleaned.stdout_has("worktree prune` drops it");
    let listed = repo.git(&["worktree", "list", "--porcelain"]);
    assert!(!listed.contains("/ours") && !listed.contains("/repo-a"), "{listed}");
    assert!(listed.contains("/theirs") && listed.contains("/gone"), "{listed}");
}

#[test]
fn the_lock_and_socket_of_a_dead_process_go() {
    let repo = small_repo();
    split(&repo, LANDS, &["--integrate"]).exit(0);
    let dead = "{\"pid\":1,\"start_time\":1,\"boot_id\":\"another boot\"}";
    let lock = repo.path(".git/wt-orch/old.lock");
    fs::write(&lock, dead).unwrap();
    let socket = repo.path(".git/wt-orch/old.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let document = repo.wt_orch(&["clean", "--all", "--json"]).exit(0).stdout_json();
    let kinds: Vec<&str> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["run"].is_null())
        .filter_map(|item| item["kind"].as_str())
        .collect();
    assert_eq!(kinds.len(), 2, "{document:#}");
    assert!(!lock.exists() && !socket.exists());
}

#[test]
fn git_worktree_prune_at_the_same_time_makes_nothing_fail() {
    let repo = small_repo();
    for _ in 0..3 {
        split(&repo, IDLE, &[]).exit(0);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (path, done) = (repo.path(""), &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let mut git = std::process::Command::new("git");
                    git.arg("-C").arg(&path).args(["worktree", "prune", "--expire=now"]);
                    assert!(git.status().unwrap().success());
                }
            });
            let cleaned = repo.wt_orch(&["clean"]);
            done.store(true, Ordering::Relaxed);
            cleaned.exit(0);
        });
        assert_eq!(beside(&repo), [""; 0]);
        assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
    }
}

#[test]
fn one_journal_that_cannot_be_read_does_not_keep_the_other_runs() {
    let repo = small_repo();
    split(&repo, "name = \"bad\"\n[[task]]\nid = \"x\"\nrun = \"true\"\ncheck = \"true\"\n", &[])
        .exit(0);
    split(&repo, LANDS, &["--integrate"]).exit(0);
    let store = rusqlite::Connection::open(repo.path(".git/wt-orch/state.db")).unwrap();
    store.execute("UPDATE events SET body = '{}' WHERE run = 1", []).unwrap();
    drop(store);
    let document = repo.wt_orch(&["clean", "--all", "--json"]).exit(0).stdout_json();
    assert_eq!(document["skipped"][0]["run"], "bad");
    assert_eq!(document["items"].as_array().unwrap().len(), 5, "{document:#}");
    assert_eq!(beside(&repo), ["repo-x"]);
}
