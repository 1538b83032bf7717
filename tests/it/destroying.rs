//! What `clean` says about work before it takes it away, and when it takes work for landed.

use insta::assert_snapshot;

use crate::harness::Repo;
use crate::scene::{beside, ordinary_repo, refs, small_repo, split, tasks};

const TWO: &str = r#"
    [[task]]
    id = "a"
    run = "echo x > x; git add x; git commit -qm 'make x'; printf 'one\nTWO\nthree\n' > a.txt"
    check = "true"
"#;

/// A run with two commits on one branch, none of them landed.
fn unlanded() -> Repo {
    let repo = small_repo();
    split(&repo, TWO, &[]).exit(0);
    repo
}

#[test]
fn a_branch_that_was_squashed_by_hand_is_taken_for_landed() {
    let repo = unlanded();
    repo.git(&["merge", "--quiet", "--squash", "feature/a"]);
    repo.git(&["commit", "--quiet", "--message", "squashed"]);
    // What came after elsewhere is no reason to keep it.
    repo.file("b.txt", "all\nnew\n").commit("later");
    repo.wt_orch(&["clean"]).exit(0).stdout_has("removed branch `feature/a`");
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/main"]);
}

#[test]
fn a_branch_that_landed_and_was_reverted_or_changed_since_is_kept() {
    let kept = "kept branch `feature/a`: it landed, and was changed or reverted since";
    let repo = unlanded();
    repo.git(&["merge", "--quiet", "--squash", "feature/a"]);
    repo.git(&["commit", "--quiet", "--message", "squashed"]);
    repo.git(&["revert", "--no-edit", "HEAD"]);
    let told = repo.wt_orch(&["clean"]);
    told.exit(0).stdout_has(kept);
    repo.git(&["revert", "--no-edit", "HEAD"]);
    repo.file("x", "other\n").commit("the same lines");
    repo.wt_orch(&["clean"]).exit(0).stdout_has(kept);
    let forced = repo.wt_orch(&["clean", "--force"]);
    forced.exit(0).stdout_has("make x of branch `feature/a`").stdout_has("removed branch");
}

#[test]
fn a_squash_of_the_programs_own_that_was_reverted_keeps_the_branch() {
    let repo = small_repo();
    repo.file("orchestrator.toml", "[integrate]\nstrategy = \"squash\"\n").commit("settings");
    split(&repo, TWO, &["--integrate"]).exit(0);
    let landed = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["revert", "--no-edit", "HEAD"]);
    repo.wt_orch(&["clean"]).exit(0).stdout_has("changed or reverted since");
    repo.git(&["reset", "--quiet", "--hard", landed.trim()]);
    repo.file("x", "other\n").commit("the same lines");
    repo.wt_orch(&["clean"]).exit(0).stdout_has("removed branch `feature/a`");
}

#[test]
fn a_branch_whose_commits_were_picked_is_taken_for_landed_once_all_are() {
    let repo = unlanded();
    repo.file("c.txt", "c\n").commit("moved on");
    repo.git(&["cherry-pick", "feature/a~1"]);
    repo.wt_orch(&["clean"])
        .exit(0)
        .stdout_has("kept branch `feature/a`: 1 commit is not landed; it changes `a.txt`");
    repo.git(&["cherry-pick", "feature/a"]);
    repo.file("b.txt", "all\nnew\n").commit("later");
    repo.wt_orch(&["clean"]).exit(0).stdout_has("removed branch `feature/a`");
}

