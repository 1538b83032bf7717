//! States a repository can be in: what works in each, and what a user is told where it does not.

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{beside, content, refs, small_repo, split, task, tasks, tip};

const ONE: &str = "[[task]]\nid = \"a\"\nrun = \"echo 2 >> b.txt\"\ncheck = \"true\"\n";

#[test]
fn outside_a_repository_nothing_is_done_and_the_way_in_is_told() {
    let repo = Repo::without_git();
    tasks(&repo, ONE);
    let before = Fingerprint::of(&repo);
    for command in ["plan", "split"] {
        repo.wt_orch(&[command, "tasks.toml"]).exit(4).stdout_is_empty();
    }
    assert_snapshot!(repo.wt_orch(&["split", "tasks.toml"]).snapshot(), @r"
    $ wt-orch split tasks.toml
    exit: 4
    --- stderr
    error: `[TMP]/repo` is not in a git repository

    hint: run wt-orch inside a git repository, or name one with `-C DIR`
    ");
    repo.wt_orch(&["status"]).exit(4).stderr_has("-C DIR");
    // A tasks file can be checked anywhere.
    repo.wt_orch(&["check", "tasks.toml"]).exit(0).stdout_has("tasks.toml: 1 task, no problems");
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn a_repository_without_a_commit_has_no_base() {
    let repo = Repo::new();
    tasks(&repo, ONE);
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["split", "tasks.toml"]).snapshot(), @r"
    $ wt-orch split tasks.toml
    exit: 4
    --- stderr
    error: the branch `main` has no commit yet, so there is no base

    hint: make a first commit: `git commit --allow-empty -m 'First commit'`
    ");
    repo.wt_orch(&["plan", "tasks.toml"]).exit(4);
    repo.wt_orch(&["doctor"]).exit(0).stdout_has("without a commit yet");
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn a_detached_head_is_a_base_but_no_target() {
    let repo = small_repo();
    repo.git(&["checkout", "--quiet", "--detach"]);
    let before = Fingerprint::of(&repo);
    let run = split(&repo, ONE, &["--json"]).exit(0).stdout_json();
    assert_eq!(run["target"], serde_json::Value::Null);
    assert_snapshot!(repo.wt_orch(&["integrate"]).snapshot(), @r"
    $ wt-orch integrate
    exit: 4
    --- stderr
    error: run `tasks` was started on no branch

    hint: name one: `wt-orch integrate tasks --onto BRANCH`
    ");
    assert_snapshot!(repo.wt_orch(&["integrate", "--onto", "nowhere"]).snapshot(), @r"
    $ wt-orch integrate --onto nowhere
    exit: 4
    --- stderr
    error: there is no branch `nowhere`

    hint: name one that exists: `wt-orch integrate tasks --onto BRANCH`
    ");
    assert_eq!(content(&repo, "main", "b.txt").unwrap(), "b\n");
    repo.file("tasks.toml", "");
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    before.assert_kept(&Fingerprint::of(&repo));
    // The branch is named later.
    let landed = repo.wt_orch(&["integrate", "--onto", "main", "--json"]).exit(0).stdout_json();
    assert_eq!(landed["target"], "main");
    assert_eq!(content(&repo, "main", "b.txt").unwrap(), "b\n2\n");
    // HEAD was detached and stays where it was.
    assert_eq!(content(&repo, "HEAD", "b.txt").unwrap(), "b\n");
    assert_eq!(repo.read("b.txt").unwrap(), "b\n");
}

#[test]
fn with_a_detached_head_the_branch_that_base_names_is_the_target() {
    let repo = small_repo();
    repo.git(&["checkout", "--quiet", "--detach"]);
    let run = split(&repo, &format!("base = \"main\"\n{ONE}"), &["--json"]).exit(0).stdout_json();
    assert_eq!(run["target"], "main");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "b.txt").unwrap(), "b\n2\n");
}

#[test]
fn the_branch_that_is_checked_out_is_the_target_whatever_the_base() {
    let repo = small_repo();
    let first = tip(&repo, "HEAD");
    repo.branch("work").file("c.txt", "c\n").commit("second");
    std::fs::write(repo.root().join("tasks.toml"), format!("base = \"{first}\"\n{ONE}")).unwrap();
    let output = repo.wt_orch(&["split", "../tasks.toml", "--json"]);
    let run = output.exit(0).stdout_json();
    assert_eq!((&run["target"], &run["base"]), (&"work".into(), &first.as_str().into()));
    assert_eq!(content(&repo, "feature/a", "c.txt"), None);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("b.txt").unwrap(), "b\n2\n");
    assert_eq!(repo.read("c.txt").unwrap(), "c\n");
    assert_eq!(tip(&repo, "main"), first);
}

#[test]
fn a_bare_repository_goes_the_whole_way() {
    let repo = small_repo();
    let first = tip(&repo, "main");
    repo.git(&["clone", "--quiet", "--bare", ".", "../store.git"]);
    std::fs::write(repo.root().join("tasks.toml"), ONE).unwrap();
    let bare = |args: &[&str]| repo.command(args).folder("store.git").run();
    let git = |args: &[&str]| repo.program("git", args).folder("store.git").run();

    bare(&["plan", "../tasks.toml"]).exit(0).stdout_has("SEQUENTIAL");
    let run = bare(&["split", "../tasks.toml", "--parallel=1", "--json"]).exit(0).stdout_json();
    assert_eq!(run["target"], "main");
    let worktree = task(&run, "a")["worktree"].as_str().unwrap();
    assert_eq!(worktree, repo.root().join("store-a").to_str().unwrap());
    bare(&["status"]).exit(0);
    bare(&["integrate"]).exit(0);
    assert_eq!(git(&["show", "main:b.txt"]).exit(0).stdout(), "b\n2\n");
    bare(&["undo"]).exit(0);
    assert_eq!(git(&["rev-parse", "main"]).exit(0).stdout().trim(), first);
    // Its work has not landed, so it stays until it is said that it may go.
    bare(&["clean"]).exit(0).stdout_has("kept branch `feature/a`");
    bare(&["clean", "--force"]).exit(0);
    assert_eq!(beside(&repo), ["store.git", "tasks.toml"]);
    git(&["worktree", "list"]).exit(0).stdout_has("(bare)");
    assert_eq!(git(&["branch", "--list"]).exit(0).stdout(), "* main\n");
}

#[test]
fn in_a_bare_repository_the_branch_that_base_names_is_the_target() {
    let repo = small_repo();
    repo.git(&["branch", "next"]);
    repo.git(&["clone", "--quiet", "--bare", ".", "../store.git"]);
    std::fs::write(repo.root().join("tasks.toml"), format!("base = \"next\"\n{ONE}")).unwrap();
    let bare = |args: &[&str]| repo.command(args).folder("store.git").run();
    let run = bare(&["split", "../tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(run["target"], "next");
}

#[test]
fn a_dirty_checkout_is_allowed_and_left_out() {
    let repo = small_repo();
    repo.file("a.txt", "changed\n").file("new.txt", "new\n").file("b.txt", "staged\n");
    repo.git(&["add", "b.txt"]);
    let text = "[[task]]\nid = \"look\"\nrun = \"cat a.txt b.txt; ls\"\nread_only = true\n\
                check = \"true\"\n";
    tasks(&repo, text);
    let before = Fingerprint::of(&repo);
    let output = repo.wt_orch(&["split", "tasks.toml"]);
    output
        .exit(0)
        .stderr_has("note: your checkout has uncommitted changes in 2 files; tasks start from");
    let seen = repo.wt_orch(&["logs", "look"]);
    assert_eq!(seen.exit(0).stdout(), "one\ntwo\nthree\nb\na.txt\nb.txt\ndocs\n");
    before.assert_kept(&Fingerprint::of(&repo));
}

#[test]
fn a_merge_in_progress_is_told_and_left_alone() {
    let repo = small_repo();
    repo.branch("side").file("a.txt", "side\n").commit("side");
    repo.git(&["switch", "--quiet", "main"]);
    repo.file("a.txt", "main\n").commit("main");
    repo.try_git(&["merge", "side"]).exit(1);
    tasks(&repo, ONE);
    let before = Fingerprint::of(&repo);
    let plan = repo.wt_orch(&["plan", "tasks.toml"]);
    plan.exit(0).stderr_has("warning: a merge is in progress in your checkout; tasks start from");
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    assert_eq!(content(&repo, "feature/a", "a.txt").unwrap(), "main\n");
    // The landing is what it must wait for.
    assert_snapshot!(repo.wt_orch(&["integrate"]).snapshot(), @"
    $ wt-orch integrate
    exit: 4
    --- stderr
    error: `main` is checked out in `[TMP]/repo` and cannot be moved: a merge is in progress

    hint: `git -C [TMP]/repo merge --continue`, then `wt-orch integrate tasks` again
    ");
    before.assert_kept(&Fingerprint::of(&repo));
    repo.git(&["merge", "--abort"]);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("b.txt").unwrap(), "b\n2\n");
}

#[test]
fn commands_work_from_a_folder_of_the_repository_and_with_c() {
    let repo = small_repo();
    tasks(&repo, ONE);
    repo.command(&["split", "../tasks.toml"]).folder("repo/docs").run().exit(0);
    repo.command(&["-C", "../repo", "status"]).folder("home").run().exit(0);
    let plan = repo.command(&["-C", "../repo", "plan", "tasks.toml"]).folder("home").run();
    plan.exit(0);
    // And from a worktree of a task: the same repository.
    repo.command(&["status"]).folder("repo-tasks").run().exit(0).stdout_has("tasks");
}

#[test]
fn without_an_identity_commits_are_by_wt_orch_and_that_is_said() {
    let repo = small_repo();
    std::fs::write(repo.root().join("home/.gitconfig"), "").unwrap();
    split(&repo, ONE, &[]).exit(0);
    let author = repo.git(&["log", "-1", "--format=%an <%ae>", "feature/a"]);
    assert_eq!(author, "wt-orch <wt-orch@localhost>");
    repo.wt_orch(&["doctor"]).exit(0).stdout_has("wt-orch <wt-orch@localhost>");
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/feature/a", "refs/heads/main"]);
}
