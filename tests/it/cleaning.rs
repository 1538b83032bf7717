//! Taking away what a run left, without losing work.

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{beside, content, refs, small_repo, split, task, tasks, tip};

const LEFT: &str = r#"
    [[task]]
    id = "landed"
    run = "echo x > landed"
    check = "true"
    [[task]]
    id = "idle"
    run = "true"
    check = "true"
    [[task]]
    id = "dirty"
    run = "echo x > dirty; git commit -qm unused --allow-empty"
    check = "true"
    [[task]]
    id = "failed"
    run = "echo x > half; exit 1"
    check = "true"
    [[task]]
    id = "skipped"
    depends_on = ["failed"]
    run = "true"
    check = "true"
    [[task]]
    id = "unlanded"
    run = "echo unlanded > a.txt"
    check = "true"
    [[task]]
    id = "first"
    run = "echo first > a.txt"
    priority = "high"
    check = "true"
"#;

/// A run with something of every kind: landed, empty, dirty, failed, skipped, left out.
fn left() -> Repo {
    let repo = small_repo();
    split(&repo, LEFT, &["--integrate"]).exit(3);
    std::fs::write(repo.root().join("repo-dirty/note"), "mine\n").unwrap();
    repo
}

/// Everything that is wt-orch's: refs, folders, branches, admin folders, files of the state.
fn traces(repo: &Repo) -> Vec<String> {
    let mut found = refs(repo, "refs/wt-orch");
    found.retain(|name| !name.starts_with("refs/wt-orch/undo/"));
    found.extend(refs(repo, "refs/heads").into_iter().filter(|name| name != "refs/heads/main"));
    found.extend(beside(repo));
    for folder in ["worktrees", "wt-orch/logs"] {
        let Ok(entries) = std::fs::read_dir(repo.path(".git").join(folder)) else { continue };
        found.extend(entries.map(|entry| entry.unwrap().path().display().to_string()));
    }
    let own = std::fs::read_dir(repo.path(".git/wt-orch")).unwrap();
    found.extend(
        own.map(|entry| entry.unwrap().file_name().display().to_string())
            .filter(|name| !["logs", ".provision.lock", ".create.lock"].contains(&name.as_str()))
            .filter(|name| !name.starts_with("state.db")),
    );
    found
}