#[test]
fn what_is_kept_is_counted_and_named() {
    let repo = unlanded();
    std::fs::write(repo.root().join("repo-a/note"), "mine\n").unwrap();
    std::fs::write(repo.root().join("repo-a/b.txt"), "mine\n").unwrap();
    let document = repo.wt_orch(&["clean", "--json"]).exit(0).stdout_json();
    let item = |kind: &str| {
        let items = document["items"].as_array().unwrap();
        items.iter().find(|item| item["kind"] == kind).unwrap().clone()
    };
    assert_eq!(item("worktree")["paths"], serde_json::json!(["b.txt", "note"]));
    assert_eq!(item("worktree")["kept"], "`b.txt` and `note` are not committed");
    let subjects: Vec<String> = item("branch")["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|commit| commit["subject"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(subjects.len(), 2);
    assert_eq!(subjects[0], "make x");
    std::fs::remove_file(repo.root().join("repo-a/note")).unwrap();
    repo.git(&["-C", "../repo-a", "checkout", "--quiet", "b.txt"]);
    repo.wt_orch(&["clean"])
        .exit(0)
        .stdout_has("removed worktree")
        .stdout_has("2 commits are not landed; they change `a.txt`, `x`");
}

#[test]
fn force_names_what_it_destroys_before_it_does() {
    let repo = unlanded();
    std::fs::write(repo.root().join("repo-a/note"), "mine\n").unwrap();
    assert_snapshot!(repo.wt_orch(&["clean", "--force", "--dry-run"]).snapshot(), @"
    $ wt-orch clean --force --dry-run
    exit: 0
    --- stdout
    would free [SIZE]
    would destroy file `note` of worktree `[TMP]/repo-a`
    would destroy commit [ID] make x of branch `feature/a`
    would destroy commit [ID] a of branch `feature/a`
    would remove worktree `[TMP]/repo-a`
    would remove branch `feature/a`
    would remove logs `[TMP]/repo/.git/wt-orch/logs/tasks`
    ");
    assert_eq!(beside(&repo), ["repo-a"]);
    assert_snapshot!(repo.wt_orch(&["clean", "--force"]).snapshot(), @"
    $ wt-orch clean --force
    exit: 0
    --- stdout
    destroys file `note` of worktree `[TMP]/repo-a`
    destroys commit [ID] make x of branch `feature/a`
    destroys commit [ID] a of branch `feature/a`
    removed worktree `[TMP]/repo-a`
    removed branch `feature/a`
    removed logs `[TMP]/repo/.git/wt-orch/logs/tasks`
    freed [SIZE]
    ");
    assert_eq!(beside(&repo), [""; 0]);
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/main"]);
}

#[test]
fn work_inside_a_submodule_is_kept_and_a_submodule_without_is_no_obstacle() {
    let repo = small_repo();
    repo.git(&["clone", "--quiet", ".", "../library"]);
    let allow = ["-c", "protocol.file.allow=always"];
    let add = [&allow[..], &["submodule", "--quiet", "add", "../library", "lib"]].concat();
    repo.git(&["remote", "add", "origin", &repo.path("").display().to_string()]);
    repo.git(&add);
    repo.commit("with a submodule");
    let update = "git -c protocol.file.allow=always submodule --quiet update --init";
    let tasks = format!(
        "[[task]]\nid = \"plain\"\nrun = \"{update}\"\ncheck = \"true\"\n\
         [[task]]\nid = \"dirty\"\nrun = \"{update}; echo x > lib/new\"\ncheck = \"true\"\n\
         [[task]]\nid = \"away\"\ncheck = \"true\"\n\
         run = \"{update}; git -C lib commit --quiet --allow-empty -m inner\"\n\
         [[task]]\nid = \"ahead\"\ncheck = \"true\"\n\
         run = \"{update}; cd lib; git commit --quiet --allow-empty -m inner; git checkout -q @~\"\n"
    );
    split(&repo, &tasks, &[]).exit(0);
    let hidden = ["-C", "../repo-ahead/lib", "update-ref", "refs/heads/inner", "HEAD@{1}"];
    repo.git(&hidden);
    // Its files go, its commits stay.
    repo.git(&["-C", "../repo-away", "reset", "--quiet", "--hard", "main"]);
    repo.git(&["-C", "../repo-away", "submodule", "--quiet", "deinit", "--force", "lib"]);
    assert_eq!(repo.git(&["-C", "../repo-away", "status", "--porcelain"]), "");
    repo.wt_orch(&["clean"])
        .exit(0)
        .stdout_has("repo-ahead`: its submodule `lib` has 1 commit that no remote holds")
        .stdout_has("repo-away`: its submodule `lib` has 1 commit that no remote holds")
        .stdout_has("repo-dirty`: `lib/new` is not committed")
        .stdout_has("removed worktree");
    assert_eq!(beside(&repo), ["library", "repo-ahead", "repo-away", "repo-dirty"]);
    let told = repo.wt_orch(&["clean", "--force"]);
    told.exit(0).stdout_has("inner (in the submodule `lib`)").stdout_has("file `lib/new`");
    assert_eq!(beside(&repo), ["library"]);
}

#[test]
fn commits_that_take_one_another_back_and_a_start_that_nobody_else_holds_keep_their_branch() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"x\"\nrun = \"echo x > x\"\ncheck = \"true\"\n\
        [[task]]\nid = \"a\"\nrun = \"echo precious > p\"\ncheck = \"true\"\n\
        [[task]]\nid = \"b\"\ndepends_on = [\"a\"]\nrun = \"true\"\ncheck = \"true\"\n";
    split(&repo, text, &[]).exit(0);
    let shell = "cd ../repo-x && echo precious > e && git add e && git commit -q -m experiment && \
        git revert --no-edit HEAD && git revert --no-edit HEAD~2";
    repo.program("sh", &["-c", shell]).run().exit(0);
    repo.git(&["worktree", "remove", "--force", "../repo-a"]);
    repo.git(&["branch", "-q", "-D", "feature/a"]);
    repo.wt_orch(&["clean"]).exit(0).stdout_has("kept branch `feature/b`");
    let mut left: Vec<String> = repo
        .git(&["branch", "--list", "--format=%(refname:short)", "feature/*"])
        .lines()
        .map(str::to_owned)
        .collect();
    left.sort();
    assert_eq!(left, ["feature/b", "feature/x"]);
}

#[test]
fn work_in_a_waiting_worktree_and_another_repository_at_a_place_are_never_deleted() {
    let repo = ordinary_repo();
    let pool = |words: &[&str]| repo.command(words).env("WT_ORCH_WORKTREE_POOL", "2").run();
    tasks(
        &repo,
        "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n\
        [[task]]\nid = \"b\"\nrun = \"true\"\ncheck = \"true\"\n",
    );
    pool(&["split", "tasks.toml", "--parallel=2"]).exit(0);
    pool(&["clean"]).exit(0);
    let place = repo.git(&["worktree", "list", "--porcelain"]);
    let place = place.lines().filter_map(|line| line.strip_prefix("worktree ")).nth(1).unwrap();
    std::fs::write(format!("{place}/mine"), "work\n").unwrap();
    pool(&["split", "tasks.toml", "--parallel=2"]).exit(0);
    assert!(std::path::Path::new(place).join("mine").exists());
    pool(&["clean", "--pool"]).exit(0);
    assert!(std::path::Path::new(place).join("mine").exists());
    // Another repository where a task had worked.
    std::fs::remove_dir_all(repo.root().join("repo-a")).unwrap();
    repo.git(&["init", "-q", "../repo-a"]);
    repo.wt_orch(&["clean", "--force"]).exit(0).stdout_has("another repository");
    assert!(repo.root().join("repo-a/.git").is_dir());
}

#[test]
fn a_worktree_that_cannot_be_read_is_kept_and_goes_by_force() {
    let repo = small_repo();
    split(&repo, "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n", &[]).exit(0);
    std::fs::write(repo.path(".git/worktrees/repo-a/index"), "").unwrap();
    repo.wt_orch(&["clean"]).exit(0).stdout_has("kept worktree");
    repo.wt_orch(&["clean", "--all", "--force"]).exit(0);
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn a_repository_in_an_ignored_folder_keeps_the_worktree() {
    let repo = small_repo();
    repo.file(".gitignore", "sub/\n").commit("what is ignored");
    split(&repo, "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n", &[]).exit(0);
    repo.git(&["init", "-q", "../repo-a/sub/deep"]);
    repo.wt_orch(&["clean"]).exit(0).stdout_has("`sub/deep/` is not committed");
    assert!(repo.root().join("repo-a/sub/deep/.git").is_dir());
}
