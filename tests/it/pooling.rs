//! Worktrees that wait for later tasks.

use std::fs;

use crate::harness::Repo;
use crate::scene::{beside, ordinary_repo, refs, split};

/// A task that builds something, with a secret beside it; the product tells who made it.
const BUILDS: &str = "mkdir -p target && echo ID > target/made; echo secret > .env; echo ID > ID";

fn tasks(ids: &[&str]) -> String {
    let task = |id: &&str| {
        let run = BUILDS.replace("ID", id);
        format!(
            "[[task]]\nid = \"{id}\"\nrun = \"test -e target/made || {{ {run}; }}; cat target/made >> log-{id}\"\ncheck = \"true\"\n"
        )
    };
    ids.iter().map(task).collect()
}

/// The name of the folder in which its worktrees wait.
fn pool(repo: &Repo) -> String {
    let found = beside(repo).into_iter().find(|name| name.starts_with(".repo-pool-"));
    found.expect("a pool")
}

/// A repository whose settings keep two worktrees, after a run of three tasks that landed.
fn landed() -> Repo {
    let repo = ordinary_repo();
    repo.file(".gitignore", "target/\n.env\ntasks.toml\n");
    repo.file("orchestrator.toml", "[worktree]\npool = 2\n");
    for number in 0..20 {
        repo.file(&format!("many/{number}"), "1\n");
    }
    repo.commit("settings");
    split(&repo, &tasks(&["a", "b", "c"]), &["--integrate"]).exit(0);
    repo
}

#[test]
fn a_later_task_gets_a_warm_worktree_without_the_secrets_of_the_last_one() {
    let repo = landed();
    let cleaned = repo.wt_orch(&["clean"]);
    let kept = cleaned.exit(0).stdout().matches("kept for later tasks worktree").count();
    assert_eq!(kept, 2, "{}", cleaned.stdout());
    assert_eq!(beside(&repo), [pool(&repo)]);
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/main"]);
    assert!(!repo.root().join(pool(&repo)).join("1/.env").exists());
    for number in 0..20 {
        repo.file(&format!("many/{number}"), "2\n");
    }
    let base = repo.commit("twenty files");
    split(&repo, &tasks(&["d"]), &[]).exit(0);
    let at = |name: &str| repo.root().join("repo-d").join(name);
    let maker = fs::read_to_string(at("target/made")).unwrap();
    assert!(["a\n", "b\n"].contains(&maker.as_str()), "{maker}");
    assert!(!at(".env").exists());
    let product = at("target/made").metadata().unwrap().modified().unwrap();
    for number in 0..20 {
        let file = at(&format!("many/{number}"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "2\n");
        assert!(file.metadata().unwrap().modified().unwrap() > product);
    }
    assert_eq!(repo.git(&["-C", "../repo-d", "rev-parse", "HEAD~1"]), base);
    assert_eq!(repo.git(&["-C", "../repo-d", "status", "--porcelain"]), "");
    assert_eq!(beside(&repo), [pool(&repo), "repo-d".to_owned()]);
}

#[test]
fn what_waits_is_listed_with_its_bytes_and_goes_when_asked_for() {
    let repo = landed();
    repo.wt_orch(&["clean"]).exit(0);
    let dry = repo.wt_orch(&["clean", "--all", "--dry-run", "--json"]);
    let document = dry.exit(0).stdout_json();
    let waiting: Vec<&serde_json::Value> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["kind"] == "pooled worktree")
        .collect();
    assert_eq!(waiting.len(), 2);
    assert!(waiting.iter().all(|item| item["kept"].is_string() && item["bytes"] != 0));
    assert_eq!(document["bytes"], 0);
    repo.wt_orch(&["clean", "--all"]).exit(0);
    assert_eq!(beside(&repo), [pool(&repo)]);
    repo.wt_orch(&["clean", "--pool", "--dry-run"])
        .exit(0)
        .stdout_has("would remove pooled worktree");
    assert_eq!(beside(&repo), [pool(&repo)]);
    let emptied = repo.wt_orch(&["clean", "--pool"]);
    assert_eq!(emptied.exit(0).stdout().matches("removed pooled worktree").count(), 2);
    assert_eq!(beside(&repo), [""; 0]);
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn with_the_option_no_worktree_of_the_run_waits() {
    let repo = landed();
    repo.wt_orch(&["clean", "--all", "--pool"]).exit(0);
    assert_eq!(beside(&repo), [""; 0]);
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn a_waiting_worktree_that_somebody_changed_is_not_used_and_not_deleted() {
    let repo = landed();
    repo.wt_orch(&["clean"]).exit(0);
    for number in [1, 2] {
        let file = repo.root().join(pool(&repo)).join(format!("{number}/a.txt"));
        fs::write(file, "changed\n").unwrap();
    }
    split(&repo, &tasks(&["d"]), &[]).exit(0);
    assert_eq!(fs::read_to_string(repo.root().join("repo-d/target/made")).unwrap(), "d\n");
    assert_eq!(fs::read_to_string(repo.root().join("repo-d/a.txt")).unwrap(), "one\ntwo\nthree\n");
    assert_eq!(beside(&repo), [pool(&repo), "repo-d".to_owned()]);
    let file = repo.root().join(pool(&repo)).join("1/a.txt");
    assert_eq!(fs::read_to_string(file).unwrap(), "changed\n");
}