#[test]
fn what_is_landed_or_empty_goes_and_the_rest_is_named() {
    let repo = left();
    let before = Fingerprint::of(&repo);
    let dry = repo.wt_orch(&["clean", "--dry-run"]);
    before.assert_identical(&Fingerprint::of(&repo));
    assert_snapshot!(dry.snapshot(), @"
    $ wt-orch clean --dry-run
    exit: 0
    --- stdout
    would free [SIZE]
    kept worktree `[TMP]/repo-dirty`: `note` is not committed
    kept worktree `[TMP]/repo-failed`: `half` is not committed
    would remove worktree `[TMP]/repo-first`
    would remove worktree `[TMP]/repo-idle`
    would remove worktree `[TMP]/repo-landed`
    would remove worktree `[TMP]/repo-unlanded`
    would remove branch `feature/landed`
    would remove branch `feature/idle`
    kept branch `feature/dirty`: it is checked out in `[TMP]/repo-dirty`
    kept branch `feature/failed`: it is checked out in `[TMP]/repo-failed`
    kept branch `feature/unlanded`: 1 commit is not landed; it changes `a.txt`
    would remove branch `feature/first`
    kept saved work `refs/wt-orch/tasks/failed/attempt-1`: it holds what an attempt left
    would remove logs `[TMP]/repo/.git/wt-orch/logs/tasks`
    ");
    assert_snapshot!(repo.wt_orch(&["clean"]).snapshot(), @"
    $ wt-orch clean
    exit: 0
    --- stdout
    kept worktree `[TMP]/repo-dirty`: `note` is not committed
    kept worktree `[TMP]/repo-failed`: `half` is not committed
    removed worktree `[TMP]/repo-first`
    removed worktree `[TMP]/repo-idle`
    removed worktree `[TMP]/repo-landed`
    removed worktree `[TMP]/repo-unlanded`
    removed branch `feature/landed`
    removed branch `feature/idle`
    kept branch `feature/dirty`: it is checked out in `[TMP]/repo-dirty`
    kept branch `feature/failed`: it is checked out in `[TMP]/repo-failed`
    kept branch `feature/unlanded`: 1 commit is not landed; it changes `a.txt`
    removed branch `feature/first`
    kept saved work `refs/wt-orch/tasks/failed/attempt-1`: it holds what an attempt left
    removed logs `[TMP]/repo/.git/wt-orch/logs/tasks`
    freed [SIZE]
    --- stderr
    hint: `--force` removes what was kept as well; that work is then gone
    ");
    assert_eq!(beside(&repo), ["repo-dirty", "repo-failed"]);
    // Kept branches still hold their work.
    assert_eq!(content(&repo, "feature/unlanded", "a.txt").unwrap(), "unlanded\n");
    // The second time there is nothing more to take.
    let again = repo.wt_orch(&["clean", "--json"]).exit(0).stdout_json();
    assert!(again["items"].as_array().unwrap().iter().all(|item| item["removed"] == false));
}

#[test]
fn with_force_nothing_of_the_run_remains() {
    let repo = left();
    let main = tip(&repo, "main");
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(traces(&repo), [""; 0]);
    assert_eq!(tip(&repo, "main"), main);
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
    // The names are free again.
    split(&repo, LEFT, &[]).exit(1);
}

#[test]
fn a_clean_run_is_cleaned_without_a_trace() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"a\"\nrun = \"echo x > x\"\nretries = 1\ncheck = \"true\"\n\
                [[validate]]\nname = \"v\"\nrun = \"true\"\n";
    split(&repo, text, &["--integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(traces(&repo), [""; 0]);
    // What happened is still known, and can still be taken back.
    repo.wt_orch(&["report"]).exit(0).stdout_has("landed 1 task");
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(repo.read("x"), None);
}

#[test]
fn a_branch_that_the_user_took_further_is_kept() {
    let repo = small_repo();
    split(
        &repo,
        "[[task]]\nid = \"a\"\nrun = \"echo x > x\"\ncheck = \"true\"\n",
        &["--integrate"],
    )
    .exit(0);
    std::fs::write(repo.root().join("repo-a/y"), "y\n").unwrap();
    repo.git(&["-C", "../repo-a", "add", "y"]);
    repo.git(&["-C", "../repo-a", "commit", "--quiet", "--message", "more"]);
    repo.wt_orch(&["clean"]).exit(0).stdout_has("kept branch `feature/a`");
    assert_eq!(content(&repo, "feature/a", "y").unwrap(), "y\n");
}

#[test]
fn a_folder_that_the_user_put_there_is_not_touched() {
    let repo = small_repo();
    split(&repo, "[[task]]\nid = \"a\"\nrun = \"echo x > x\"\ncheck = \"true\"\n", &[]).exit(0);
    repo.git(&["worktree", "remove", "../repo-a"]);
    std::fs::create_dir(repo.root().join("repo-a")).unwrap();
    std::fs::write(repo.root().join("repo-a/mine"), "mine\n").unwrap();
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert!(repo.root().join("repo-a/mine").exists());
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/main"]);
}

#[test]
fn all_runs_that_are_over_are_cleaned_at_once() {
    let repo = small_repo();
    for id in ["a", "b"] {
        let text = format!("[[task]]\nid = \"{id}\"\nrun = \"echo x > {id}\"\ncheck = \"true\"\n");
        split(&repo, &text, &["--integrate"]).exit(0);
    }
    assert_eq!(beside(&repo), ["repo-a", "repo-b"]);
    repo.wt_orch(&["clean", "--all"]).exit(0);
    assert_eq!(traces(&repo), [""; 0]);
}

#[test]
fn in_one_lane_clean_keeps_and_removes_by_the_same_rules() {
    let repo = small_repo();
    crate::scene::split_in_one_lane(&repo, LEFT, &["--integrate", "--json"]).exit(1);
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(task(&run, "landed")["outcome"], "succeeded");
    let kept = repo.wt_orch(&["clean", "--json"]).exit(0).stdout_json();
    let names: Vec<&str> = kept["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| !item["kept"].is_null())
        .filter_map(|item| item["name"].as_str())
        .collect();
    assert_eq!(names, ["refs/wt-orch/tasks/failed/attempt-1"]);
    assert_eq!(beside(&repo), [""; 0]);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(traces(&repo), [""; 0]);
}

/// What stays of the places that the run `tasks` and the run `tasks-2` have in common.
#[track_caller]
fn assert_claimed(repo: &Repo, words: &[&str]) {
    let cleaned = repo.wt_orch(words);
    cleaned.exit(0).stdout_has("repo-a`: it is of the run `tasks-2` now");
    cleaned.stdout_has("kept branch `feature/a`: it is of the run `tasks-2` now");
    assert!(repo.root().join("repo-a").is_dir());
    assert_eq!(refs(repo, "refs/heads"), ["refs/heads/feature/a", "refs/heads/main"]);
}

#[test]
fn what_a_later_run_has_of_the_same_name_is_not_the_earlier_ones_to_clean() {
    let repo = small_repo();
    let idle = "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n";
    split(&repo, idle, &[]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    let go = "touch ../started; while ! test -e ../go; do sleep 0.02; done; echo x > x";
    tasks(&repo, &format!("[[task]]\nid = \"a\"\nrun = \"{go}\"\ncheck = \"true\"\n"));
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("started");
    assert_claimed(&repo, &["clean", "tasks", "--dry-run"]);
    assert_claimed(&repo, &["clean", "tasks"]);
    assert_claimed(&repo, &["clean", "tasks", "--force"]);
    assert_claimed(&repo, &["clean", "--all", "--force"]);
    std::fs::write(repo.root().join("go"), "").unwrap();
    running.wait().exit(0);
    // Nobody drives it any more; it is the later one's all the same.
    assert_claimed(&repo, &["clean", "tasks", "--force"]);
    assert!(content(&repo, "feature/a", "x").is_some());
    repo.wt_orch(&["clean", "tasks-2", "--force"]).exit(0);
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/main"]);
}

#[test]
fn what_landed_on_the_branch_that_was_named_in_place_of_the_target_has_landed() {
    let repo = small_repo();
    split(&repo, "[[task]]\nid = \"one\"\nrun = \"echo one > one\"\ncheck = \"true\"\n", &[])
        .exit(0);
    repo.git(&["branch", "other"]);
    repo.wt_orch(&["integrate", "--onto", "other"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0).stdout_has("removed branch `feature/one`");
    assert_eq!(content(&repo, "other", "one").as_deref(), Some("one\n"));
}
